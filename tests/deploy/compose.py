"""usage: tests/deploy/compose.py BINARY

Starts the services of deploy/compose/compose.yml as programs of this machine, in a network of their
own: BINARY, and Debian's Prometheus and Alertmanager, with the arguments and the files that compose
gives them. Grafana is not run; what it is given is held against the rest. Needs root and PyYAML.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

from sandbox import run, wait_for

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "compose"
SERVICES = yaml.safe_load((FOLDER / "compose.yml").read_text())["services"]
MARK = "SERVICECATALOG_EXPORTER_TEST_OWN_NETWORK"


def with_own_network():
    """Runs this program again where its ports are its own, and ends with it."""
    if os.geteuid() != 0:
        sys.exit("this test makes a network of its own: run it as root")
    if MARK not in os.environ:
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    run("ip", "link", "set", "lo", "up")


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def mounted(self, service, path):
        """Where on this machine the container's path is."""
        for volume in SERVICES[service]["volumes"]:
            source, target = volume.split(":")[:2]
            if path == target or path.startswith(target + "/"):
                source = FOLDER / source if source.startswith(".") else self.data / source
                return str(source.resolve()) + path.removeprefix(target)
        raise AssertionError(f"nothing is mounted at {path} in {service}")

    def start(self, service, *program):
        if not shutil.which(program[0]):
            raise AssertionError(f"{program[0]} is missing: make tools")
        arguments = [
            re.sub(r"=(/[a-z].*)$", lambda found: "=" + self.mounted(service, found[1]), argument)
            for argument in SERVICES[service]["command"]
        ]
        process = subprocess.Popen(
            [*program, *arguments], cwd=self.data, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_prometheus_scrapes_the_exporter_has_the_rules_and_knows_alertmanager(self):
        self.start("exporter", BINARY)
        alertmanager = self.start("alertmanager", "prometheus-alertmanager")
        prometheus = self.start("prometheus", "prometheus", "--log.level=error")
        wait_for(alertmanager, "http://localhost:9093/-/ready", "OK")

        wait_for(prometheus, "http://localhost:9090/api/v1/rules?type=alert", '"name":"ServiceCatalogProductTainted"')
        # The first scrape is within one interval, a minute.
        query = "http://localhost:9090/api/v1/query?query=servicecatalog_exporter_build_info"
        answer = wait_for(prometheus, query, '"__name__":"servicecatalog_exporter_build_info"', seconds=120)
        self.assertEqual(json.loads(answer)["data"]["result"][0]["metric"]["job"], "servicecatalog")
        wait_for(prometheus, "http://localhost:9090/api/v1/alertmanagers", '"url":"http://localhost:9093/')

    def test_grafana_asks_that_prometheus_and_finds_the_dashboards_where_they_are_mounted(self):
        provisioning = Path(self.mounted("grafana", "/etc/grafana/provisioning"))
        source = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"][0]
        self.assertEqual(source["url"], "http://localhost:9090")
        provider = yaml.safe_load((provisioning / "dashboards/servicecatalog.yml").read_text())["providers"][0]
        dashboards = Path(self.mounted("grafana", provider["options"]["path"]))
        self.assertTrue(list(dashboards.glob("*.json")))
        home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue(Path(self.mounted("grafana", home)).is_file())

    def test_every_service_is_in_one_network_and_their_ports_are_published_there(self):
        published = {port.rsplit(":", 1)[1] for port in SERVICES["prometheus"]["ports"]}
        self.assertEqual(published, {"3000", "9090", "9093", "10419"})
        for name, service in SERVICES.items():
            if name != "prometheus":
                self.assertEqual(service["network_mode"], "service:prometheus")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with_own_network()
    BINARY = os.path.abspath(sys.argv.pop())
    unittest.main()
