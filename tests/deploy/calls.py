"""usage: tests/deploy/calls.py BINARY

Checks that the exporter makes no system call that the unit's SystemCallFilter refuses: it runs the demo
under strace through a start, a scan, a reload and an end, and the commands that the unit runs beside it.
What AWS would make it do besides (a credential process, single sign-on) is not seen.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from sandbox import free_port, run, wait_for

UNIT = (Path(__file__).parent.parent.parent / "deploy/systemd/servicecatalog-exporter.service").read_text()


def members(names):
    """The system calls of the groups, and of the groups in them."""
    calls = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        listed = run("systemd-analyze", "--no-pager", "syscall-filter", name).splitlines()[1:]
        calls |= members(line.strip() for line in listed if line.strip() and not line.strip().startswith("#"))
    return calls


def allowed():
    """What the lines of the unit leave, in their order."""
    calls = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", UNIT, re.MULTILINE):
        if line.startswith("~"):
            calls -= members(line[1:].split())
        else:
            calls |= members(line.split())
    # systemd adds @default to every list of what is allowed.
    return calls | members(["@default"])


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.allowed = allowed()

    def trace(self, *arguments, **environment):
        # Each thread and process in a file of its own: lines cannot be torn.
        return subprocess.Popen(
            ["strace", "--follow-forks", "--output-separately", f"--output={self.folder}/calls", BINARY, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": os.environ["PATH"], **environment},
        )

    def made(self):
        calls = set()
        for file in self.folder.glob("calls.*"):
            calls |= set(re.findall(r"^([a-z_0-9]+)\(", file.read_text(errors="replace"), re.MULTILINE))
            file.unlink()
        return calls

    def test_the_daemon_makes_only_calls_that_the_unit_allows(self):
        config = self.folder / "exporter.yml"
        config.write_text("scan: {interval: 1s}\n")
        address = f"127.0.0.1:{free_port()}"
        demo = self.trace("demo", f"--config.file={config}", f"--web.listen-address={address}")
        self.addCleanup(demo.communicate)
        self.addCleanup(demo.kill)
        wait_for(demo, f"http://{address}/metrics", r"^servicecatalog_scan_interval_seconds\{.*\} 1$")
        traced = next(path for path in self.folder.glob("calls.*") if "execve(" in path.read_text(errors="replace"))
        config.write_text("scan: {interval: 2s}\n")
        os.kill(int(traced.suffix[1:]), signal.SIGHUP)
        wait_for(demo, f"http://{address}/metrics", r"^servicecatalog_scan_interval_seconds\{.*\} 2$")
        os.kill(int(traced.suffix[1:]), signal.SIGTERM)
        self.assertEqual(demo.wait(timeout=20), 0)
        made = self.made()
        # Something of each: files, sockets, threads. A trace that saw nothing proves nothing.
        self.assertLessEqual({"openat", "accept4", "epoll_wait", "clone3"}, made)
        self.assertEqual(made - self.allowed, set())

    def test_so_do_the_commands_beside_it(self):
        for arguments in (["check"], ["healthcheck", "--timeout=1s"]):
            process = self.trace(*arguments, SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS=f"127.0.0.1:{free_port()}")
            process.communicate(timeout=30)
            made = self.made()
            self.assertIn("execve", made)
            self.assertEqual(made - self.allowed, set(), arguments)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    BINARY = os.path.abspath(sys.argv.pop())
    unittest.main()
