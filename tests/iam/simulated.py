"""Deploys templates of CloudFormation in an AWS that no one here wrote, moto's, in this process."""

import ast
import contextlib
import os
import sys
import types
from pathlib import Path

# moto's CloudFormation imports it for API gateways, of which there are none here, so its many
# packages need not be installed.
for name in ["", ".validation", ".validation.exceptions"]:
    stand_in = types.ModuleType(f"openapi_spec_validator{name}")
    stand_in.validate = stand_in.OpenAPIValidationError = None
    sys.modules.setdefault(stand_in.__name__, stand_in)

import boto3  # noqa: E402
from moto import mock_aws  # noqa: E402

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "deploy" / "cloudformation"
# No profile or proxy of whoever runs this.
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
# The account of moto.
ACCOUNT = "123456789012"


class Role:
    """A role as IAM has it: whom it trusts, and the policies in it, by name."""

    def __init__(self, iam, name):
        self.name = name
        self.trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        self.policies = {}
        for policy in names:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            # moto has those that stand in the role itself as Python would write them.
            self.policies[policy] = ast.literal_eval(str(document))
        self.attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        profiles = iam.list_instance_profiles()["InstanceProfiles"]
        self.profiles = [profile["InstanceProfileName"] for profile in profiles]


@contextlib.contextmanager
def aws():
    """An AWS in which there is nothing yet."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(SETTINGS)
    try:
        with mock_aws():
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def deploy(body, parameters):
    """Deploys a template, within `aws()`; returns its only role."""
    iam = boto3.client("iam")
    before = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    stack = boto3.client("cloudformation").create_stack(
        StackName=f"stack-{len(before)}",
        TemplateBody=body,
        Parameters=given,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    [made] = [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"] not in before]
    role = Role(iam, made)
    [described] = boto3.client("cloudformation").describe_stacks(StackName=stack["StackId"])["Stacks"]
    role.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    return role


def template(name):
    """The text of a template."""
    return (TEMPLATES / f"{name}.yml").read_text(encoding="utf-8")


def deployed(name, **parameters):
    """The role that a template makes in an AWS of its own."""
    with aws():
        return deploy(template(name), parameters)
