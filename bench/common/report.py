"""bench/RESULTS.md: a head, and a section for each part that says of which commit it is."""

import json
import os
import platform
import re
import subprocess
import time

from common import ROOT

FILE = ROOT / "bench" / "RESULTS.md"
SECTION = re.compile(r"<!-- begin: (\w+) -->\n(.*?)<!-- end: \1 -->\n", re.S)
ORDER = ["scrape", "scan", "memory", "start", "growth", "fleet", "reaction", "counts"]
STAMP = re.compile(r"<!-- stamp: (\{.*\}) -->")


def _output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def machine():
    """The cores, the processor and the kernel."""
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        models = re.findall(r"^model name\s*:\s*(.*)$", cpuinfo.read(), re.M)
    model = models[0] if models else platform.machine()
    return f"{len(os.sched_getaffinity(0))} cores of {model}, Linux {platform.release()}"


def commit():
    """The commit that is checked out, and whether files differ from it; results do not count."""
    results = [f":!{FILE.relative_to(ROOT)}", ":!bench/*.svg"]
    changed = _output("git", "status", "--porcelain", "--untracked-files=no", "--", ".", *results)
    return _output("git", "rev-parse", "--short=12", "HEAD") + (" and changes" if changed else "")


def stamp(rounds):
    """What a section says of how it was measured."""
    return {
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
        "rounds": rounds,
        "machine": machine(),
        "rustc": _output("rustc", "--version"),
    }


def replace(name, title, text, how):
    """Writes one section anew, and the head; all others stay as they are."""
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    sections = {found[1]: found[2] for found in SECTION.finditer(old)}
    sections[name] = f"<!-- stamp: {json.dumps(how, ensure_ascii=False)} -->\n## {title}\n\n{text.strip()}\n"
    FILE.write_text(_whole(sections), encoding="utf-8")


def _whole(sections):
    order = [name for name in ORDER if name in sections] + [name for name in sections if name not in ORDER]
    bodies = [f"<!-- begin: {name} -->\n{sections[name]}<!-- end: {name} -->\n" for name in order]
    return "\n".join([_head({name: sections[name] for name in order}), *bodies])


def _head(sections):
    lines = [
        "<!-- Written by `make bench`, section by section; bench/README.md says how. -->",
        "# The exporter beside what else there is, and beside the limit",
        "",
        "Ratios hold, absolute figures do not: all in one row was measured in turn, in the same minutes, and a ratio",
        "is the median of those of each round. [README.md](README.md) says what is compared, and how.",
        "",
        "| part | commit | measured | rounds | on |",
        "|---|---|---|---:|---|",
    ]
    for name, text in sections.items():
        how = json.loads(STAMP.search(text)[1])
        on = f"{how['machine']}, {how['rustc']}"
        lines.append(f"| {name} | {how['commit']} | {how['date']} | {how['rounds']} | {on} |")
    return "\n".join(lines) + "\n"

