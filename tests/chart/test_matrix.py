"""For every file of values: Helm has nothing to say, and the API server would take every object."""

import copy
import tempfile
import unittest
from pathlib import Path

import helm_python
import yaml

import schemas
from support import CHART, MATRIX, NAMESPACE, RELEASE, objects, texts, with_image, workload

SELECTED = ["app.kubernetes.io/name", "app.kubernetes.io/instance"]


class Matrix(unittest.TestCase):
    def of_each(self, check):
        for name, values in MATRIX.items():
            with self.subTest(values=name):
                check(values)

    def test_helm_finds_nothing_to_mend(self):
        def check(values):
            report = helm_python.lint(CHART, values, strict=True)
            said = [each["error"] for each in report["messages"] if each["severity"] > 1]
            self.assertEqual([], report["errors"] + said)

        self.of_each(check)

    def test_every_object_is_what_its_schema_allows(self):
        def check(values):
            for thing in objects(values):
                self.assertEqual([], schemas.complaints(thing), thing["kind"])

        self.of_each(check)

    def test_the_oldest_kubernetes_takes_all_but_what_came_later(self):
        def check(values):
            # The chart leaves these out there, which Helm's SDK cannot be asked for.
            for thing in copy.deepcopy(objects({**values, "preStopSeconds": 0})):
                thing.get("spec", {}).pop("unhealthyPodEvictionPolicy", None)
                self.assertEqual([], schemas.complaints(thing, ["1.25"]), thing["kind"])

        self.of_each(check)

    def test_no_two_objects_have_the_same_name(self):
        def check(values):
            names = [(each["kind"], each["metadata"]["name"]) for each in objects(values)]
            self.assertEqual(len(set(names)), len(names), names)

        self.of_each(check)

    def test_every_selector_finds_the_pods_and_the_monitor_one_service(self):
        def check(values):
            labels = workload(values)["spec"]["template"]["metadata"]["labels"]
            everything = objects(values)
            chosen = {
                "Deployment": lambda each: each["spec"]["selector"]["matchLabels"],
                "StatefulSet": lambda each: each["spec"]["selector"]["matchLabels"],
                "Service": lambda each: each["spec"]["selector"],
                "NetworkPolicy": lambda each: each["spec"]["podSelector"]["matchLabels"],
                "PodDisruptionBudget": lambda each: each["spec"]["selector"]["matchLabels"],
            }
            for thing in everything:
                if thing["kind"] in chosen:
                    selector = chosen[thing["kind"]](thing)
                    self.assertEqual(sorted(SELECTED), sorted(selector), thing["kind"])
                    self.assertLessEqual(selector.items(), labels.items(), thing["kind"])
            services = [each for each in everything if each["kind"] == "Service"]
            self.assertEqual(1, len(services))
            for thing in everything:
                if thing["kind"] == "ServiceMonitor":
                    selector = thing["spec"]["selector"]["matchLabels"]
                    self.assertLessEqual(selector.items(), services[0]["metadata"]["labels"].items())

        self.of_each(check)

    def test_the_notes_name_the_workload(self):
        def check(values):
            made = workload(values)
            name = f"{made['kind'].lower()}/{made['metadata']['name']}"
            for words in (f"port-forward {name} 10419:", f"exec {name} -- servicecatalog-exporter check"):
                self.assertIn(words, texts(values)["NOTES.txt"])

        self.of_each(check)

    def test_every_value_is_set_by_some_file(self):
        defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
        seen = {key for values in MATRIX.values() for key in values}
        never = set(defaults) - seen - {"runbookUrl", "livenessProbe", "readinessProbe", "securityContext"}
        self.assertEqual(set(), never)


class Package(unittest.TestCase):
    def test_a_packed_chart_is_the_same_and_small_enough_to_be_kept_by_helm(self):
        with tempfile.TemporaryDirectory() as folder:
            archive = helm_python.package(CHART, destination=folder)
            # Helm keeps the chart and what it became in one Secret, of at most 1 MiB.
            self.assertLess(Path(archive).stat().st_size, 200_000)
            with helm_python.Chart.load(archive) as chart:
                made = chart.render(MATRIX["rules-and-dashboards"], name=RELEASE, namespace=NAMESPACE)
        wanted = texts(MATRIX["rules-and-dashboards"])
        self.assertEqual(wanted, {name.rsplit("/", 1)[1]: text for name, text in made.items()})


class Schemas(unittest.TestCase):
    """The judges themselves: a mistake is found."""

    def test_an_unknown_key_is_refused_in_a_pod_and_in_a_monitor(self):
        values = with_image(serviceMonitor={"enabled": True, "relabelings": [{"target": "x"}]})
        monitor = [each for each in objects(values) if each["kind"] == "ServiceMonitor"][0]
        self.assertIn("'target' was unexpected", "".join(schemas.complaints(monitor)))
        values = with_image(podSecurityContext={"runAsRoot": True})
        self.assertIn("'runAsRoot' was unexpected", "".join(schemas.complaints(workload(values))))

    def test_a_wrong_type_is_refused(self):
        values = with_image(prometheusRule={"enabled": True, "extraGroups": [{"name": "x", "interval": "soon"}]})
        rule = [each for each in objects(values) if each["kind"] == "PrometheusRule"][0]
        self.assertIn("'soon'", "".join(schemas.complaints(rule)))
        values = with_image(tolerations=[{"key": 1}])
        self.assertNotEqual([], schemas.complaints(workload(values)))


if __name__ == "__main__":
    unittest.main()
