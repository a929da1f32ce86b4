"""What Python tests need of a program that serves on this machine: a free port, a page, its first good one."""

import socket
import time
import urllib.error
import urllib.request


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def get(url):
    """The Content-Type and the text of a page."""
    # No proxy of the environment stands between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return response.headers["Content-Type"] or "", response.read().decode()


def wait_for(process, url, is_there, seconds=60):
    """The page's Content-Type and text, as soon as `is_there(text)`; `process` serves it."""
    deadline = time.monotonic() + seconds
    seen = "nothing"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = process.stdout.read() if process.stdout else ""
            raise AssertionError(f"it ended by itself with exit code {process.returncode}\n{said}")
        try:
            content_type, text = get(url)
            if is_there(text):
                return content_type, text
            seen = text
        except (urllib.error.URLError, OSError) as error:
            seen = error
        time.sleep(0.05)  # a poll of another process, which has no event to wait for
    raise AssertionError(f"{url} had not what was waited for after {seconds} s; last seen: {seen}")
