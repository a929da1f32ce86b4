"""Makes what the chart holds of other files: its rules, dashboards, defaults, and tables of values.

usage: python deploy/helm/build.py [--check]

A chart can hold only what lies below it, so deploy/prometheus/rules.yml and grafana/*.json are
copied. With --check nothing is written: it ends with 1, and names what is not current.
Needs PyYAML; `make tools` prepares a Python that has it.
"""

import json
import re
import sys
from pathlib import Path

import yaml

CHART = Path(__file__).resolve().parent / "servicecatalog-exporter"
ROOT = CHART.parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
DASHBOARDS = ROOT / "grafana"
BEGIN, END = "<!-- values: begin -->\n", "<!-- values: end -->\n"
KEY = re.compile(r"( *)([A-Za-z]\w*):(?: (.*))?$")


def commented(text):
    """The keys of values.yaml as (path, what its comment says), in the order of the file.

    Only keys that have a comment; one without belongs to the value of the key round it.
    """
    found, parents, comment = [], [], []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.strip().lstrip("# "))
            continue
        key = KEY.match(line)
        if key:
            parents = parents[: len(key[1]) // 2] + [key[2]]
            if comment:
                found.append((".".join(parents), " ".join(comment)))
        comment = []
    return found


def at(values, path):
    for key in path.split("."):
        values = values[key]
    return values


def leaves(values, documented, path=""):
    """The paths of values that a table must name: a map is one, unless its keys have comments."""
    for key, value in values.items():
        here = f"{path}{key}"
        if any(other.startswith(f"{here}.") for other in documented):
            yield from leaves(value, documented, f"{here}.")
        else:
            yield here


def table(text):
    """The table of README.md."""
    values, says = yaml.safe_load(text), dict(commented(text))
    missing = [path for path in leaves(values, says) if path not in says]
    if missing:
        sys.exit(f"values.yaml: no comment above {', '.join(missing)}: say what it does")
    rows = ["| value | default | what it does |", "|---|---|---|"]
    for path in leaves(values, says):
        default = json.dumps(at(values, path), ensure_ascii=False)
        default = "" if default in ('""', "{}", "[]") else f"`{default}`"
        rows.append(f"| `{path}` | {default} | {says[path].replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def readme(text):
    old = (CHART / "README.md").read_text(encoding="utf-8")
    head, rest = old.split(BEGIN)
    return head + BEGIN + table(text) + END + rest.split(END)[1]


def alerts(rules):
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    return list(dict.fromkeys(names))


def schema(rules):
    """The schema as it is, with the names that prometheusRule.alerts may have."""
    made = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    knobs = made["properties"]["prometheusRule"]["properties"]["alerts"]
    knobs["propertyNames"] = {"enum": alerts(rules)}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def files():
    """What each file must hold, by its path below the chart."""
    values = (CHART / "values.yaml").read_text(encoding="utf-8")
    rules = RULES.read_text(encoding="utf-8")
    made = {
        "README.md": readme(values),
        "values.schema.json": schema(yaml.safe_load(rules)),
        "files/defaults.json": json.dumps(yaml.safe_load(values), indent=2) + "\n",
        "files/rules.yml": "# A copy of deploy/prometheus/rules.yml: edit that one.\n" + rules,
    }
    for path in sorted(DASHBOARDS.glob("*.json")):
        # On one line: Kubernetes and Helm keep objects several times, and have limits on their size.
        whole = json.loads(path.read_text(encoding="utf-8"))
        small = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
        made[f"files/dashboards/{path.name}"] = small + "\n"
    return made


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    made = files()
    there = {path.relative_to(CHART).as_posix() for path in (CHART / "files").rglob("*.*")}
    stale = sorted(there - set(made))
    for name, text in made.items():
        path = CHART / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if not arguments:
        for name in there - set(made):
            (CHART / name).unlink()
    elif stale:
        sys.exit(f"not current, run deploy/helm/build.py: {', '.join(stale)}")


if __name__ == "__main__":
    main(sys.argv[1:])
