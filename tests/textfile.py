"""Checks the examples for node_exporter's textfile collector: deploy/textfile, docs/textfile.md.

usage: tests/textfile.py BINARY [NAME…]

BINARY is a built servicecatalog-exporter. The commands of the examples are run with it, against
the simulated AWS of its own demo. Names choose tests, as those of unittest do.
"""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "deploy" / "textfile"
PAGE = (ROOT / "docs" / "textfile.md").read_text(encoding="utf-8")
NAME = "servicecatalog-exporter-scan"
FOLDER, FILE = "/var/lib/node_exporter", "/var/lib/node_exporter/servicecatalog.prom"


def unit(kind):
    """A unit, by section and key; of a key that is there twice the last one."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str
    parser.read(EXAMPLES / f"{NAME}.{kind}", encoding="utf-8")
    return parser


def cron():
    """The environment of the entry, and its schedule, user and command."""
    lines = (EXAMPLES / f"{NAME}.cron").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    environment = dict(line.split("=", 1) for line in lines[:-1])
    *schedule, user, command = lines[-1].split(" ", 6)
    return environment, " ".join(schedule), user, command


class Demo:
    """A running demo, and the environment in which others scan its AWS."""

    def __enter__(self):
        command = [BINARY, "demo", "--web.listen-address=127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if found := re.search(r"(http://\S+) +the simulated AWS", line):
                return {
                    "PATH": os.environ["PATH"],
                    "AWS_ENDPOINT_URL": found[1],
                    "AWS_REGION": "eu-central-1",
                    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                    "AWS_SECRET_ACCESS_KEY": "any",
                }
        raise AssertionError("the demo does not say where its AWS is")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


class Textfile(unittest.TestCase):
    def assert_writes(self, command, environment):
        """Runs a command of the examples with the binary, and another folder for the file."""
        with tempfile.TemporaryDirectory() as folder, Demo() as aws:
            environment = {**aws, **environment}
            config = Path(folder, "exporter.yml")
            config.write_text("aws: {max_requests_per_second: 100}\n", encoding="utf-8")
            if "SERVICECATALOG_EXPORTER_CONFIG_FILE" in environment:
                environment["SERVICECATALOG_EXPORTER_CONFIG_FILE"] = str(config)
            words = shlex.split(command.replace(FOLDER, folder))
            words[words.index("/usr/bin/servicecatalog-exporter")] = BINARY
            ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            text = Path(folder, Path(FILE).name).read_text(encoding="utf-8")
        self.assertRegex(text, r'\nservicecatalog_scan_success\{[^}]*stage="products"\} 1\n')
        self.assertRegex(text, r"\nservicecatalog_scan_interval_seconds(\{[^}]*\})? 900\n")
        return ran

    def test_the_service_writes_the_file(self):
        service = unit("service")["Service"]
        name, value = service["Environment"].split("=", 1)
        self.assert_writes(service["ExecStart"], {name: value})

    def test_the_entry_of_cron_writes_the_file_and_says_nothing(self):
        environment, _, _, command = cron()
        ran = self.assert_writes(command, environment)
        self.assertEqual(ran.stdout + ran.stderr, "")

    def test_the_entry_of_cron_does_nothing_while_another_scan_runs(self):
        _, _, _, command = cron()
        with tempfile.TemporaryDirectory() as folder, Demo() as aws:
            command = command.replace(FOLDER, folder).replace("/usr/bin/servicecatalog-exporter", BINARY)
            held = ["flock", "--nonblock", folder, *shlex.split(command)]
            ran = subprocess.run(held, env=aws, capture_output=True, text=True, check=False)
            self.assertEqual((ran.returncode, os.listdir(folder)), (1, []), ran.stderr)

    def test_all_say_the_same_interval_user_and_folder(self):
        service, timer = unit("service")["Service"], unit("timer")["Timer"]
        _, schedule, user, command = cron()
        interval = re.search(r"--scan.interval=(\d+)m", command)[1]
        self.assertIn(f"--scan.interval={interval}m ", service["ExecStart"])
        self.assertEqual(timer["OnCalendar"], f"*:0/{interval}")
        self.assertEqual(schedule, f"*/{interval} * * * *")
        self.assertEqual({service["User"], service["Group"]}, {user})
        self.assertEqual(service["ReadWritePaths"], FOLDER)
        for text in [command, service["ExecStart"]]:
            self.assertTrue(text.endswith(f"--output.file={FILE}"), text)
        for wanted in [f"useradd --system --no-create-home --shell /usr/sbin/nologin {user}", f"-g {user} {FOLDER}"]:
            self.assertIn(wanted, PAGE)

    def test_a_scan_is_not_ended_before_its_own_timeout(self):
        [minutes] = re.findall(r"^(\d+)min$", unit("service")["Service"]["TimeoutStartSec"])
        self.assertGreater(int(minutes), 15)

    def test_the_page_installs_the_files_that_are_there(self):
        named = set(re.findall(r"\bdeploy/textfile/[\w.-]+", PAGE))
        there = {str(file.relative_to(ROOT)) for file in EXAMPLES.iterdir()}
        self.assertEqual(named, there)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not on the PATH: units are not verified")
class Systemd(unittest.TestCase):
    def verify(self, service):
        """What systemd says about a text of the service, and the timer with it."""
        with tempfile.TemporaryDirectory() as folder:
            text = service.replace("/usr/bin/servicecatalog-exporter", BINARY)
            Path(folder, f"{NAME}.service").write_text(text, encoding="utf-8")
            shutil.copy(EXAMPLES / f"{NAME}.timer", folder)
            files = [Path(folder, f"{NAME}.{kind}") for kind in ["service", "timer"]]
            command = ["systemd-analyze", "verify", "--man=no", *files]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    def test_systemd_has_nothing_against_the_units(self):
        service = (EXAMPLES / f"{NAME}.service").read_text(encoding="utf-8")
        self.assertEqual(self.verify(service), (0, ""))
        _, said = self.verify(service.replace("RemoveIPC=", "RemovedIPC="))
        self.assertIn("RemovedIPC", said)

    def test_little_is_exposed(self):
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager"]
        ran = subprocess.run(
            [*command, EXAMPLES / f"{NAME}.service"], capture_output=True, text=True, check=False
        )
        self.assertEqual(ran.returncode, 0, ran.stdout[-300:] + ran.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
