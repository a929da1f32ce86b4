#!/usr/bin/env python3
"""Puts member.yml into stackset.yml, below TemplateBody: a template cannot name a file.

usage: deploy/cloudformation/build.py [--check]

With --check nothing is written: it ends with 1 if stackset.yml is not what would be written.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MEMBER, STACK_SET = FOLDER / "member.yml", FOLDER / "stackset.yml"
BODY = "      TemplateBody: |\n"


def rendered():
    head, body, _ = STACK_SET.read_text(encoding="utf-8").partition(BODY)
    assert body, f"{STACK_SET.name} has no TemplateBody"
    # Without the comment at its head, which is about files beside it.
    member = MEMBER.read_text(encoding="utf-8")
    member = member[member.index("AWSTemplateFormatVersion:") :]
    lines = (f"        {line}" if line.strip() else line for line in member.splitlines(keepends=True))
    return head + body + "".join(lines)


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    wanted = rendered()
    if not arguments:
        STACK_SET.write_text(wanted, encoding="utf-8")
    elif STACK_SET.read_text(encoding="utf-8") != wanted:
        sys.exit(f"{STACK_SET.name} does not hold {MEMBER.name} as it is: run deploy/cloudformation/build.py")


main(sys.argv[1:])
