"""Deploys the queue of deploy/cloudformation in an AWS that no one here wrote, moto's, in this process, and
puts events on its buses: those of tests/fixtures/events arrive, what looks like them does not. The network is
not asked.

moto makes nothing of the policies of queues and buses, so these are read here; and an event that one bus
forwards to another loses its account and region there, as it does not with AWS.
"""

import functools
import json
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "iam"))

from simulated import ACCOUNT, TEMPLATES, aws, template  # noqa: E402, before boto3

import boto3  # noqa: E402
from cfnlint.decode.cfn_yaml import loads  # noqa: E402
from moto.events.models import EventPattern  # noqa: E402
from moto.events.utils import EventTemplateParser  # noqa: E402

FIXTURES = ROOT / "tests" / "fixtures" / "events"
PAGE = ROOT / "docs" / "events.md"
EVENTS = {file.stem: json.loads(file.read_text()) for file in sorted(FIXTURES.glob("*.json"))}
LOOK_ALIKES = {file.stem: json.loads(file.read_text()) for file in sorted((FIXTURES / "look-alikes").glob("*.json"))}
HUB, ELSEWHERE, MEMBER = "eu-central-1", "eu-west-1", "111122223333"

# It has nothing for policies of queues and buses, and says so each time: here, and as a warning below.
logging.getLogger("moto").setLevel(logging.ERROR)


def untransformed(input_template, input_paths_map, event):
    """An event as a target gets it that transforms nothing. moto has a package for paths for that, too."""
    assert not input_template and not input_paths_map
    return {key: value for key, value in event.items() if key != "ingestion-time"}


EventTemplateParser.parse = staticmethod(untransformed)


def plain(node):
    """A parsed template without the marks of its parser."""
    return json.loads(json.dumps(node))


@functools.cache
def parsed(name):
    return plain(loads(template(name)))


def resources(name, kind):
    found = parsed(name)["Resources"].items()
    return {key: block["Properties"] for key, block in found if block["Type"] == kind}


def patterns(name):
    return {key: block["EventPattern"] for key, block in resources(name, "AWS::Events::Rule").items()}


def arns_of_rules():
    """The rules, as policies name them."""
    return [{"Fn::GetAtt": [rule, "Arn"]} for rule in patterns("events")]


def let_through(event, rules):
    """The rules of a template that have this event."""
    return [key for key, rule in rules.items() if EventPattern.load(json.dumps(rule)).matches_event(event)]


