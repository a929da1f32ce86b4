"""What the tests of this folder share: mounts of their own, a free port, a page."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

MARK = "SERVICECATALOG_EXPORTER_TEST_OWN_MOUNTS"


def with_own_mounts():
    """Runs this program again where what it mounts is seen by nobody else, and ends with it."""
    if os.geteuid() != 0:
        sys.exit("this test mounts and changes its root: run it as root")
    if MARK not in os.environ:
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation=private", sys.executable, *sys.argv])


def run(*command, **options):
    """What the command printed, both streams; it must succeed."""
    done = subprocess.run(
        command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def get(url):
    # No proxy of the environment stands between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return response.read().decode()


def wait_for(process, url, pattern, seconds=60):
    """The page, as soon as it has what the pattern says; `process` serves it."""
    deadline = time.monotonic() + seconds
    seen = "nothing"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"it ended by itself with exit code {process.returncode}")
        try:
            seen = get(url)
            if re.search(pattern, seen, re.MULTILINE):
                return seen
        except (urllib.error.URLError, OSError) as error:
            seen = error
        time.sleep(0.05)  # a poll of another process, which has no event to wait for
    raise AssertionError(f"{url} had not {pattern} after {seconds} s; last seen: {seen}")
