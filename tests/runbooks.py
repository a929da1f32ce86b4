"""Checks that the AWS commands of the runbooks exist as they are written, and that they ask first.

Reads every `sh` block of docs/runbooks/*.md and every `aws …` between single backticks, and holds
services, operations, options, keys and values against the models that botocore has of AWS. The first
step below Diagnosis must be `servicecatalog-exporter explain`, wherever an alert has a target to ask
about. Prints what is wrong as `file:line: …`, and exits with 1 then. Nothing is run, and AWS is not
asked.
"""

import json
import re
import shlex
import sys
from pathlib import Path

import botocore.session
import jmespath
import yaml
from botocore import xform_name
from botocore.exceptions import DataNotFoundError, UnknownServiceError

RUNBOOKS = Path(__file__).parent.parent / "docs" / "runbooks"
RULES = RUNBOOKS.parent.parent / "deploy" / "prometheus" / "rules.yml"
# Options of the command line itself, with the number of values that each takes.
GLOBAL = {
    "--debug": 0,
    "--no-cli-pager": 0,
    "--no-paginate": 0,
    "--no-sign-request": 0,
    "--cli-input-json": 1,
    "--endpoint-url": 1,
    "--output": 1,
    "--profile": 1,
    "--query": 1,
    "--region": 1,
}
PAGING = {"--max-items": 1, "--page-size": 1, "--starting-token": 1}
VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
SESSION = botocore.session.get_session()

# What must be found, so that a check that finds nothing any more is not taken for good news.
MISTAKES = [
    ("aws servicecatlog scan-provisioned-products", "no service"),
    ("aws servicecatalog scan-products", "no operation"),
    ("aws servicecatalog describe-record", "needs --id"),
    ("aws servicecatalog describe-record --id rec-1 --verbose", "no option --verbose"),
    ("aws servicecatalog describe-record --id", "--id takes one value"),
    ("aws servicecatalog scan-provisioned-products --access-level-filter Key=Account,Val=self", "no key Val"),
    ("aws servicecatalog scan-provisioned-products --access-level-filter Key=account,Value=self", "account is none of"),
    ("aws servicecatalog terminate-provisioned-product --ignore-errors true", "--ignore-errors takes no value"),
    ("aws servicecatalog describe-provisioned-product --id pp-1 --page-size 20", "no option --page-size"),
    ("aws cloudformation list-stack-instances --stack-set-name s --max-results many", "many is no number"),
    ("aws cloudformation delete-stack-instances --stack-set-name s --regions r", "needs --retain-stacks"),
    ("aws cloudformation wait stack-is-there --stack-name s", "no waiter"),
    ("aws sts get-caller-identity --query 'Arn['", "query cannot be read"),
    ("aws servicecatalog describe-record --id $RECORD", "RECORD is not set"),
    ("aws servicecatalog describe-record --id 'rec-1", "cannot be read"),
    ("STACK=$(aws cloudformation list-stack)", "no operation"),
]

# Alerts whose runbook cannot begin with `explain`, and why.
NOT_EXPLAINED = {
    "ServiceCatalogExporterDown": "there is nobody to ask",
    "ServiceCatalogExporterAbsent": "there may be nobody to ask",
    "ServiceCatalogExporterRestarting": "whoever is asked has forgotten what was before",
    "ServiceCatalogExporterNotReady": "there is no target",
    "ServiceCatalogTargetsMissingFromShards": "what is missing is a target of nobody",
    "ServiceCatalogOrganizationDiscoveryFailing": "it is about the list of targets, and not about one",
    "ServiceCatalogConfigReloadFailed": "it is about the whole exporter, and the log has line and column",
    "ServiceCatalogEventsNotReceived": "it is about the queue, and no target is the worse for it",
    "ServiceCatalogStorageFailing": "it is about the disk, and no target is the worse for it",
}
EXPLAIN = re.compile(
    r"servicecatalog-exporter explain (\d{12}) ([a-z]{2}(?:-[a-z]+)+-\d)(?: (pp-\w+))?(?: +#.*)?"
)


class Wrong(Exception):
    """What is wrong with a command."""


