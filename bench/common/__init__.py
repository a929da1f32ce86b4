"""What all parts of the comparison share."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
# What the comparison itself installs and writes.
WORK = ROOT / "target" / "bench"

# served.py: a free port, a page.
sys.path.insert(0, str(ROOT / "tests"))
