"""Lets checkov judge the roles, the modules, the image and what the chart renders with each of its files
of test values. What it finds is mended, or explained here; what is explained and no longer found is
taken out. The network is not asked.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "chart"))

from support import MATRIX, objects  # noqa: E402

CHECKOV = ROOT / "target" / "tools" / "checkov" / "bin" / "checkov"
FOLDERS = {
    "cloudformation": ROOT / "deploy",
    "dockerfile": ROOT / "deploy" / "docker",
    "terraform": ROOT / "deploy" / "terraform",
}

# Why a finding is none, by check and file; for the chart that is the file of values. In everything.yml
# the values themselves ask for what is found.
EXPLAINED = {
    ("CKV_AWS_27", "events.yml"): "SQS encrypts with its own keys; it looks for one of KMS, which EventBridge would need",
    ("CKV_K8S_11", "*"): "a CPU limit throttles a scan in the middle of its second; the request is what matters",
    ("CKV_K8S_15", "*"): "a version is pushed once, so Always would only need the registry at every start",
    ("CKV_K8S_43", "*"): "the digest is a value, image.digest: the chart is not published with that of one registry",
    ("CKV_K8S_13", "everything.yml"): "its resources have no limits",
    ("CKV_K8S_21", "everything.yml"): "its extra objects name no namespace",
    ("CKV_K8S_35", "everything.yml"): "its envFrom takes a Secret: a proxy is told to the AWS SDK by a variable only",
    ("CKV_K8S_40", "everything.yml"): "its podSecurityContext leaves the user to the cluster, as OpenShift wants it",
    ("CKV2_K8S_6", "everything.yml"): "its network policy is left off",
}


def findings(framework, folder):
    """What checkov finds, as (check, file, its text), and how many checks there were."""
    done = subprocess.run(
        [CHECKOV, "--directory", folder, "--framework", framework, "--skip-download", "--output=json", "--quiet"],
        cwd=folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    if done.returncode not in (0, 1):
        raise AssertionError(f"checkov failed:\n{done.stderr}")
    report = json.loads(done.stdout)
    if isinstance(report, list) or "results" not in report:
        raise AssertionError(f"checkov saw nothing of {framework} in {folder}: {done.stdout[:500]}")
    found = [
        (each["check_id"], Path(each["file_path"]).name, f"{each['check_name']}: {each['resource']}")
        for each in report["results"]["failed_checks"]
    ]
    return found, report["summary"]["passed"]


class Checkov(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not CHECKOV.exists():
            raise AssertionError("checkov is missing: make tools")
        cls.found, cls.passed = {}, {}
        with tempfile.TemporaryDirectory() as folder:
            for name, values in MATRIX.items():
                Path(folder, f"{name}.yml").write_text(yaml.safe_dump_all(objects(values)))
            for framework, where in {**FOLDERS, "kubernetes": folder}.items():
                cls.found[framework], cls.passed[framework] = findings(framework, where)

    def test_whatever_it_finds_is_explained(self):
        unexplained = [
            f"{check} in {file}: {text}" for found in self.found.values() for check, file, text in found
            if (check, file) not in EXPLAINED and (check, "*") not in EXPLAINED
        ]
        self.assertEqual([], sorted(set(unexplained)))

    def test_whatever_is_explained_is_found(self):
        found = {(check, file) for all_of in self.found.values() for check, file, _ in all_of}
        checks = {check for check, _ in found}
        stale = [key for key in EXPLAINED if key not in found and not (key[1] == "*" and key[0] in checks)]
        self.assertEqual([], stale)

    def test_it_looked_at_everything(self):
        for framework, passed in self.passed.items():
            self.assertGreater(passed, 10, framework)


if __name__ == "__main__":
    unittest.main()