def split_outside_brackets(text):
    """The parts between the commas that stand in no bracket."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[{") - (char in "]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def from_shorthand(text, shape, place):
    """Checks one value in the notation `Key=value,Key=value` of the command line."""
    parts = []
    for part in split_outside_brackets(text):
        if "=" in part or not parts:
            parts.append(part)
        else:
            # `Values=a,b`: a further value of the list before.
            parts[-1] += "," + part
    if text.startswith("{") and text.endswith("}"):
        return from_shorthand(text[1:-1], shape, place)
    given = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals:
            raise Wrong(f"{place}: {part} is no Key=value")
        given[key] = value
    return check_members(given, shape, place)


def check_members(given, shape, place):
    """Checks the keys of a structure or a map, and the value of each."""
    if shape.type_name == "map":
        for key, value in given.items():
            check_value(key, shape.key, place)
            check_value(value, shape.value, f"{place} {key}")
        return
    for key, value in given.items():
        if key not in shape.members:
            raise Wrong(f"{place}: no key {key}; there are {', '.join(shape.members)}")
        check_value(value, shape.members[key], f"{place} {key}")
    for key in shape.required_members:
        if key not in given:
            raise Wrong(f"{place} needs the key {key}")


def check_value(value, shape, place):
    """Checks a value, of JSON or still as text, against what AWS takes."""
    kind = shape.type_name
    text = value if isinstance(value, str) else None
    if text is not None and (VARIABLE.search(text) or text.startswith(("file://", "fileb://"))):
        return
    if kind in ("structure", "map"):
        if isinstance(value, dict):
            check_members(value, shape, place)
        else:
            from_shorthand(text, shape, place)
    elif kind == "list":
        items = value if isinstance(value, list) else split_outside_brackets(text.strip("[]"))
        for item in items:
            check_value(item, shape.member, place)
    elif kind in ("integer", "long", "float", "double"):
        try:
            float(value)
        except ValueError:
            raise Wrong(f"{place}: {value} is no number") from None
    elif kind == "boolean":
        if value not in (True, False, "true", "false"):
            raise Wrong(f"{place}: {value} is neither true nor false")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        raise Wrong(f"{place}: {value} is none of {', '.join(shape.enum)}")


def check_option(option, values, shape):
    """Checks what is given to one option."""
    if shape.type_name == "boolean":
        if values:
            raise Wrong(f"{option} takes no value")
        return
    as_json = values and values[0][:1] in ("{", "[")
    if shape.type_name != "list" or as_json:
        if len(values) != 1:
            raise Wrong(f"{option} takes one value, and has {len(values)}")
    elif not values:
        raise Wrong(f"{option} takes values")
    if as_json:
        try:
            check_value(json.loads(values[0]), shape, option)
            return
        except json.JSONDecodeError as error:
            raise Wrong(f"{option}: {values[0]} is no JSON ({error})") from None
    for value in values:
        check_value(value, shape.member if shape.type_name == "list" else shape, option)


def operation_of(service, name):
    """The model of an operation, by its name on the command line."""
    try:
        model = SESSION.get_service_model(service)
    except UnknownServiceError:
        raise Wrong(f"no service {service}") from None
    for operation in model.operation_names:
        if xform_name(operation, "-") == name:
            return model.operation_model(operation)
    raise Wrong(f"{service} has no operation {name}")


def waited_for(service, name):
    """The model of the operation that a waiter repeats."""
    try:
        waiters = SESSION.get_waiter_model(service)
    except (UnknownServiceError, DataNotFoundError):
        raise Wrong(f"{service} has no waiter") from None
    for waiter in waiters.waiter_names:
        if xform_name(waiter, "-") == name:
            operation = waiters.get_waiter(waiter).operation
            return SESSION.get_service_model(service).operation_model(operation)
    raise Wrong(f"{service} has no waiter {name}")


def pages(operation):
    """Whether the command line asks for all pages of this operation by itself."""
    try:
        SESSION.get_paginator_model(operation.service_model.service_name).get_paginator(operation.name)
    except (UnknownServiceError, DataNotFoundError, ValueError):
        return False
    return True


def check_aws(words):
    """Checks one command, without the `aws` that it begins with."""
    if len(words) < 2:
        raise Wrong("a service and an operation are missing")
    if words[1] == "wait":
        operation, rest = waited_for(words[0], words[2] if len(words) > 2 else ""), words[3:]
    else:
        operation, rest = operation_of(words[0], words[1]), words[2:]
    shape = operation.input_shape
    members = shape.members if shape else {}
    options = {f"--{xform_name(name, '-')}": name for name in members}
    others = {**GLOBAL, **PAGING} if pages(operation) else GLOBAL
    given = {}
    for word in rest:
        if word.startswith("--"):
            option, equals, value = word.partition("=")
            given[option] = [value] if equals else []
        elif given:
            given[option].append(word)
        else:
            raise Wrong(f"{word} belongs to no option")
    names = set()
    for option, values in given.items():
        name = options.get(option)
        negated = options.get(option.replace("--no-", "--", 1))
        if name is None and negated and members[negated].type_name == "boolean":
            name = negated
        if name is not None:
            names.add(name)
            check_option(option, values, members[name])
        elif option not in others:
            raise Wrong(f"{words[0]} {words[1]} has no option {option}")
        elif len(values) != others[option]:
            raise Wrong(f"{option} takes {others[option] or 'no'} value")
    if "--query" in given:
        try:
            jmespath.compile(given["--query"][0])
        except jmespath.exceptions.JMESPathError as error:
            raise Wrong(f"the query cannot be read: {error}") from None
    # The command line makes tokens of idempotency by itself.
    required = set(shape.required_members if shape else []) - set(operation.idempotent_members)
    if "--cli-input-json" not in given:
        for name in sorted(required - names):
            raise Wrong(f"{words[0]} {words[1]} needs --{xform_name(name, '-')}")


def commands(line):
    """The commands of a line, each as its words; those in `$(…)` first."""
    while inner := re.search(r"\$\(([^()]*)\)", line):
        yield from commands(inner[1])
        line = line.replace(inner[0], "$SUBSTITUTED")
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if set(word) <= set("|&;()<>"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def check_line(line, known):
    """What is wrong with a line of shell; adds the variables that it sets to those known."""
    found = []
    try:
        for words in commands(line):
            while words and re.match(r"(export$|\w+=)", words[0]):
                words = words[1:]
            if words and words[0] == "aws":
                try:
                    check_aws(words[1:])
                except Wrong as wrong:
                    found.append(str(wrong))
    except ValueError as error:
        found.append(f"the line cannot be read: {error}")
    used = {name for name in VARIABLE.findall(line.partition(" #")[0]) if name != "SUBSTITUTED"}
    found += [f"the variable {name} is not set in this file" for name in sorted(used - known)]
    known.update(re.findall(r"(?:^|\s)(\w+)=", line))
    return found


def is_whole(line):
    """Whether a line of shell ends where it stands: no quote is open."""
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return False
    return True


def check_text(text):
    """What is wrong with a runbook, as pairs of the number of the line and the sentence."""
    found, known, block, begun, first = [], set(), None, "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            found += [(first, sentence) for sentence in check_line(begun, known)]
            begun = ""
            block = line.strip("` ") or "text" if block is None else None
        elif block == "sh":
            first = first if begun else number
            begun += line[:-1] + " " if line.endswith("\\") else line + "\n"
            if not line.endswith("\\") and is_whole(begun):
                found += [(first, sentence) for sentence in check_line(begun, known)]
                begun = ""
        elif block is not None and re.search(r"\baws [a-z]", line):
            found.append((number, "a command of AWS stands in no `sh` block, so nobody checks it"))
        elif block is None:
            for command in re.findall(r"`aws ([^`]+)`", line):
                words = command.split()
                try:
                    operation_of(*words[:2]) if len(words) > 1 else None
                except Wrong as wrong:
                    found.append((number, str(wrong)))
    return found


def explains_first(text, has_product):
    """What is wrong with the first step below Diagnosis; nothing if it asks the exporter."""
    step = text.partition("\n## Diagnosis\n\n")[2].partition("\n2. ")[0]
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", step, re.MULTILINE | re.DOTALL)
    if not step.startswith("1. ") or not blocks or blocks[0][0] != "sh":
        return "step 1 of Diagnosis shows no `servicecatalog-exporter explain`"
    command = blocks[0][1].strip()
    asked = EXPLAIN.fullmatch(command)
    if not asked:
        return f"step 1 of Diagnosis begins with `{command}`, and not with `servicecatalog-exporter explain`"
    if has_product and not asked[3]:
        return "step 1 of Diagnosis asks about no product, and the alert has one"
    return ""


def unexplained(pages, rules):
    """Pairs of an alert and a sentence, for runbooks whose first step is another than it should be."""
    found = []
    for name in sorted(NOT_EXPLAINED.keys() - rules.keys()):
        found.append((name, "NOT_EXPLAINED excepts it, and there is no such alert"))
    for name, said in rules.items():
        has_target = "$labels.aws_account_id" in said
        if name in NOT_EXPLAINED:
            if has_target:
                found.append((name, "NOT_EXPLAINED excepts it, and it names an account to ask about"))
        elif wrong := explains_first(pages.get(name, ""), "$labels.provisioned_product_id" in said):
            found.append((name, wrong))
    return found


def alerts():
    """What the annotations of each alert say, by its name."""
    said = {}
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                said[rule["alert"]] = said.get(rule["alert"], "") + " ".join(rule["annotations"].values())
    return said


# The first step of a runbook, and what must be found where it is another.
STEP = "# X\n\n## Diagnosis\n\n1. Ask.\n\n   ```sh\n   %s\n   ```\n\n2. Look.\n"
UNEXPLAINED = [
    (STEP % "servicecatalog-exporter explain 123456789012 eu-central-1 pp-1", "X", "", ""),
    (STEP % "servicecatalog-exporter explain 123456789012 us-gov-west-1", "X", "", ""),
    (STEP % "servicecatalog-exporter explain eu-central-1 123456789012", "X", "", "begins with"),
    (STEP % "servicecatalog-exporter check --live", "X", "", "begins with"),
    (STEP.replace("sh\n", "promql\n") % "up", "X", "", "shows no"),
    (STEP.replace("1. Ask", "Ask") % "servicecatalog-exporter explain 123456789012 eu-central-1", "X", "", "shows no"),
    ("# X\n\n## Diagnosis\n\n1. Ask.\n\n2. Look.\n\n   ```sh\n   servicecatalog-exporter explain\n   ```\n", "X", "", "shows no"),
    (STEP % "servicecatalog-exporter explain 123456789012 eu-central-1", "X", "$labels.provisioned_product_id", "no product"),
    ("", "X", "", "shows no"),
    ("", "ServiceCatalogExporterDown", "of $labels.job", ""),
    ("", "ServiceCatalogExporterDown", "in $labels.aws_account_id", "names an account"),
]


def main():
    for page, name, said, expected in UNEXPLAINED:
        rules = dict.fromkeys(NOT_EXPLAINED, "") | {name: said}
        sentences = [sentence for _, sentence in unexplained({name: page}, rules)]
        if bool(expected) != bool(sentences) or not all(expected in sentence for sentence in sentences):
            print(f"this check is broken: {page!r} should be: {expected}; is: {sentences}")
            return 1
    for command, expected in MISTAKES:
        sentences = [sentence for _, sentence in check_text(f"```sh\n{command}\n```\n")]
        if not any(expected in sentence for sentence in sentences):
            print(f"this check is broken: `{command}` should be: {expected}; is: {sentences}")
            return 1
    files = sorted(RUNBOOKS.glob("*.md"))
    found = [
        f"{file.relative_to(RUNBOOKS.parent.parent)}:{number}: {sentence}"
        for file in files
        for number, sentence in check_text(file.read_text(encoding="utf-8"))
    ]
    pages = {file.stem: file.read_text(encoding="utf-8") for file in files}
    found += [f"docs/runbooks/{name}.md: {sentence}" for name, sentence in unexplained(pages, alerts())]
    said = f"{len(files)} runbooks: every command of AWS is one, and all ask first that can"
    print("\n".join(found or [said]))
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
