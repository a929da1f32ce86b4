"""What docs/iam.md says leads to roles that are enough for the configurations that it shows."""

import re
import shlex
import sys
import unittest
from pathlib import Path

import hcl2
from cfnlint.decode.cfn_yaml import loads
from printed import HUB, grants, printed
from simulated import aws, deploy
from test_modules import MODULES, plain, variables

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from runbooks import check_text  # noqa: E402

PAGES = ["iam", "ecs", "events"]
GUIDE = (ROOT / "docs" / "iam.md").read_text(encoding="utf-8")


def sections():
    """The text below each heading of the guide."""
    parts = re.split(r"^## (.+)\n", GUIDE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text, language):
    """The fenced blocks of a language, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in body.split("\n")) for indent, body in found]


def deployments(text):
    """Each `aws cloudformation deploy`: the file of its template, and its parameters."""
    # Variables are set where they are used first, and hold in all that follows.
    known = dict(re.findall(r"^ *export (\w+)=(\S+)$", GUIDE, flags=re.MULTILINE))
    for block in blocks(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(re.sub(r"\$(\w+)", lambda name: known[name[1]], line))
            if words[:3] != ["aws", "cloudformation", "deploy"]:
                continue
            options = [words.index(word) for word in words if word.startswith("--")]
            given = {
                words[begin]: words[begin + 1 : end]
                for begin, end in zip(options, [*options[1:], len(words)], strict=True)
            }
            assert given.pop("--capabilities") == ["CAPABILITY_NAMED_IAM"], line
            assert len(given.pop("--stack-name")) == 1, line
            parameters = dict(word.split("=", 1) for word in given.pop("--parameter-overrides"))
            [file] = given.pop("--template-file")
            assert not given, f"{line}: what is {given}?"
            yield file, parameters


class Guide(unittest.TestCase):
    def test_every_command_of_aws_is_one(self):
        for page in PAGES:
            text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
            found = check_text(text)
            # A command of the command line itself, which no model of AWS knows; below.
            found = [each for each in found if "cloudformation has no operation deploy" not in each[1]]
            self.assertEqual(found, [], page)

    def test_every_template_is_given_parameters_that_it_has_and_all_that_it_needs(self):
        used = list(deployments(GUIDE))
        files = {Path(file).stem for file, _ in used}
        self.assertEqual(files, {"hub", "member", "discovery", "stackset"})
        for file, parameters in used:
            theirs = loads((ROOT / file).read_text(encoding="utf-8"))["Parameters"]
            needed = {name for name, block in theirs.items() if "Default" not in block}
            self.assertLessEqual(needed, set(parameters), file)
            for name, value in parameters.items():
                self.assertRegex(value, theirs[name].get("AllowedPattern", ".*"), file)
                self.assertIn(value, theirs[name].get("AllowedValues", [value]), file)

    def roles(self, section):
        """What the commands of a section make, by the name of the template."""
        made = {}
        for file, parameters in deployments(sections()[section]):
            name = Path(file).stem
            if name == "stackset":
                # The same role in every account of the units.
                file = file.replace("stackset", "member")
                parameters = {key: parameters[key] for key in ["ExporterRoleArn", "ExternalId"]}
            with aws():
                made[name] = deploy((ROOT / file).read_text(encoding="utf-8"), parameters)
        return made

    def assert_enough(self, roles, documents):
        parts = {"hub": "hub", "member": "member", "stackset": "member", "discovery": "management"}
        self.assertEqual({parts[name] for name in roles}, set(documents) - {"trust"})
        for name, role in roles.items():
            allowed = grants(*role.policies.values())
            self.assertLessEqual(grants(documents[parts[name]]), allowed, name)
            if name != "hub":
                self.assertEqual(grants(role.trust), grants(documents["trust"]), name)

    def test_one_account_is_enough_without_a_configuration(self):
        self.assert_enough(self.roles("One account"), printed(""))

    def test_some_accounts_and_an_organisation_are_enough_for_the_configuration_shown(self):
        for section in ["Some accounts", "An organisation"]:
            with self.subTest(section):
                [config] = blocks(sections()[section], "yaml")
                self.assert_enough(self.roles(section), printed(config))

    def test_the_role_of_the_exporter_is_the_one_that_the_others_trust(self):
        trusted = {parameters.get("ExporterRoleArn", HUB) for _, parameters in deployments(GUIDE)}
        self.assertEqual(trusted, {HUB})

    def test_every_module_is_given_variables_that_it_has_and_all_that_it_needs(self):
        examples = [blocks((ROOT / "docs" / page).read_text(encoding="utf-8"), "hcl") for page in ["iam.md", "events.md"]]
        modules = [each for [example] in examples for each in plain(hcl2.loads(example))["module"]]
        used = set()
        for named in modules:
            [(label, block)] = named.items()
            folder = block["source"].rpartition("//deploy/terraform/")[2]
            used.add(folder)
            ours = variables(folder)
            given = set(block) - {"source", "providers"}
            self.assertLessEqual(given, set(ours), label)
            needed = {name for name, variable in ours.items() if "default" not in variable}
            self.assertLessEqual(needed, given, label)
        self.assertEqual(used, {file.parent.name for file in MODULES.glob("*/main.tf")})

    def test_what_can_be_taken_out_is_what_such_a_configuration_does_not_need(self):
        base = "organization: {role_name: R, regions: %s, management_role_arn: '%s'%s}\nenrich: {%s}\n"
        reader = HUB.replace("Hub", "Discovery")
        most = base % ("auto", reader, ", exclude_ous: [ou-ab12-34cd56ef]", "names_and_tags: true") + "versions: {refresh: 24h}\n"
        least = base % ("[eu-central-1]", reader, "", "records: off")

        def actions(config):
            documents = printed(config)
            return {grant[0] for grant in grants(documents["member"], documents["management"])}

        rows = re.findall(r"^\| (`.+?) \|", sections()["Less"], flags=re.MULTILINE)
        told = {action for row in rows for action in re.findall(r"`(\w+:\w+)`", row)}
        self.assertEqual(told, actions(most) - actions(least))
