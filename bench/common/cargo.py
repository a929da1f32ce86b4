"""What cargo builds for the comparison."""

import functools
import json
import os
import subprocess
from pathlib import Path

from common import ROOT

CARGO = os.environ.get("CARGO", "cargo").split()


def run(*words, capture=False):
    """Runs cargo; what it prints on stdout if that is asked for."""
    output = subprocess.PIPE if capture else None
    return subprocess.run([*CARGO, *words], cwd=ROOT, check=True, text=True, stdout=output).stdout


@functools.cache
def bench_binary(name):
    """The program of a bench target; it is built if it is not there or not of this source."""
    messages = run(
        "bench", "--no-run", "--locked", "--quiet", "--bench", name, "--message-format=json", capture=True
    )
    for line in messages.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == name:
            return Path(message["executable"])
    raise AssertionError(f"cargo names no program for the bench {name}")


def build_release():
    """The binary that is measured, as `make release` builds it."""
    run("build", "--release", "--locked", "--bins")
