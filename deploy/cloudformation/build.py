#!/usr/bin/env python3
"""Puts member.yml into stackset.yml, and events-member.yml into events-stackset.yml, below TemplateBody:
a template cannot name a file.

usage: deploy/cloudformation/build.py [--check]

With --check nothing is written: it ends with 1 if a stack set is not what would be written.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PAIRS = [
    (FOLDER / "member.yml", FOLDER / "stackset.yml"),
    (FOLDER / "events-member.yml", FOLDER / "events-stackset.yml"),
]
BODY = "      TemplateBody: |\n"


def rendered(member, stack_set):
    head, body, _ = stack_set.read_text(encoding="utf-8").partition(BODY)
    assert body, f"{stack_set.name} has no TemplateBody"
    # Without the comment at its head, which is about files beside it.
    text = member.read_text(encoding="utf-8")
    text = text[text.index("AWSTemplateFormatVersion:") :]
    lines = (f"        {line}" if line.strip() else line for line in text.splitlines(keepends=True))
    return head + body + "".join(lines)


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    for member, stack_set in PAIRS:
        wanted = rendered(member, stack_set)
        if not arguments:
            stack_set.write_text(wanted, encoding="utf-8")
        elif stack_set.read_text(encoding="utf-8") != wanted:
            sys.exit(f"{stack_set.name} does not hold {member.name} as it is: run deploy/cloudformation/build.py")


main(sys.argv[1:])
