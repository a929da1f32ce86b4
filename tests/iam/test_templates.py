"""The roles of the templates allow what `print-iam-policy` prints for a configuration that uses
everything, no less and no more."""

import json
import subprocess
import sys
import unittest

from cfnlint.decode.cfn_yaml import loads
from printed import HUB, grants, printed
from simulated import ACCOUNT, TEMPLATES, deployed, template

MEMBER = "arn:aws:iam::222222222222:role/ServiceCatalogExporter"
OTHER = "arn:aws:iam::333333333333:role/path/Other"
MEMBERS = "arn:aws:iam::*:role/ServiceCatalogExporter"
DISCOVERY = "arn:aws:iam::123456789012:role/ServiceCatalogExporterDiscovery"
ALL = "enrich: {names_and_tags: true, records: problems}\nversions: {refresh: 24h}\n"


def target(arn, external_id=""):
    external_id = f", external_id: {external_id}" if external_id else ""
    return f"  - {{role_arn: '{arn}', regions: auto{external_id}}}\n"


def organization(more=""):
    units = "include_ous: [ou-ab12-34cd56ef], include_accounts: ['222222222222']"
    return f"{ALL}organization: {{role_name: ServiceCatalogExporter, regions: auto, {units}{more}}}\n"


def discovered(external_id=""):
    ids = f", external_id: {external_id}, management_external_id: {external_id}" if external_id else ""
    return organization(f", management_role_arn: '{DISCOVERY}'{ids}")


class Hub(unittest.TestCase):
    def assert_allows(self, config, **parameters):
        role = deployed("hub", RunsOn="ec2", **parameters)
        self.assertEqual(grants(*role.policies.values()), grants(printed(config)["hub"]))
        self.assertEqual(role.attached, [])

    def test_one_account_needs_no_parameter_but_where_it_runs(self):
        self.assert_allows(f"{ALL}targets: [{{regions: auto}}]\n")

    def test_listed_roles_are_assumed_and_the_own_account_is_scanned_where_it_is_named(self):
        arns = f"{MEMBER},{OTHER}"
        roles = f"{ALL}targets:\n{target(MEMBER)}{target(OTHER)}"
        self.assert_allows(roles, AssumedRoleArns=arns, ScansOwnAccount="false")
        self.assert_allows(roles + "  - regions: auto\n", AssumedRoleArns=arns)

    def test_an_organisation_is_listed_through_a_role_or_by_the_hub(self):
        self.assert_allows(discovered(), AssumedRoleArns=f"{MEMBERS},{DISCOVERY}")
        self.assert_allows(organization(), AssumedRoleArns=MEMBERS, ListsOrganization="true")

    def test_it_reads_the_queue_that_tells_what_changed(self):
        queue = f"https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/servicecatalog-exporter"
        config = f"{ALL}targets: [{{regions: auto}}]\nevents: {{queue_url: '{queue}'}}\n"
        self.assert_allows(config, EventQueueArns=f"arn:aws:sqs:eu-central-1:{ACCOUNT}:servicecatalog-exporter")

    def test_it_is_taken_by_who_runs_it_alone(self):
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"
        issuer = "oidc.eks.eu-central-1.amazonaws.com/id/0A1B"
        eks = {"Namespace": "watch", "ServiceAccount": "sce"}
        cases = [
            ({"RunsOn": "ec2"}, {"Service": "ec2.amazonaws.com"}, None),
            (
                {"RunsOn": "ecs"},
                {"Service": "ecs-tasks.amazonaws.com"},
                {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:*:{ACCOUNT}:*"},
                },
            ),
            (
                {"RunsOn": "eks-pod-identity", **eks},
                {"Service": "pods.eks.amazonaws.com"},
                {
                    "StringEquals": {
                        "aws:RequestTag/kubernetes-namespace": "watch",
                        "aws:RequestTag/kubernetes-service-account": "sce",
                    }
                },
            ),
            (
                {"RunsOn": "eks-irsa", "OidcProviderArn": provider, **eks},
                {"Federated": provider},
                {
                    "StringEquals": {
                        f"{issuer}:aud": "sts.amazonaws.com",
                        f"{issuer}:sub": "system:serviceaccount:watch:sce",
                    }
                },
            ),
        ]
        for parameters, principal, condition in cases:
            with self.subTest(parameters["RunsOn"]):
                role = deployed("hub", **parameters)
                [statement] = role.trust["Statement"]
                self.assertEqual(statement["Principal"], principal)
                self.assertEqual(statement.get("Condition"), condition)
                on_ec2 = parameters["RunsOn"] == "ec2"
                self.assertEqual(role.profiles, [role.name] if on_ec2 else [])

    def test_the_others_trust_the_role_that_it_says(self):
        role = deployed("hub", RunsOn="ecs")
        self.assertEqual(role.outputs["RoleArn"], f"arn:aws:iam::{ACCOUNT}:role/ServiceCatalogExporterHub")


