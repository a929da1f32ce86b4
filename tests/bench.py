"""Checks the comparison in bench/: how it judges, what it writes, when its check fails. It measures nothing.

usage: tests/bench.py [NAME…]

Names choose tests, as those of unittest do.
"""

import contextlib
import importlib
import io
import json
import re
import runpy
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from common import figures, install, report  # noqa: E402
from common.figures import AT_LEAST, AT_MOST, Goal  # noqa: E402
from parts import counts, reaction  # noqa: E402

COUNTS = {"decode": 1000, "advance": 1000, "encode": 1000, "scrape": 1000}


class Judging(unittest.TestCase):
    def test_a_ratio_is_the_median_of_those_of_the_rounds(self):
        # A slow round slows both, and counts as every other.
        self.assertEqual(figures.median_ratio([1, 20, 3], [2, 10, 3]), 1)

    def test_a_goal_that_is_missed_says_so_and_one_that_was_not_measured_too(self):
        goals = {"a": Goal("a", AT_MOST, 1.1), "b": Goal("b", AT_LEAST, 0.9), "c": Goal("c", AT_MOST, 1)}
        rows = figures.judged(goals, {"a": 1.11, "b": 0.9}).splitlines()[2:]
        self.assertEqual([row.split("|")[-2].strip() for row in rows], ["**missed**", "met", "not measured"])

    def test_who_is_first_changes_from_round_to_round(self):
        self.assertEqual({figures.in_turn("abc", nth)[0] for nth in range(3)}, set("abc"))


class Results(unittest.TestCase):
    def test_every_part_has_goals_a_title_and_a_section_in_the_results(self):
        written = report.SECTION.findall(report.FILE.read_text(encoding="utf-8"))
        self.assertEqual([name for name, _ in written], report.ORDER)
        for name in report.ORDER:
            part = importlib.import_module(f"parts.{name}")
            self.assertTrue(part.GOALS and part.TITLE, name)
            self.assertLessEqual(set(part.PACKAGES), set(install.PACKAGES), name)

    def test_every_goal_is_judged_in_the_results_as_it_is_in_the_code(self):
        written = dict(report.SECTION.findall(report.FILE.read_text(encoding="utf-8")))
        for name in report.ORDER:
            for goal in importlib.import_module(f"parts.{name}").GOALS.values():
                row = f"| {goal.what} | {goal.bound} {figures.digits(goal.limit)} |"
                self.assertIn(row, written[name], name)

    def test_a_section_is_written_anew_and_the_others_stay(self):
        how = {"commit": "c", "date": "d", "rounds": 1, "machine": "m", "rustc": "r"}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(report, "FILE", Path(folder, "R.md")):
            report.replace("scan", "Scan", "first", how)
            report.replace("scrape", "Scrape", "other", how)
            report.replace("scan", "Scan", "second", how)
            sections = dict(report.SECTION.findall(report.FILE.read_text(encoding="utf-8")))
        self.assertEqual(list(sections), ["scrape", "scan"])
        self.assertRegex(sections["scan"], r"second\n\Z")
        self.assertRegex(sections["scrape"], r"other\n\Z")


