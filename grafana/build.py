#!/usr/bin/env python3
"""Writes the dashboards: `python grafana/build.py`; `--check` names those that are not current."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True

from dashboards import exporter, fleet, product, versions

HERE = Path(__file__).resolve().parent
FILES = {
    "servicecatalog-fleet.json": fleet.build,
    "servicecatalog-product.json": product.build,
    "servicecatalog-versions.json": versions.build,
    "servicecatalog-exporter.json": exporter.build,
}


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit("usage: build.py [--check]")
    stale = []
    for name, build in FILES.items():
        file = HERE / name
        written = build().encode()
        if not arguments:
            file.write_bytes(written)
        elif not file.is_file() or file.read_bytes() != written:
            stale.append(name)
    if stale:
        sys.exit(f"not current, run grafana/build.py: {', '.join(stale)}")


if __name__ == "__main__":
    main(sys.argv[1:])