def deployed(session, name, **parameters):
    """The outputs of a template that is deployed there."""
    stacks = session.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    stack = f"{name}-{len(stacks.list_stacks()['StackSummaries'])}"
    made = stacks.create_stack(
        StackName=stack, TemplateBody=template(name), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    [stack] = stacks.describe_stacks(StackName=made["StackId"])["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def say(session, event, bus="default"):
    """Puts an event on a bus, as AWS would."""
    entry = {
        "Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"], "EventBusName": bus,
    }
    assert not session.client("events").put_events(Entries=[entry])["FailedEntryCount"]


def taken(session, url):
    """What lies in a queue, as parsed bodies, after which it is empty."""
    queue, found = session.client("sqs"), []
    while messages := queue.receive_message(QueueUrl=url, WaitTimeSeconds=0).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


class Patterns(unittest.TestCase):
    def test_a_member_tells_what_the_queue_asks_for(self):
        self.assertEqual(patterns("events-member"), patterns("events"))

    def test_each_event_passes_one_rule_and_each_rule_has_events(self):
        used = set()
        for name, event in EVENTS.items():
            passed = let_through(event, patterns("events"))
            self.assertEqual(len(passed), 1, f"{name}: {passed}")
            used.update(passed)
        self.assertEqual(used, set(patterns("events")))

    def test_nothing_passes_that_only_looks_like_them(self):
        self.assertTrue(LOOK_ALIKES)
        for name, event in LOOK_ALIKES.items():
            self.assertEqual(let_through(event, patterns("events")), [], name)

    def test_every_name_of_a_call_is_one_that_changes_a_provisioned_product(self):
        names = patterns("events")["ServiceCatalogRule"]["detail"]["eventName"]
        calls = boto3.client("servicecatalog", HUB, aws_access_key_id="a", aws_secret_access_key="b").meta
        known = set(calls.service_model.operation_names)
        reads = re.compile("Describe|Get|List|Scan|Search")
        about = {name for name in known if re.search("Provision(ed)?Product", name) and not reads.match(name)}
        self.assertEqual(set(names), about)
        self.assertEqual(names, sorted(names))

    def test_no_pattern_has_a_value_that_events_of_aws_cannot_have(self):
        # A misspelt one would match nothing, for ever and without a word.
        sources = {source for rule in patterns("events").values() for source in rule["source"]}
        kinds = {kind for rule in patterns("events").values() for kind in rule["detail-type"]}
        self.assertEqual(sources, {event["source"] for event in EVENTS.values()})
        self.assertEqual(kinds, {event["detail-type"] for event in EVENTS.values()})


class Queues(unittest.TestCase):
    """What a queue is, on the bus of its account and on that of an organisation."""

    def of_each(self, check):
        with self.subTest("default"), aws():
            session = boto3.Session(region_name=HUB)
            check(session, {"BusName": "default", **deployed(session, "events")})
        with self.subTest("organization"), aws():
            session = boto3.Session(region_name=HUB)
            bus = deployed(session, "events-organization")["BusName"]
            check(session, {"BusName": bus, **deployed(session, "events", BusName=bus)})

    def attributes(self, session, name):
        queue = session.client("sqs")
        url = queue.get_queue_url(QueueName=name)["QueueUrl"]
        return queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    def test_a_message_is_kept_for_an_hour_and_set_aside_when_it_was_taken_five_times(self):
        def check(session, outputs):
            queue = session.client("sqs")
            self.assertEqual(self.attributes(session, "servicecatalog-exporter")["MessageRetentionPeriod"], "3600")
            say(session, EVENTS["stack-created"], outputs["BusName"])
            for _ in range(5):
                taken = queue.receive_message(QueueUrl=outputs["QueueUrl"], VisibilityTimeout=0, WaitTimeSeconds=0)
                self.assertEqual(len(taken.get("Messages", [])), 1)
            left = queue.receive_message(QueueUrl=outputs["QueueUrl"], WaitTimeSeconds=0)
            self.assertNotIn("Messages", left)
            aside = self.attributes(session, "servicecatalog-exporter-poison")
            self.assertEqual(aside["ApproximateNumberOfMessages"], "1")

        self.of_each(check)

    def test_they_are_encrypted(self):
        def check(session, outputs):
            for end in ("", "-poison", "-undelivered"):
                queue = self.attributes(session, f"servicecatalog-exporter{end}")
                self.assertEqual(queue["SqsManagedSseEnabled"], "true")

        self.of_each(check)

    def test_what_eventbridge_cannot_deliver_is_set_aside_beside_it(self):
        def check(session, outputs):
            events, bus = session.client("events"), outputs["BusName"]
            aside = f"{outputs['QueueArn']}-undelivered"
            rules = events.list_rules(EventBusName=bus)["Rules"]
            self.assertEqual(len(rules), len(patterns("events")))
            for rule in rules:
                [target] = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
                self.assertEqual(target["Arn"], outputs["QueueArn"])
                self.assertEqual(target["DeadLetterConfig"], {"Arn": aside})

        self.of_each(check)

    def test_its_outputs_are_what_the_configuration_and_the_hub_ask_for(self):
        def check(_, outputs):
            self.assertEqual(outputs["QueueArn"], f"arn:aws:sqs:{HUB}:{ACCOUNT}:servicecatalog-exporter")
            self.assertTrue(outputs["QueueUrl"].endswith(f"/{ACCOUNT}/servicecatalog-exporter"))

        self.of_each(check)


class Policies(unittest.TestCase):
    """Who may use the queues and the bus, as the templates have it: moto makes nothing of these."""

    CLEAR = {"Bool": {"aws:SecureTransport": "false"}}

    def statements(self):
        """What the policy of each queue says, by the queue."""
        found = {}
        for policy in resources("events", "AWS::SQS::QueuePolicy").values():
            [queue] = policy["Queues"]
            found[queue["Ref"]] = policy["PolicyDocument"]["Statement"]
            for statement in found[queue["Ref"]]:
                self.assertEqual(statement["Resource"], {"Fn::GetAtt": [queue["Ref"], "Arn"]})
        self.assertEqual(set(found), set(resources("events", "AWS::SQS::Queue")))
        return found

    def test_only_the_rules_may_send_and_nothing_is_in_the_clear(self):
        of_rules = {"aws:SourceArn": arns_of_rules()}
        queues = self.statements()
        for queue in ("Queue", "Undelivered"):
            sent, refused, clear = queues[queue]
            self.assertEqual((sent["Effect"], sent["Principal"]), ("Allow", {"Service": "events.amazonaws.com"}))
            self.assertEqual((refused["Effect"], refused["Principal"]), ("Deny", "*"))
            self.assertEqual((sent["Action"], refused["Action"]), ("sqs:SendMessage", "sqs:SendMessage"))
            self.assertEqual(sent["Condition"], {"ArnEquals": of_rules})
            self.assertEqual(refused["Condition"], {"ArnNotEquals": of_rules})
            self.assertEqual((clear["Effect"], clear["Action"], clear["Condition"]), ("Deny", "sqs:*", self.CLEAR))
        sent, clear = queues["Poison"]
        self.assertEqual((sent["Effect"], sent["Action"]), ("Deny", "sqs:SendMessage"))
        self.assertNotIn("Condition", sent)
        self.assertEqual((clear["Effect"], clear["Action"], clear["Condition"]), ("Deny", "sqs:*", self.CLEAR))

    def test_the_bus_takes_events_of_one_organisation_and_without_one_of_its_own_account(self):
        bus = parsed("events-organization")["Resources"]["BusPolicy"]
        self.assertEqual(bus["Condition"], "HasOrganization")
        statement = bus["Properties"]["Statement"]
        self.assertEqual((statement["Effect"], statement["Action"]), ("Allow", "events:PutEvents"))
        self.assertEqual(statement["Condition"], {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}})
        self.assertEqual(statement["Resource"], {"Fn::GetAtt": ["Bus", "Arn"]})


