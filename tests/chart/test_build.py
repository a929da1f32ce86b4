"""build.py: what the chart holds of other files is current, and what is not is named."""

import importlib.util
import shutil
import tempfile
import unittest
from pathlib import Path

from support import CHART, ROOT


def build():
    spec = importlib.util.spec_from_file_location("build", ROOT / "deploy" / "helm" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Build(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = build()
        self.build.CHART = Path(folder.name) / CHART.name
        shutil.copytree(CHART, self.build.CHART)

    def said(self):
        """What --check says, or nothing."""
        try:
            self.build.main(["--check"])
        except SystemExit as error:
            return str(error)
        return ""

    def change(self, name, before, after):
        path = self.build.CHART / name
        text = path.read_text(encoding="utf-8")
        self.assertIn(before, text)
        path.write_text(text.replace(before, after), encoding="utf-8")

    def test_the_chart_is_current(self):
        self.assertEqual("", self.said())

    def test_another_default_is_missed_where_it_is_told_and_where_it_is_kept(self):
        self.change("values.yaml", "minReadySeconds: 90", "minReadySeconds: 91")
        self.assertIn("README.md, files/defaults.json", self.said())
        self.build.main([])
        self.assertEqual("", self.said())
        self.assertIn("| `minReadySeconds` | `91` |", (self.build.CHART / "README.md").read_text(encoding="utf-8"))

    def test_a_copy_that_was_changed_here_is_named_and_made_anew(self):
        self.change("files/rules.yml", "severity: info", "severity: warning")
        self.change("values.schema.json", '"ServiceCatalogScanStale"', '"ServiceCatalogScanOld"')
        self.assertIn("values.schema.json, files/rules.yml", self.said())
        self.build.main([])
        self.assertEqual("", self.said())

    def test_a_dashboard_that_is_gone_goes_here_too(self):
        (self.build.CHART / "files" / "dashboards" / "old.json").write_text("{}", encoding="utf-8")
        self.assertIn("files/dashboards/old.json", self.said())
        self.build.main([])
        self.assertEqual("", self.said())

    def test_a_value_without_a_comment_is_refused(self):
        self.change("values.yaml", "# Which nodes.\n", "")
        self.assertIn("no comment above nodeSelector", self.said())


class Values(unittest.TestCase):
    def test_a_map_is_told_as_a_whole_unless_its_keys_have_comments(self):
        text = "# Two lines\n# of it.\na:\n  b: 1\nc:\n  # Of d.\n  d: {}\n  # Of e | f.\n  e: x\n"
        rows = build().table(text).splitlines()[2:]
        self.assertEqual(
            ['| `a` | `{"b": 1}` | Two lines of it. |', "| `c.d` |  | Of d. |", '| `c.e` | `"x"` | Of e \\| f. |'], rows
        )


if __name__ == "__main__":
    unittest.main()
