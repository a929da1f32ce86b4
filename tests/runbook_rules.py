"""Checks that the runbooks say of each alert what its rule says.

Severities and `for` of deploy/prometheus/rules.yml must stand in the table of docs/runbooks/README.md,
and in words under the heading Meaning of the alert's page. Prints what differs, and exits with 1 then.
"""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
UNITS = {"m": "minute", "h": "hour", "d": "day"}
ROW = re.compile(r"^\| \[(\w+)\]\(\1\.md\) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def alerts(text):
    """The rules of each alert, by its name and in their order."""
    found = {}
    for group in yaml.safe_load(text)["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                found.setdefault(rule["alert"], []).append(rule)
    return found


def distinct(values):
    """The values as the table writes them: each once, in their order."""
    return ", ".join(dict.fromkeys(values))


def in_words(duration):
    """How a page may write a duration."""
    number, unit = int(duration[:-1]), UNITS[duration[-1]]
    if number > 1:
        return [f"{number} {unit}s"]
    return [f"1 {unit}", f"an {unit}" if unit == "hour" else f"a {unit}"]


def differences(rules, table, pages):
    """What the table and the pages do not say as the rules do."""
    rows = {name: (severity, after) for name, severity, after, _ in ROW.findall(table)}
    for name in sorted(rules.keys() ^ rows.keys()):
        where = "the table lacks it" if name in rules else "no rule has it"
        yield f"{name}: {where}"
    for name, of_it in rules.items():
        severities = distinct(rule["labels"]["severity"] for rule in of_it)
        after = distinct(rule["for"] for rule in of_it)
        if name in rows and rows[name] != (severities, after):
            yield f"{name}: the table says {rows[name]}, the rules say {(severities, after)}"
        page = pages.get(name)
        if page is None:
            yield f"{name}: there is no page of it"
            continue
        title, _, rest = page.partition("\n")
        if title != f"# {name}":
            yield f"{name}: the title of its page is {title}"
        meaning = rest.partition("## Meaning\n")[2].partition("\n## ")[0]
        meaning = " ".join(meaning.split())
        for severity in severities.split(", "):
            if not re.search(severity, meaning, re.IGNORECASE):
                yield f"{name}: Meaning does not say {severity}"
        for duration in after.split(", "):
            if not any(words in meaning for words in in_words(duration)):
                yield f"{name}: Meaning does not say {' or '.join(in_words(duration))}"


# A rule, a row and a page that agree, and what must be found when one of them does not.
RULE = {"X": [{"for": "15m", "labels": {"severity": "warning"}}]}
TABLE = "| [X](X.md) | warning | 15m | something |\n"
PAGE = "# X\n\n## Meaning\n\nFor 15\nminutes. Severity: warning.\n\n## Impact\n"
MISTAKES = [
    (RULE, "", PAGE, "the table lacks it"),
    ({}, TABLE, PAGE, "no rule has it"),
    (RULE, TABLE.replace("warning", "info"), PAGE, "the table says"),
    (RULE, TABLE.replace("15m", "5m"), PAGE, "the table says"),
    (RULE, TABLE, PAGE.replace("# X", "# Y", 1), "the title of its page"),
    (RULE, TABLE, PAGE.replace("warning", "info"), "Meaning does not say warning"),
    (RULE, TABLE, PAGE.replace("15\n", "10\n"), "Meaning does not say 15 minutes"),
    (RULE, TABLE, None, "there is no page"),
]


def main():
    if broken := list(differences(RULE, TABLE, {"X": PAGE})):
        print(f"this check is broken: it finds {broken} where all agree")
        return 1
    for rules, table, page, expected in MISTAKES:
        found = list(differences(rules, table, {"X": page}))
        if not any(expected in sentence for sentence in found):
            print(f"this check is broken: it finds {found} and not: {expected}")
            return 1
    rules = alerts(RULES.read_text(encoding="utf-8"))
    pages = {file.stem: file.read_text(encoding="utf-8") for file in RUNBOOKS.glob("*.md")}
    found = list(differences(rules, pages.pop("README", ""), pages))
    found += [f"{name}: no alert has that name" for name in sorted(pages.keys() - rules.keys())]
    print("\n".join(found or [f"{len(rules)} alerts: their runbooks say what their rules say"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
