"""Judges IAM policies by parliament, a linter of its own.

Reads a JSON list of policies from standard input, and prints a JSON list with the findings of each
one: what is wrong, how bad it is, and where.
"""

import json
import sys
import warnings

# parliament imports pkg_resources, which is deprecated.
warnings.filterwarnings("ignore")

import parliament  # noqa: E402


def findings(policy):
    judged = parliament.analyze_policy_string(json.dumps(policy))
    enhanced = (parliament.enhance_finding(finding) for finding in judged.findings)
    return [
        {
            "issue": finding.issue,
            "severity": finding.severity,
            "detail": str(finding.detail),
        }
        for finding in enhanced
    ]


json.dump([findings(policy) for policy in json.load(sys.stdin)], sys.stdout)