class Check(unittest.TestCase):
    def check(self, found, *words, known=None, compiler=None):
        """What bench/check says, its exit code, and what is stored then."""
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            stored = Path(folder, "stored.json")
            of = {"rustc": "1", "machine": "m"}
            if known is not None:
                stored.write_text(json.dumps({**(compiler or of), "instructions": known}), encoding="utf-8")
            for name, value in [
                ("STORED", stored), ("ROOT", Path(folder)), ("compiler", lambda: of), ("count", lambda: found),
            ]:
                stack.enter_context(mock.patch.object(counts, name, value))
            stack.enter_context(mock.patch.object(install, "packages", lambda names: None))
            said = io.StringIO()
            stack.enter_context(contextlib.redirect_stdout(said))
            stack.enter_context(contextlib.redirect_stderr(said))
            stack.enter_context(mock.patch.object(sys, "argv", ["check", *words]))
            code = 0
            try:
                runpy.run_path(str(ROOT / "bench" / "check"), run_name="__main__")
            except SystemExit as exit:
                code = exit.code or 0
            text = said.getvalue() + (code if isinstance(code, str) else "")
            after = json.loads(stored.read_text(encoding="utf-8"))["instructions"] if stored.exists() else None
        return text, code if isinstance(code, int) else 1, after

    def test_it_fails_where_a_count_grew_by_more_than_a_twentieth(self):
        text, code, after = self.check({**COUNTS, "encode": 1051}, known=COUNTS)
        self.assertEqual((code, after), (1, COUNTS))
        self.assertIn("encode grew by more than 5%", text)
        self.assertIn("--store", text)

    def test_what_grew_less_passes_and_what_fell_is_told(self):
        text, code, _ = self.check({**COUNTS, "encode": 1050, "scrape": 900}, known=COUNTS)
        self.assertEqual(code, 0)
        self.assertIn("scrape fell", text)

    def test_a_count_of_another_compiler_is_not_compared(self):
        text, code, _ = self.check(COUNTS, known=COUNTS, compiler={"rustc": "2", "machine": "m"})
        self.assertEqual(code, 2)
        self.assertIn("counted with 2, and this is 1", text)

    def test_a_work_that_is_not_stored_fails(self):
        _, code, _ = self.check(COUNTS, known={name: 1000 for name in COUNTS if name != "scrape"})
        self.assertEqual(code, 1)

    def test_counts_are_stored_on_purpose_only(self):
        found = {**COUNTS, "encode": 2000}
        self.assertEqual(self.check(found, "--store", known=COUNTS)[1:], (0, found))
        self.assertEqual(self.check(found, "--store")[1:], (0, found))

    def test_what_is_stored_has_a_count_of_each_work(self):
        self.assertEqual(set(counts.stored()["instructions"]), set(counts.WORK))


class Reaction(unittest.TestCase):
    @staticmethod
    def found():
        """Ten operations: events see all of them, a fixed interval misses the begin of half of them."""
        seen = [float(second) for second in range(10)]
        still = {"ScanProvisionedProducts": 20}
        ways = {
            "fixed": {"begin": [None, 100.0] * 5, "end": [150.0] * 10, "still": still, "moving": still},
            "adaptive": {"begin": [None, 90.0] * 5, "end": [30.0] * 10, "still": still, "moving": still},
            "events": {"begin": seen, "end": seen, "still": still, "moving": {**still, "DescribeRecord": 10}},
        }
        ways["events"]["still"] = {**still, "ReceiveMessage": 15}
        sizes = {"accounts": 10, "products": 3, "stack_sets": 1, "instances": 2, "latency_ms": 20.0}
        seconds = {"still_seconds": 300, "moving_seconds": 780, "busy_seconds": 60, "lasts_seconds": 180}
        return {"ways": ways, "changes": [{}] * 10, "load": 1.0, "cores": 2, **sizes, **seconds}

    def test_what_was_never_seen_is_later_than_all_that_was(self):
        found = self.found()
        self.assertEqual(reaction.waited(found["ways"]["fixed"], "begin")[4:6], [100.0, reaction.NEVER])
        begins = next(row for row in reaction.table(found).splitlines() if row.startswith("| an operation begins"))
        self.assertIn("| 5 of 10 | never | never | never |", begins)

    def test_calls_of_the_queue_are_not_those_of_service_catalog(self):
        judged = reaction.judge(self.found())
        self.assertEqual((judged["still_events"], judged["moving_events"]), (1, 1.5))

    def test_begins_and_ends_are_judged_together_for_events_and_ends_alone_for_two_speeds(self):
        judged = reaction.judge(self.found())
        self.assertEqual((judged["events"], judged["events_late"], judged["adaptive"]), (4.5, 8, 30))


class Peers(unittest.TestCase):
    def test_every_pinned_package_that_the_tests_use_too_has_the_same_version(self):
        pins = [
            dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / file).read_text(encoding="utf-8"), re.M))
            for file in ("bench/requirements.txt", "tools/requirements.txt")
        ]
        ours, theirs = pins
        self.assertTrue(ours.keys() & theirs.keys())
        for name in ours.keys() & theirs.keys():
            self.assertEqual(ours[name], theirs[name], name)


if __name__ == "__main__":
    unittest.main()
