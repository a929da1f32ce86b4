"""Rules and dashboards: those of the project, and what the knobs make of them."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from support import IMAGE, MATRIX, NAME, ROOT, objects, of_kind, refusal, texts, with_image

RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text(encoding="utf-8"))
PLACEHOLDER = "https://runbooks.example.com/servicecatalog-exporter"


def spec(**knobs):
    return of_kind("PrometheusRule", with_image(prometheusRule={"enabled": True, **knobs}))["spec"]


def rules(made, name=None):
    every = [rule for group in made["groups"] for rule in group["rules"]]
    return [rule for rule in every if name is None or rule.get("alert") == name]


class Rules(unittest.TestCase):
    def test_they_are_there_when_asked_for(self):
        self.assertIsNone(of_kind("PrometheusRule", IMAGE))

    def test_with_no_knob_turned_they_are_those_of_the_project(self):
        self.assertEqual(RULES, spec())

    def test_one_alert_can_be_left_out_and_no_other_changes(self):
        name = "ServiceCatalogProductNeverSucceeded"
        made = spec(alerts={name: {"enabled": False}})
        wanted = [rule for rule in rules(RULES) if rule.get("alert") != name]
        self.assertEqual(wanted, rules(made))

    def test_each_alert_can_be_left_out(self):
        names = {rule["alert"] for rule in rules(RULES) if "alert" in rule}
        made = spec(alerts={name: {"enabled": False} for name in names})
        self.assertEqual([rule for rule in rules(RULES) if "record" in rule], rules(made))

    def test_one_severity_of_an_alert_can_be_left_out(self):
        name = "ServiceCatalogScanFailing"
        made = rules(spec(alerts={name: {"enabled": {"info": False}}}), name)
        self.assertEqual(["warning"], [rule["labels"]["severity"] for rule in made])

    def test_how_long_and_how_severe_are_yours_for_all_or_for_each_severity(self):
        name = "ServiceCatalogExporterDown"
        before = {rule["labels"]["severity"]: rule["for"] for rule in rules(RULES, name)}
        knobs = {"severity": {"critical": "page"}, "for": {"warning": "1h"}}
        made = rules(spec(alerts={name: knobs}), name)
        after = {rule["labels"]["severity"]: rule["for"] for rule in made}
        self.assertEqual({"page": before["critical"], "warning": "1h"}, after)
        made = rules(spec(alerts={name: {"severity": "info", "for": "0s"}}), name)
        self.assertEqual([("info", "0s")] * 2, [(rule["labels"]["severity"], rule["for"]) for rule in made])

    def test_an_alert_or_a_knob_that_does_not_exist_is_refused(self):
        for alerts, words in [
            ({"ServiceCatalogProductTained": {}}, "ServiceCatalogProductTained"),
            ({"ServiceCatalogProductTainted": {"treshold": 1}}, "treshold"),
            ({"ServiceCatalogProductTainted": {"for": "soon"}}, "/for"),
            ({"ServiceCatalogProductTainted": {"enabled": {"sometimes": True}}}, "/enabled"),
        ]:
            self.assertIn(words, refusal(with_image(prometheusRule={"alerts": alerts})))

    def test_every_alert_leads_to_your_runbooks(self):
        values = MATRIX["rules-to-taste"]
        for rule in rules(of_kind("PrometheusRule", values)["spec"]):
            if "alert" in rule:
                wanted = f"https://wiki.example.org/runbooks/{rule['alert']}.md"
                self.assertEqual(wanted, rule["annotations"]["runbook_url"])

    def test_every_alert_has_your_labels_and_no_record_has(self):
        for rule in rules(spec(alertLabels={"team": "cloud"})):
            self.assertEqual("cloud" if "alert" in rule else None, rule.get("labels", {}).get("team"))

    def test_groups_of_yours_come_last(self):
        groups = of_kind("PrometheusRule", MATRIX["rules-to-taste"])["spec"]["groups"]
        self.assertEqual("ours", groups[-1]["name"])
        self.assertEqual(len(RULES["groups"]) + 1, len(groups))

    def test_your_prometheus_finds_them_by_its_labels(self):
        labels = of_kind("PrometheusRule", MATRIX["rules-to-taste"])["metadata"]["labels"]
        self.assertEqual("kube-prometheus-stack", labels["release"])

    def test_promtool_takes_what_the_knobs_make(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rules.yml"
            file.write_text(yaml.safe_dump(of_kind("PrometheusRule", MATRIX["rules-to-taste"])["spec"]))
            ran = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True)
        self.assertEqual(0, ran.returncode, ran.stdout + ran.stderr)

    def test_the_notes_say_that_the_link_is_a_placeholder(self):
        words = "set runbookUrl"
        self.assertIn(words, texts(MATRIX["rules-and-dashboards"])["NOTES.txt"])
        self.assertNotIn(words, texts(MATRIX["rules-to-taste"])["NOTES.txt"])


class Dashboards(unittest.TestCase):
    def made(self, values):
        found = {}
        for each in objects(values):
            for file, text in each.get("data", {}).items() if each["kind"] == "ConfigMap" else []:
                if file.endswith(".json"):
                    found[file] = (each["metadata"], text)
        return found

    def test_they_are_there_when_asked_for(self):
        self.assertEqual({}, self.made(IMAGE))

    def test_each_is_the_file_of_the_project_in_an_object_of_its_own(self):
        made = self.made(MATRIX["rules-and-dashboards"])
        files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "grafana").glob("*.json")}
        self.assertEqual(files, {file: json.loads(text) for file, (_, text) in made.items()})
        self.assertEqual(len(files), len({metadata["name"] for metadata, _ in made.values()}))

    def test_they_fit_into_what_kubectl_apply_remembers(self):
        for file, (_, text) in self.made(MATRIX["rules-and-dashboards"]).items():
            self.assertLess(len(json.dumps(text)), 250_000, file)

    def test_the_sidecar_finds_them(self):
        for metadata, _ in self.made(MATRIX["rules-and-dashboards"]).values():
            self.assertEqual("1", metadata["labels"]["grafana_dashboard"])
            self.assertEqual("monitoring", metadata["namespace"])
            self.assertTrue(metadata["name"].startswith(f"{NAME}-"))
        for metadata, _ in self.made(MATRIX["rules-to-taste"]).values():
            self.assertEqual("servicecatalog", metadata["labels"]["dashboards"])
            self.assertNotIn("grafana_dashboard", metadata["labels"])
            self.assertEqual(("grafana", {"grafana_folder": "AWS"}), (metadata["namespace"], metadata["annotations"]))

    def test_their_links_lead_where_you_say(self):
        for file, (_, text) in self.made(MATRIX["rules-to-taste"]).items():
            defaults = {
                variable["name"]: variable.get("query") for variable in json.loads(text)["templating"]["list"]
            }
            self.assertEqual("https://tools.example.com/servicecatalog", defaults["status_page"], file)
            self.assertEqual("https://wiki.example.org/runbooks", defaults["runbooks"], file)
            self.assertNotIn(PLACEHOLDER, text)


if __name__ == "__main__":
    unittest.main()
