"""How many instructions the inner work takes, counted under callgrind, beside what is stored.

A count is the same on a busy machine, which a time is not; `bench/check` fails by it.
"""

import json
import os
import platform
import re
import subprocess
import tempfile

from common import ROOT, install
from common.cargo import bench_binary
from common.figures import AT_MOST, Goal, judged
from common.figures import table as markdown

TITLE = "Instructions"
PACKAGES = ["valgrind"]
PYTHON = False

STORED = ROOT / "bench" / "counts" / "stored.json"
# A count may differ by so much from the one that is stored.
LIMIT = 0.05

# What is counted, and how often it is done in the shorter and in the longer of two runs. What one
# execution takes is their difference; so often that the preparation, in which hash tables begin at
# random, does not show.
WORK = {
    "decode": (20, 60),
    "advance": (10, 50),
    "encode": (1, 4),
    "scrape": (2_000, 6_000),
}
TEXTS = {
    "decode": "a call for a page of 20 products: signed, answered without a network, read",
    "advance": "a complete list of 10,000 products takes the place of the same one",
    "encode": "10,000 series become text and compressed text",
    "scrape": "a scrape of 10,000 series with gzip, until its last byte is taken",
}
GOALS = {name: Goal(f"instructions of {name}: of those that are stored", AT_MOST, 1 + LIMIT) for name in WORK}


def compiler():
    """What decides the counts beside the source."""
    version = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout
    return {"rustc": version.strip(), "machine": platform.machine()}


def count():
    """The instructions of one execution of each work."""
    program = bench_binary("counts")
    return {name: _one(program, name, *times) for name, times in WORK.items()}


def _one(program, name, few, many):
    return round((_run(program, name, many) - _run(program, name, few)) / (many - few))


def _run(program, name, times):
    with tempfile.TemporaryDirectory() as folder:
        command = [
            install.program("valgrind"), "--tool=callgrind", f"--callgrind-out-file={folder}/out",
            program, name, str(times),
        ]
        # The environment is copied by every process: nothing of it may count.
        run = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    found = re.search(r"Collected : (\d+)", run.stderr)
    assert run.returncode == 0 and found, f"{name} was not counted: {run.stdout} {run.stderr[-2000:]}"
    return int(found[1])


def stored():
    """What was stored on purpose; None before the first time."""
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else None


def store(counts):
    STORED.parent.mkdir(exist_ok=True)
    STORED.write_text(json.dumps({**compiler(), "instructions": counts}, indent=2) + "\n", encoding="utf-8")


def incomparable(known):
    """Why counts cannot be compared with those that are stored, if they cannot."""
    if known is None:
        return f"nothing is stored in {STORED.relative_to(ROOT)} yet"
    here = compiler()
    differs = [f"{known[key]}, and this is {here[key]}" for key in here if known[key] != here[key]]
    return f"what is stored was counted with {'; '.join(differs)}" if differs else None


def measure(setting):
    return {"counts": count(), "stored": stored(), "incomparable": incomparable(stored())}


def judge(found):
    """The value of each goal; none where there is nothing to compare with."""
    if found["incomparable"]:
        return {}
    known = found["stored"]["instructions"]
    return {name: found["counts"][name] / known[name] for name in WORK if name in known}


def table(found):
    parts = [judged(GOALS, judge(found))]
    if found["incomparable"]:
        parts.append(f"\nNot compared: {found['incomparable']}.\n")
    parts.append("\n")
    rows = [[name, TEXTS[name], f"{found['counts'][name]:,}"] for name in WORK]
    parts.append(markdown(["", "what is done once", "instructions"], rows))
    return "".join(parts)
