"""Compares the roles that deploy/ makes in AWS with what the exporter prints that it needs.

usage: tests/iam/check.py BINARY [NAME…]

BINARY is a built servicecatalog-exporter. Names choose tests, as those of unittest do.
"""

import os
import sys
import unittest
from pathlib import Path

if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
    sys.exit(__doc__)
os.environ["SERVICECATALOG_EXPORTER_TEST_BINARY"] = os.path.abspath(sys.argv.pop(1))
sys.dont_write_bytecode = True
every = sorted(file.stem for file in Path(__file__).parent.glob("test_*.py"))
unittest.main(module=None, argv=[sys.argv[0], *(sys.argv[1:] or every)])
