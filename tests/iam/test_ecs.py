"""The example for ECS is a task definition, and says what the exporter understands."""

import json
import re
import subprocess
import unittest
from pathlib import Path

import botocore.session
from botocore.validate import ParamValidator
from cfnlint.decode.cfn_yaml import loads
from printed import BINARY, HUB
from simulated import aws, deploy

ROOT = Path(__file__).resolve().parent.parent.parent
TASK = json.loads((ROOT / "deploy/ecs/task-definition.json").read_text(encoding="utf-8"))
EXECUTION = (ROOT / "deploy/ecs/execution-role.yml").read_text(encoding="utf-8")


def complaints(task):
    """What the model of AWS says against a task definition."""
    ecs = botocore.session.get_session().get_service_model("ecs")
    shape = ecs.operation_model("RegisterTaskDefinition").input_shape
    return ParamValidator().validate(task, shape).generate_report()


def exporter(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False)


class Ecs(unittest.TestCase):
    def setUp(self):
        self.first, self.main = TASK["containerDefinitions"]

    def test_the_model_of_aws_has_nothing_against_it(self):
        self.assertEqual(complaints(TASK), "")
        self.assertIn("memory", complaints({**TASK, "memory": 512}))
        self.assertIn("Unknown parameter", complaints({**TASK, "volume": []}))

    def test_the_exporter_runs_as_nobody_and_can_write_nowhere(self):
        self.assertEqual(self.main["user"].split(":"), ["65532", "65532"])
        self.assertEqual(self.main["linuxParameters"]["capabilities"], {"drop": ["ALL"]})
        for container in [self.first, self.main]:
            self.assertIs(container["readonlyRootFilesystem"], True)
        [mount] = self.main["mountPoints"]
        self.assertIs(mount["readOnly"], True)

    def test_the_first_container_writes_the_file_that_the_exporter_reads(self):
        environment = {pair["name"]: pair["value"] for pair in self.main["environment"]}
        file = environment["SERVICECATALOG_EXPORTER_CONFIG_FILE"]
        *shell, script = self.first["command"]
        self.assertTrue(script.endswith(f"> {file}"), script)
        # What it does, with another place for the file.
        shown = subprocess.run(
            [*shell, script.partition(" >")[0]],
            env={self.first["secrets"][0]["name"]: 'a: "$HOME %s"\nb: 1'},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(shown.stdout, 'a: "$HOME %s"\nb: 1\n')
        self.assertEqual(self.main["dependsOn"], [{"containerName": self.first["name"], "condition": "SUCCESS"}])
        mounts = {container["mountPoints"][0]["containerPath"] for container in [self.first, self.main]}
        self.assertEqual(mounts, {str(Path(file).parent)})

    def test_the_exporter_knows_its_variables_and_its_health_check(self):
        told = exporter("--help").stdout
        for pair in self.main["environment"]:
            self.assertIn(pair["name"], told)
        page = (ROOT / "docs/ecs.md").read_text(encoding="utf-8")
        for name in re.findall(r"SERVICECATALOG_EXPORTER_\w+", page):
            self.assertIn(name, told)
        kind, _, *arguments = self.main["healthCheck"]["command"]
        self.assertEqual(kind, "CMD", "there is no shell in the image")
        self.assertEqual(exporter(*arguments, "--help").returncode, 0)
        [port] = self.main["portMappings"]
        self.assertIn(f"[default: :{port['containerPort']}]", told)

    def test_it_has_the_roles_that_the_templates_make(self):
        with aws():
            role = deploy(EXECUTION, {})
        self.assertEqual(TASK["taskRoleArn"], HUB)
        self.assertEqual(TASK["executionRoleArn"].rpartition("/")[2], role.name)
        [secret] = self.first["secrets"]
        [statement] = role.policies["configuration"]["Statement"]
        self.assertEqual(statement["Action"], "ssm:GetParameters")
        theirs, ours = secret["valueFrom"].split(":"), statement["Resource"].split(":")
        self.assertEqual(theirs[5], ours[5])
        self.assertEqual(loads(EXECUTION)["Parameters"]["ParameterName"]["Default"], ours[5].partition("/")[2])
