"""What the tests of this folder share: mounts of their own, a free port, a page."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import served  # noqa: E402
from served import free_port  # noqa: E402, F401 (for those who import this)

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


def get(url):
    return served.get(url)[1]


def wait_for(process, url, pattern, seconds=60):
    """The page, as soon as it has what the pattern says; `process` serves it."""
    return served.wait_for(process, url, lambda text: re.search(pattern, text, re.MULTILINE), seconds)[1]
