"""What `print-iam-policy` prints, and what any policy comes to."""

import json
import os
import subprocess
import tempfile

BINARY = os.environ["SERVICECATALOG_EXPORTER_TEST_BINARY"]
HUB = "arn:aws:iam::400000000001:role/ServiceCatalogExporterHub"


def printed(config):
    """The printed policies of a configuration (YAML), by the name of their part."""
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(config)
        file.flush()
        command = [BINARY, "print-iam-policy", "--exporter-role-arn", HUB, "--config.file", file.name]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{config}\n{ran.stderr}"
    return json.loads(ran.stdout)


def listed(value):
    return value if isinstance(value, list) else [value]


def grants(*policies):
    """What the policies allow together: a set with an entry for each action on each resource, to
    whom, and under which condition. How they are cut into statements is of no importance."""
    found = set()
    for policy in policies:
        assert policy["Version"] == "2012-10-17", policy
        for statement in listed(policy["Statement"]):
            left = set(statement) - {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}
            assert not left and statement["Effect"] == "Allow", statement
            whom = json.dumps(statement.get("Principal"), sort_keys=True)
            condition = json.dumps(statement.get("Condition"), sort_keys=True)
            for action in listed(statement["Action"]):
                for resource in listed(statement.get("Resource")):
                    found.add((action, resource, whom, condition))
    return found