class OneAccount(unittest.TestCase):
    def test_what_changed_arrives_whole_and_nothing_else_does(self):
        with aws():
            session = boto3.Session(region_name=HUB)
            outputs = deployed(session, "events")
            for event in LOOK_ALIKES.values():
                say(session, event)
            self.assertEqual(taken(session, outputs["QueueUrl"]), [])
            for name, event in EVENTS.items():
                say(session, event)
                [message] = taken(session, outputs["QueueUrl"])
                for key in ("version", "source", "detail-type", "resources", "detail"):
                    self.assertEqual(message[key], event[key], name)
                self.assertEqual((message["account"], message["region"]), (ACCOUNT, HUB))

    def test_each_shard_has_a_queue_of_its_own_and_all_are_told(self):
        with aws():
            session = boto3.Session(region_name=HUB)
            urls = []
            for shard in range(3):
                urls.append(deployed(session, "events", QueueName=f"exporter-{shard}")["QueueUrl"])
            say(session, EVENTS["stack-created"])
            self.assertEqual([len(taken(session, url)) for url in urls], [1, 1, 1])


class Organization(unittest.TestCase):
    def member(self, region):
        """A session in another account."""
        role = f"arn:aws:iam::{MEMBER}:role/any"
        given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="any")["Credentials"]
        return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region)

    def test_an_account_elsewhere_says_what_changed_and_nothing_else(self):
        with aws():
            hub = boto3.Session(region_name=HUB)
            bus = deployed(hub, "events-organization", OrganizationId="o-ab12cd34ef")
            outputs = deployed(hub, "events", BusName=bus["BusName"])
            for region in (HUB, ELSEWHERE):
                member = self.member(region)
                deployed(member, "events-member", BusArn=bus["BusArn"])
                for event in LOOK_ALIKES.values():
                    say(member, event)
                self.assertEqual(taken(hub, outputs["QueueUrl"]), [], region)
                for name, event in EVENTS.items():
                    say(member, event)
                    [message] = taken(hub, outputs["QueueUrl"])
                    self.assertEqual(message["detail"], event["detail"], name)

    def test_what_anyone_puts_on_the_bus_is_looked_at_again(self):
        with aws():
            hub = boto3.Session(region_name=HUB)
            bus = deployed(hub, "events-organization")["BusName"]
            outputs = deployed(hub, "events", BusName=bus)
            for event in LOOK_ALIKES.values():
                say(hub, event, bus)
            self.assertEqual(taken(hub, outputs["QueueUrl"]), [])

    def test_the_rules_of_a_member_put_events_on_that_bus_and_may_do_nothing_else(self):
        bus = f"arn:aws:events:{HUB}:{ACCOUNT}:event-bus/servicecatalog-exporter"
        with aws():
            member = self.member(ELSEWHERE)
            deployed(member, "events-member", BusArn=bus)
            iam = member.client("iam")
            [role] = iam.list_roles()["Roles"]
            [name] = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
            policy = str(iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"])
            allowed = re.findall(r"'Action': '([^']+)', 'Resource': '([^']+)'", policy)
            self.assertEqual(allowed, [("events:PutEvents", bus)])
            [trust] = role["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(trust["Principal"], {"Service": "events.amazonaws.com"})
            self.assertEqual(trust["Condition"], {"StringEquals": {"aws:SourceAccount": MEMBER}})
            events = member.client("events")
            for rule in events.list_rules()["Rules"]:
                [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                self.assertEqual((target["Arn"], target["RoleArn"]), (bus, role["Arn"]))

    def test_the_stack_set_deploys_the_template_of_a_member_with_its_parameters(self):
        document = parsed("events-stackset")
        [properties] = resources("events-stackset", "AWS::CloudFormation::StackSet").values()
        self.assertEqual(plain(loads(properties["TemplateBody"])), parsed("events-member"))
        [passed] = properties["Parameters"]
        self.assertEqual(passed, {"ParameterKey": "BusArn", "ParameterValue": {"Ref": "BusArn"}})
        member = parsed("events-member")["Parameters"]["BusArn"]
        self.assertEqual(document["Parameters"]["BusArn"], member)
        self.assertEqual(properties["PermissionModel"], "SERVICE_MANAGED")
        self.assertEqual(properties["Capabilities"], ["CAPABILITY_IAM"])
        [group] = properties["StackInstancesGroup"]
        self.assertEqual(group["Regions"], {"Ref": "Regions"})
        self.assertEqual(group["DeploymentTargets"], {"OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"}})


class Terraform(unittest.TestCase):
    """The modules make what the templates do. tests/iam compares their variables."""

    MODULES = ROOT / "deploy" / "terraform"

    def computed(self, module, wanted, **stand_ins):
        """What an expression of a module comes to, with texts in the place of what the provider would know."""
        program = shutil.which("tofu") or shutil.which("terraform")
        if not program:
            self.skipTest("neither tofu nor terraform is on the PATH: what the modules compute is not compared")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(self.MODULES / "policies", Path(folder, "policies"))
            Path(folder, module).mkdir()
            text = (self.MODULES / module / "policies.tf").read_text()
            for name, value in stand_ins.items():
                text = text.replace(name.replace("__", "."), value)
            Path(folder, module, "policies.tf").write_text(text)
            ran = subprocess.run(
                [program, "console"], cwd=Path(folder, module), input=f"jsonencode({wanted})\n", text=True,
                capture_output=True, env={"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": os.devnull},
            )
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(json.loads(ran.stdout))

    def test_their_rules_let_the_same_through(self):
        theirs = {
            re.sub(r"(?<!^)(?=[A-Z])", "-", key.removesuffix("Rule")).lower(): rule
            for key, rule in patterns("events").items()
        }
        ours = json.loads((self.MODULES / "policies" / "event-patterns.json").read_text())
        self.assertEqual(ours, theirs)
        for module in ("events", "events-member"):
            text = (self.MODULES / module / "policies.tf").read_text()
            self.assertIn('jsondecode(file("${path.module}/../policies/event-patterns.json"))', text)

    def test_their_queues_may_be_used_by_the_same(self):
        names = {"Queue": "queue", "Undelivered": "undelivered", "Poison": "poison"}
        stand_ins = {f"aws_sqs_queue__{name}__{what}": f'"{name}"' for name in names.values() for what in ("arn", "id")}
        every = "[for rule in aws_cloudwatch_event_rule__this : rule__arn]"
        ours = self.computed("events", "local.policies", **{every: '["the rules"]'}, **stand_ins)
        for policy in resources("events", "AWS::SQS::QueuePolicy").values():
            name = names[policy["Queues"][0]["Ref"]]
            theirs = json.dumps(policy["PolicyDocument"]["Statement"])
            theirs = theirs.replace(json.dumps(arns_of_rules()), '["the rules"]')
            theirs = re.sub(r'\{"Fn::GetAtt": \["(\w+)", "Arn"\]\}', lambda found: f'"{names[found[1]]}"', theirs)
            self.assertEqual(ours[name], {"url": name, "statements": json.loads(theirs)})

    def test_a_member_may_do_the_same(self):
        bus = f"arn:aws:events:{HUB}:{ACCOUNT}:event-bus/servicecatalog-exporter"
        stand_ins = {"local__account_id": '"account"', "var__bus_arn": f'"{bus}"'}
        trust, allowed = self.computed("events-member", "[local.trust, local.allowed]", **stand_ins)
        [role] = resources("events-member", "AWS::IAM::Role").values()
        theirs = json.dumps([role["AssumeRolePolicyDocument"], role["Policies"][0]["PolicyDocument"]])
        theirs = theirs.replace('{"Ref": "AWS::AccountId"}', '"account"').replace('{"Ref": "BusArn"}', f'"{bus}"')
        self.assertEqual([json.loads(trust), json.loads(allowed)], json.loads(theirs))

    def test_their_queues_are_the_same(self):
        text = (self.MODULES / "events" / "main.tf").read_text()
        for key, ours in [
            ("MessageRetentionPeriod", "message_retention_seconds"), ("VisibilityTimeout", "visibility_timeout_seconds"),
            ("ReceiveMessageWaitTimeSeconds", "receive_wait_time_seconds"),
        ]:
            queues = resources("events", "AWS::SQS::Queue").values()
            theirs = sorted(str(queue[key]) for queue in queues if key in queue)
            self.assertEqual(sorted(re.findall(rf"{ours} += (\d+)", text)), theirs)
        self.assertEqual(text.count("sqs_managed_sse_enabled"), 3)
        self.assertRegex(text, r"maxReceiveCount += 5\n")


class Page(unittest.TestCase):
    def test_its_commands_give_each_template_the_parameters_that_it_has_and_needs(self):
        used = set()
        for line in PAGE.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            words = shlex.split(line) if line.strip().startswith("aws cloudformation deploy") else []
            if not words:
                continue
            file = words[words.index("--template-file") + 1]
            theirs = plain(loads((ROOT / file).read_text(encoding="utf-8"))).get("Parameters", {})
            given = words[words.index("--parameter-overrides") + 1 :] if "--parameter-overrides" in words else []
            given = {word.split("=", 1)[0] for word in given if not word.startswith("--")}
            self.assertLessEqual(given, set(theirs), line)
            needed = {key for key, block in theirs.items() if "Default" not in block}
            if Path(file).stem != "hub":
                self.assertLessEqual(needed, given, line)
            used.add(Path(file).stem)
        self.assertLessEqual({file.stem for file in TEMPLATES.glob("events*.yml")}, used)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
