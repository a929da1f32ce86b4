"""`helm upgrade --reuse-values` renders a new chart with the values of an old one, defaults included:
what was added since is missing. It must count with its default all the same."""

import copy
import shutil
import tempfile
import unittest
from pathlib import Path

import helm_python
import yaml

from support import CHART, MATRIX, NAMESPACE, RELEASE, texts, with_image

DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
# Maps that are taken as they are, so that a part can be taken out.
WHOLE = {
    ("resources",), ("podSecurityContext",), ("securityContext",), ("startupProbe",), ("livenessProbe",),
    ("readinessProbe",), ("dashboards", "labels"),
}


def paths(values, before=()):
    """Every key, and every key within."""
    for key, value in values.items():
        yield (*before, key)
        if isinstance(value, dict) and (*before, key) not in WHOLE:
            yield from paths(value, (*before, key))


def without(values, path):
    made = copy.deepcopy(values)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return made


class OldValues(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.chart = Path(folder.name) / CHART.name
        shutil.copytree(CHART, self.chart)

    def rendered(self, defaults, values):
        (self.chart / "values.yaml").write_text(yaml.safe_dump(defaults), encoding="utf-8")
        with helm_python.Chart.load(self.chart) as chart:
            made = chart.render(values, name=RELEASE, namespace=NAMESPACE)
        return {name.rsplit("/", 1)[1]: text for name, text in made.items()}

    def same(self, wanted, made):
        self.assertEqual([], [name for name in wanted if wanted[name] != made[name]])

    def test_with_all_defaults_missing_every_file_of_values_gives_the_same(self):
        for name, values in MATRIX.items():
            # With no default there, null takes nothing out.
            if name not in ("everything", "rules-to-taste"):
                with self.subTest(values=name):
                    self.same(texts(values), self.rendered({}, values))

    def test_whichever_default_is_missing_the_result_is_the_same(self):
        on = {"enabled": True}
        light = with_image(serviceMonitor=on, networkPolicy=on, podDisruptionBudget=on)
        heavy = with_image(prometheusRule=on, dashboards=on)
        for path in paths(DEFAULTS):
            values = heavy if path[0] in ("prometheusRule", "dashboards", "runbookUrl") else light
            values = with_image(shards=2) if path[0] == "storage" else values
            with self.subTest(missing=".".join(path)):
                self.same(texts(values), self.rendered(without(DEFAULTS, path), values))

    def test_a_null_of_old_takes_out_what_it_took_out_before(self):
        values = MATRIX["everything"]
        old = helm_python.Chart.load(CHART).merge_values(values)
        self.same(texts(values), self.rendered(old, {}))

    def test_a_value_that_stands_for_off_is_no_missing_one(self):
        values = {**MATRIX["tls"], "webFile": {"existingSecret": "web", "tls": False}, "minReadySeconds": 0}
        made = self.rendered({}, values)
        self.assertIn("scheme: HTTP\n", made["workload.yaml"])
        self.assertIn("minReadySeconds: 0\n", made["workload.yaml"])


class AsADependency(unittest.TestCase):
    def test_a_chart_round_it_may_switch_it_and_have_values_for_all(self):
        values = {**MATRIX["default"], "enabled": True, "global": {"imageRegistry": "x"}}
        self.assertEqual(texts(MATRIX["default"]), texts(values))


if __name__ == "__main__":
    unittest.main()
