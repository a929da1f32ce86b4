"""Brings what is compared with the exporter: Debian packages, and Python packages below target/.

Quick when everything is there. As tools/install, no package may start a daemon.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from common import ROOT, WORK

VENV = WORK / "venv"
REQUIREMENTS = ROOT / "bench" / "requirements.txt"
# The package, and what shows that it is there: a program, or a library by its path.
PACKAGES = {
    "nginx-light": "nginx",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "valgrind": "valgrind",
    "wrk": "wrk",
    "libjemalloc2": "/usr/lib/*/libjemalloc.so.2",
    "libmimalloc2.0": "/usr/lib/*/libmimalloc.so.2.0",
}
# Those that would run a daemon at the next boot.
DAEMONS = {"nginx-light": "nginx", "prometheus-node-exporter": "prometheus-node-exporter"}
POLICY = Path("/usr/sbin/policy-rc.d")


def program(name):
    """Where a program is; daemons are not in the PATH of everybody."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    assert found, f"{name} is not there"
    return found


def library(package):
    """Where the library of a package is, for LD_PRELOAD."""
    found = sorted(glob.glob(PACKAGES[package]))
    assert found, f"{package} is not there"
    return found[0]


def is_there(package):
    try:
        return bool(library(package) if PACKAGES[package].startswith("/") else program(PACKAGES[package]))
    except AssertionError:
        return False


def packages(names):
    """Installs those of the Debian packages that are missing."""
    missing = sorted(name for name in set(names) if not is_there(name))
    if not missing:
        return
    remedy = f"install these, or what your system calls them: {' '.join(missing)}"
    if not shutil.which("apt-get"):
        sys.exit(f"bench: there is no apt-get here; {remedy}")
    print(f"bench: installing {' '.join(missing)}", flush=True)
    ours = not POLICY.exists()
    if ours:
        as_root("tee", POLICY, text="#!/bin/sh\nexit 101\n")
        as_root("chmod", "755", POLICY)
    try:
        as_root("apt-get", "update", "--quiet", "--quiet")
        as_root(
            "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet", "--quiet",
            "--no-install-recommends", *missing,
        )
    except subprocess.CalledProcessError:
        sys.exit(f"bench: apt-get failed, see above; {remedy}")
    finally:
        if ours:
            as_root("rm", "-f", POLICY)
    for package in missing:
        if package in DAEMONS and shutil.which("systemctl"):
            as_root("systemctl", "disable", "--quiet", DAEMONS[package], check=False)
    if missing := [name for name in missing if not is_there(name)]:
        sys.exit(f"bench: installed, but still not found: {' '.join(missing)}")


def as_root(*words, text="", check=True):
    before = [] if os.geteuid() == 0 else ["sudo"] if sys.stdin.isatty() else ["sudo", "--non-interactive"]
    words = [*before, *map(str, words)]
    subprocess.run(words, input=text, text=True, check=check, stdout=subprocess.DEVNULL)


def python():
    """The Python that has what bench/requirements.txt names; made if it is not there."""
    # The stamp names what was installed, so that a changed requirement is installed anew.
    stamp = VENV / f"stamp-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    found = VENV / "bin" / "python"
    if not (stamp.exists() and found.exists()):
        print(f"bench: installing bench/requirements.txt into {VENV.relative_to(ROOT)}", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        pip = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True, stdin=subprocess.DEVNULL)
        stamp.touch()
    return found
