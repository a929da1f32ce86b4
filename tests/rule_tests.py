"""Runs the unit tests of the rules, deploy/prometheus/tests/*.yml, with promtool.

usage: python tests/rule_tests.py [--rules FILE] [ALERT…]

FILE holds the rules to test, by default deploy/prometheus/rules.yml.

`promtool test rules deploy/prometheus/tests/*.yml` says the same, many times later: it evaluates
every rule each simulated minute. Here each file gets the rules that it asks for, and the records
that they are made of. The names of the files are those of the alerts.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "prometheus"
RULES = "../rules.yml"
SECONDS = 900


def names_in(texts):
    """Every word of the texts that may be the name of a record or an alert."""
    return set(re.findall(r"[A-Za-z_:][A-Za-z0-9_:]*", "\n".join(texts)))


def asked_for(tests):
    """The names in what a file of tests asks for."""
    wanted = []
    for test in tests["tests"]:
        wanted += [case["alertname"] for case in test.get("alert_rule_test", [])]
        wanted += [case["expr"] for case in test.get("promql_expr_test", [])]
    return names_in(wanted)


def needed(rules, names):
    """The rules of those names, and all that they are made of."""
    every = [rule for group in rules["groups"] for rule in group["rules"]]
    name_of = lambda rule: rule.get("alert") or rule["record"]
    while True:
        texts = [rule["expr"] for rule in every if name_of(rule) in names]
        more = names | (names_in(texts) & {name_of(rule) for rule in every})
        if more == names:
            break
        names = more
    groups = []
    for group in rules["groups"]:
        kept = [rule for rule in group["rules"] if name_of(rule) in names]
        if kept:
            groups.append({**group, "rules": kept})
    return {"groups": groups}


def run(path, rules, folder):
    """What promtool says of one file, or nothing if all is well, and the seconds that took."""
    since = time.monotonic()
    text = path.read_text(encoding="utf-8")
    fewer = needed(rules, asked_for(yaml.safe_load(text)))
    if not fewer["groups"] or RULES not in text:
        return f"{path.name} asks for no rule of rules.yml", 0
    place = folder / path.stem
    place.mkdir()
    (place / "rules.yml").write_text(yaml.safe_dump(fewer, sort_keys=False), encoding="utf-8")
    # As text: what YAML calls a number in base 16 is a series to promtool.
    (place / path.name).write_text(text.replace(RULES, "rules.yml"), encoding="utf-8")
    command = ["promtool", "test", "rules", str(place / path.name)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    said = (ran.stdout + ran.stderr).replace(str(place), str(path.parent))
    return ("" if ran.returncode == 0 else said), time.monotonic() - since


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2].removeprefix("usage: "))
    parser.add_argument("--rules", type=Path, default=FOLDER / "rules.yml")
    parser.add_argument("alerts", nargs="*")
    asked = parser.parse_args(arguments)
    alerts = asked.alerts
    rules = yaml.safe_load(asked.rules.read_text(encoding="utf-8"))
    paths = sorted((FOLDER / "tests").glob("*.yml"))
    if alerts:
        paths = [path for path in paths if path.stem in alerts]
    if not paths:
        sys.exit("no such test: the names of the files in deploy/prometheus/tests are wanted")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        ran = pool.map(lambda path: (path, *run(path, rules, Path(folder))), paths)
        failed = 0
        for path, complaint, seconds in ran:
            failed += bool(complaint)
            print(f"{path.stem:<48} {seconds:4.0f} s  {'FAILED' if complaint else 'ok'}", flush=True)
            if complaint:
                print(complaint, file=sys.stderr)
    if failed:
        sys.exit(f"{failed} of {len(paths)} files of tests failed, see above")


main(sys.argv[1:])