class Assumed(unittest.TestCase):
    def assert_is(self, role, part, external_id):
        documents = printed(discovered(external_id))
        self.assertEqual(grants(*role.policies.values()), grants(documents[part]))
        self.assertEqual(grants(role.trust), grants(documents["trust"]))
        self.assertEqual(role.attached, [])

    def test_the_member_role_allows_all_that_scans_ask_for_to_the_hub_alone(self):
        self.assert_is(deployed("member", ExporterRoleArn=HUB), "member", "")
        role = deployed("member", ExporterRoleArn=HUB, ExternalId="7f3c9a")
        self.assert_is(role, "member", "7f3c9a")

    def test_the_discovery_role_allows_to_list_accounts_and_units_to_the_hub_alone(self):
        self.assert_is(deployed("discovery", ExporterRoleArn=HUB), "management", "")
        role = deployed("discovery", ExporterRoleArn=HUB, ExternalId="7f3c9a")
        self.assert_is(role, "management", "7f3c9a")

    def test_the_names_of_the_roles_are_those_of_the_documents_and_can_be_others(self):
        self.assertEqual(deployed("discovery", ExporterRoleArn=HUB).outputs["RoleArn"], DISCOVERY)
        role = deployed("member", ExporterRoleArn=HUB, RoleName="Another")
        self.assertEqual(role.outputs["RoleArn"], f"arn:aws:iam::{ACCOUNT}:role/Another")


class StackSet(unittest.TestCase):
    def setUp(self):
        self.document = loads(template("stackset"))
        self.properties = self.document["Resources"]["Members"]["Properties"]

    def test_it_makes_the_role_of_the_member_template(self):
        given = {"ExporterRoleArn": HUB, "RoleName": "Another", "ExternalId": "7f3c9a"}
        passed = {
            parameter["ParameterKey"]: given[parameter["ParameterValue"]["Ref"]]
            for parameter in self.properties["Parameters"]
        }
        self.assertEqual(passed, given)
        body = str(self.properties["TemplateBody"])
        self.assertEqual(json.dumps(loads(body)), json.dumps(loads(template("member"))))

    def test_its_parameters_are_those_of_the_member_template_with_their_limits(self):
        member = loads(template("member"))["Parameters"]
        for name, parameter in member.items():
            ours = {**self.document["Parameters"][name], "Description": ""}
            self.assertEqual(ours, {**parameter, "Description": ""}, name)

    def test_it_reaches_the_units_and_the_accounts_that_join_them(self):
        self.assertEqual(self.properties["PermissionModel"], "SERVICE_MANAGED")
        self.assertEqual(self.properties["AutoDeployment"]["Enabled"], True)
        [group] = self.properties["StackInstancesGroup"]
        units = {"OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"}}
        self.assertEqual(group["DeploymentTargets"], units)
        self.assertEqual(len(group["Regions"]), 1, "the second would find the name of the role taken")

    def test_its_body_is_made_of_the_member_template(self):
        ran = subprocess.run(
            [sys.executable, TEMPLATES / "build.py", "--check"], capture_output=True, text=True, check=False
        )
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))


class Lint(unittest.TestCase):
    def lint(self, *files, stdin=None):
        run = "import sys; from cfnlint.runner import main; sys.exit(main())"
        command = [sys.executable, "-c", run, *files]
        ran = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    def test_cfn_lint_finds_nothing(self):
        files = sorted(str(file) for file in [*TEMPLATES.glob("*.yml"), *TEMPLATES.parent.glob("ecs/*.yml")])
        self.assertEqual(len(files), 9)
        self.assertEqual(self.lint(*files), (0, ""))

    def test_cfn_lint_would_complain(self):
        for old, new in [
            ("RoleName: !Ref RoleName", "RollName: !Ref RoleName"),
            ("!Ref ExternalId", "!Ref ExternId"),
            ("Effect: Allow", "Effect: Permit"),
        ]:
            text = template("member")
            self.assertIn(old, text)
            code, said = self.lint("-", stdin=text.replace(old, new))
            self.assertNotEqual(code, 0, f"{new}\n{said}")
