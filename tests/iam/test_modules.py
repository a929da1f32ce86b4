"""The modules for Terraform and OpenTofu make the roles of the templates.

They are parsed, and their parameters and policies compared. Where `tofu` or `terraform` is on the
PATH, what they compute is compared too; the provider for AWS is not needed for that, and nothing
is asked of any network.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import hcl2
from cfnlint.decode.cfn_yaml import loads
from printed import HUB, grants, printed
from simulated import ACCOUNT, TEMPLATES, deployed, template
from test_templates import DISCOVERY, MEMBERS, discovered

MODULES = TEMPLATES.parent / "terraform"
NAMES = [
    "discovery", "events", "events-member", "events-organization", "events-stackset", "hub", "member", "stackset",
]
PROGRAM = shutil.which("tofu") or shutil.which("terraform")
# No registry, no credentials and no settings of whoever runs this.
ENVIRONMENT = {"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"


def plain(value):
    """A parsed value without the quotes and marks of the parser."""
    if isinstance(value, dict):
        marks = ("__is_block__", "__comments__")
        return {plain(key): plain(inner) for key, inner in value.items() if key not in marks}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value[1:-1] if isinstance(value, str) and value.startswith('"') else value


def parsed(name):
    """All blocks of a module, by their kind."""
    blocks = {}
    for file in sorted((MODULES / name).glob("*.tf")):
        for kind, found in plain(hcl2.loads(file.read_text(encoding="utf-8"))).items():
            blocks.setdefault(kind, []).extend(found)
    return blocks


def variables(name):
    return {key: block for found in parsed(name)["variable"] for key, block in found.items()}


def resources(name):
    return {
        (kind, key): block
        for found in parsed(name)["resource"]
        for kind, named in found.items()
        for key, block in named.items()
    }


def snake_case(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Parsed(unittest.TestCase):
    def test_there_is_a_module_for_each_template(self):
        templates = sorted(file.stem for file in TEMPLATES.glob("*.yml"))
        self.assertEqual(templates, NAMES)
        self.assertEqual(sorted(file.parent.name for file in MODULES.glob("*/main.tf")), NAMES)

    def test_the_variables_are_the_parameters_of_the_template_with_the_same_defaults(self):
        as_text = {True: "true", False: "false"}
        for name in NAMES:
            ours = {}
            for key, block in variables(name).items():
                self.assertTrue(block["description"] and block["type"], f"{name}: {key}")
                default = block.get("default")
                default = as_text[default] if isinstance(default, bool) else default
                ours[key] = "" if default == [] else default
            theirs = loads(template(name))["Parameters"]
            theirs = {snake_case(key): block.get("Default") for key, block in theirs.items()}
            self.assertEqual(ours, theirs, name)

    def test_an_external_id_is_shown_in_no_plan(self):
        for name in ["discovery", "member", "stackset"]:
            self.assertIs(variables(name)["external_id"]["sensitive"], True)

    def test_the_policies_are_what_is_printed(self):
        documents = printed(discovered())
        for part in ["member", "management"]:
            text = (MODULES / "policies" / f"{part}.json").read_text(encoding="utf-8")
            self.assertEqual(json.loads(text), documents[part], part)

    def test_the_roles_have_those_policies_and_no_others(self):
        for name in ["discovery", "member"]:
            self.assertEqual(
                resources(name),
                {
                    ("aws_iam_role", "this"): {
                        "name": "${var.role_name}",
                        "description": resources(name)["aws_iam_role", "this"]["description"],
                        "assume_role_policy": "${local.trust}",
                    },
                    ("aws_iam_role_policy", "this"): {
                        "name": "servicecatalog-exporter",
                        "role": "${aws_iam_role.this.name}",
                        "policy": "${local.allowed}",
                    },
                },
            )
        hub = resources("hub")
        kinds = ["aws_iam_instance_profile", "aws_iam_role", "aws_iam_role_policy"]
        self.assertEqual(sorted(kind for kind, _ in hub), kinds)
        self.assertEqual(hub["aws_iam_role", "this"]["assume_role_policy"], "${local.trust[var.runs_on]}")
        policy = hub["aws_iam_role_policy", "this"]
        self.assertEqual((policy["for_each"], policy["policy"]), ("${local.allowed}", "${each.value}"))

    def test_the_stack_sets_are_those_of_the_templates(self):
        for name, member in [("stackset", "member"), ("events-stackset", "events-member")]:
            self.assert_same_stack_set(name, member)

    def assert_same_stack_set(self, name, member):
        ours = resources(name)["aws_cloudformation_stack_set", "this"]
        theirs = loads(template(name))["Resources"]["Members"]["Properties"]
        for key in ["StackSetName", "PermissionModel", "Capabilities"]:
            self.assertEqual(ours[snake_case(key.removeprefix("StackSet"))], theirs[key])
        [deployment] = ours["auto_deployment"]
        given = {snake_case(key): value for key, value in theirs["AutoDeployment"].items()}
        self.assertEqual(deployment, given)
        passed = {
            each["ParameterKey"]: f"${{var.{snake_case(each['ParameterValue']['Ref'])}}}"
            for each in theirs["Parameters"]
        }
        self.assertEqual(ours["parameters"], passed)
        file = re.fullmatch(r'\$\{file\("\$\{path.module\}/(.+)"\)\}', ours["template_body"])[1]
        self.assertEqual((MODULES / name / file).resolve(), TEMPLATES / f"{member}.yml")


@unittest.skipUnless(PROGRAM, "neither tofu nor terraform is on the PATH: what the modules compute is not compared")
class Computed(unittest.TestCase):
    def computed(self, name, **given):
        """What a module hands to the provider: the trust policy, and the policies by name."""
        with tempfile.TemporaryDirectory() as folder:
            # Without the resources, so without the provider.
            shutil.copytree(MODULES / "policies", Path(folder, "policies"))
            module = Path(folder, name)
            module.mkdir()
            for file in ["variables.tf", "policies.tf"]:
                shutil.copy(MODULES / name / file, module)
            stand_in = f'locals {{\n  account_id = "{ACCOUNT}"\n  partition  = "aws"\n}}\n'
            Path(module, "data.tf").write_text(stand_in, encoding="utf-8")
            Path(module, "terraform.tfvars.json").write_text(json.dumps(given), encoding="utf-8")
            trust = "local.trust[var.runs_on]" if name == "hub" else "local.trust"
            allowed = "local.allowed" if name == "hub" else "{ servicecatalog-exporter = local.allowed }"
            wanted = f"jsonencode([{trust}, {allowed}])"
            wanted = wanted if name == "hub" else f"nonsensitive({wanted})"
            ran = subprocess.run(
                [PROGRAM, "console"],
                cwd=module,
                env=ENVIRONMENT,
                input=f"{wanted}\n",
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(ran.returncode, 0, ran.stderr)
        trust, allowed = json.loads(json.loads(ran.stdout))
        return json.loads(trust), {key: json.loads(text) for key, text in allowed.items()}

    def assert_same(self, name, **parameters):
        role = deployed(name, **parameters)
        given = {}
        for key, value in parameters.items():
            is_list = key in ("AssumedRoleArns", "EventQueueArns")
            given[snake_case(key)] = value.split(",") if is_list else value
        trust, allowed = self.computed(name, **given)
        self.assertEqual(grants(trust), grants(role.trust))
        self.assertEqual(sorted(allowed), sorted(role.policies))
        for key, policy in allowed.items():
            self.assertEqual(grants(policy), grants(role.policies[key]), key)

    def test_the_hub_is_that_of_the_template(self):
        self.assert_same("hub", RunsOn="ec2")
        self.assert_same("hub", RunsOn="ecs", AssumedRoleArns=f"{MEMBERS},{DISCOVERY}")
        self.assert_same("hub", RunsOn="ec2", EventQueueArns=f"arn:aws:sqs:eu-central-1:{ACCOUNT}:exporter")
        own = {"ScansOwnAccount": "false", "ListsOrganization": "true"}
        self.assert_same("hub", RunsOn="eks-pod-identity", Namespace="watch", ServiceAccount="sce", **own)
        self.assert_same("hub", RunsOn="eks-irsa", OidcProviderArn=PROVIDER)

    def test_the_others_are_those_of_the_templates(self):
        for name in ["member", "discovery"]:
            self.assert_same(name, ExporterRoleArn=HUB)
            self.assert_same(name, ExporterRoleArn=HUB, ExternalId="7f3c9a")

    def test_a_value_that_aws_would_refuse_is_refused_with_the_remedy(self):
        for name, given, remedy in [
            ("hub", {"runs_on": "lambda"}, "Give ec2, ecs, eks-pod-identity or eks-irsa."),
            ("member", {"exporter_role_arn": "Hub"}, "Give the ARN of a role"),
            ("member", {"exporter_role_arn": HUB, "external_id": "a b"}, "An external id has 2 to 1224"),
        ]:
            with self.assertRaises(AssertionError) as refused:
                self.computed(name, **given)
            self.assertIn(remedy, re.sub(r"\s*\n[│\s]*", " ", str(refused.exception)))

    def test_the_modules_are_formatted(self):
        command = [PROGRAM, "fmt", "-recursive", "-check", MODULES]
        ran = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)
