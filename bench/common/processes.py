"""Programs that run while something is measured, and what they use."""

import http.client
import os
import socket
import subprocess
import tempfile
import time
import urllib.parse

from served import free_port

__all__ = ["Program", "answers", "cpu_seconds", "fetch", "free_port", "listens", "peak_mb", "resident_mb"]


# A kernel that does not name children would let nginx's workers be forgotten.
NAMES_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def descendants(pid):
    """The process and all that it started."""
    assert NAMES_CHILDREN, "this kernel does not say which children a process has (CONFIG_PROC_CHILDREN)"
    found = [pid]
    for one in found:
        try:
            tasks = os.listdir(f"/proc/{one}/task")
        except FileNotFoundError:
            continue
        for task in tasks:
            try:
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as children:
                    found += [int(child) for child in children.read().split()]
            except FileNotFoundError:
                continue
    return found


def cpu_seconds(pid):
    """Time on the processor of the process and all that run below it, in seconds, ended threads
    included; ended processes below it are not."""
    total = 0.0
    for one in descendants(pid):
        try:
            # The clock that clock_getcpuclockid(3) gives: in nanoseconds, while /proc counts hundredths.
            total += time.clock_gettime((~one << 3) | 2)
        except OSError:
            assert one != pid, f"process {pid} is not there any more"
    return total


def _status_mb(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError(f"process {pid} has no {key}")


def resident_mb(pid):
    """What the process has in memory, in megabytes (10⁶ bytes), without those below it."""
    return _status_mb(pid, "VmRSS")


def peak_mb(pid):
    """The most that the process had in memory at once, since it began or `forget_peak`."""
    return _status_mb(pid, "VmHWM")


def forget_peak(pid):
    """Lets `peak_mb` begin anew."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as clear:
        clear.write("5")


class Program:
    """A program that runs until it is stopped. What it says is kept for whoever asks why it ended."""

    def __init__(self, command, *, environment=None, stdin=subprocess.DEVNULL, stdout=None, cwd=None):
        self.command = [str(word) for word in command]
        self._said = tempfile.TemporaryFile("w+", errors="replace")
        self._process = subprocess.Popen(
            self.command, stdin=stdin, stdout=stdout or self._said, stderr=self._said,
            env=environment, cwd=cwd, text=True,
        )

    @property
    def pid(self):
        return self._process.pid

    @property
    def stdin(self):
        return self._process.stdin

    @property
    def stdout(self):
        return self._process.stdout

    def said(self):
        self._said.seek(0)
        return self._said.read()

    def ended(self):
        """The exit code, or None while it runs."""
        return self._process.poll()

    def wait_until(self, is_there, what, seconds=60, pause=0.02):
        """What `is_there()` gives, as soon as that is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ended() is not None:
                raise AssertionError(f"{self.command[0]} ended with {self.ended()}: {self.said()[-2000:]}")
            if found := is_there():
                return found
            time.sleep(pause)
        raise AssertionError(f"{self.command[0]}: {what}, not after {seconds} s: {self.said()[-2000:]}")

    def cpu_seconds(self):
        return cpu_seconds(self.pid)

    def resident_mb(self):
        return resident_mb(self.pid)

    def peak_mb(self):
        return peak_mb(self.pid)

    def stop(self, seconds=10):
        """Ends it, kindly at first; its exit code."""
        if self._process.stdin:
            self._process.stdin.close()
        if self.ended() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._said.close()
        return self._process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def listens(port):
    """Whether somebody accepts connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def fetch(url, *, gzip=False, method="GET", seconds=120):
    """The status, the headers and the bytes of an answer, as they came: nothing is unpacked."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path or "/", headers={"Accept-Encoding": "gzip"} if gzip else {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def answers(url):
    """Whether a page answers with 200."""
    try:
        return fetch(url, seconds=5)[0] == 200
    except OSError:
        return False
