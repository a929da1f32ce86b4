"""Writes the rules that the chart gives to the Prometheus Operator, as a file for promtool.

usage: python tests/chart/rendered_rules.py FILE

Then the unit tests of the rules hold for them too: python tests/rule_tests.py --rules FILE
"""

import sys

import yaml

from support import MATRIX, of_kind


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    spec = of_kind("PrometheusRule", MATRIX["rules-and-dashboards"])["spec"]
    with open(arguments[0], "w", encoding="utf-8") as file:
        yaml.safe_dump(spec, file, sort_keys=False)


main(sys.argv[1:])
