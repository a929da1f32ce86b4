"""Checks what decides about a release and what packs it, deploy/release/, without releasing anything."""

import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import helm_python

ROOT = Path(__file__).parent.parent.parent
CARGO = '[package]\nname = "servicecatalog-exporter"\nversion = "1.2.3"\n'
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2027-01-31

### Added

- Something.

## [1.2.2] - 2027-01-01

### Fixed

- Something else.
"""


def load(path):
    """The script as a module; its name has no ending."""
    loader = importlib.machinery.SourceFileLoader("notes", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("notes", loader))
    loader.exec_module(module)
    return module


# Nothing is left beside the scripts of deploy/.
sys.dont_write_bytecode = True
NOTES = load(ROOT / "deploy/release/notes")


class Notes(unittest.TestCase):
    def refused(self, remedy, tag="v1.2.3", cargo=CARGO, changelog=CHANGELOG):
        with self.assertRaises(NOTES.Refused) as refusal:
            NOTES.notes(tag, cargo, changelog)
        self.assertIn(remedy, str(refusal.exception))

    def test_they_are_the_section_of_the_version_without_its_heading(self):
        self.assertEqual(NOTES.notes("v1.2.3", CARGO, CHANGELOG), "### Added\n\n- Something.")

    def test_those_of_the_oldest_version_end_with_the_file(self):
        self.assertEqual(
            NOTES.notes("v1.2.2", CARGO.replace("1.2.3", "1.2.2"), CHANGELOG), "### Fixed\n\n- Something else."
        )

    def test_a_candidate_is_a_version_of_its_own(self):
        self.refused("Cargo.toml says 1.2.3", tag="v1.2.3-rc.1")
        self.refused("no section of 1.2.3-rc.1", tag="v1.2.3-rc.1", cargo=CARGO.replace("1.2.3", "1.2.3-rc.1"))

    def test_a_tag_that_is_no_version_is_refused(self):
        for tag in ("1.2.3", "v1.2", "v1.2.3; rm -rf", "v1.2.3\n", "latest"):
            self.refused("no version", tag=tag)

    def test_another_version_in_cargo_toml_is_refused(self):
        self.refused("set its version to 1.2.4", tag="v1.2.4")

    def test_a_version_of_which_the_changelog_says_nothing_is_refused(self):
        self.refused("no section of 1.2.3", changelog=CHANGELOG.replace("1.2.3", "1.2.1"))
        self.refused("no date", changelog=CHANGELOG.replace("[1.2.3] - 2027-01-31", "[1.2.3]"))
        self.refused("says nothing of 1.2.3", changelog=CHANGELOG.replace("### Added\n\n- Something.\n", ""))

    def test_the_changelog_of_this_project_has_headings_that_they_know(self):
        text = (ROOT / "CHANGELOG.md").read_text()
        known = {heading[0] for heading in NOTES.HEADING.finditer(text)}
        self.assertEqual({line for line in text.splitlines() if line.startswith("## ")}, known)


class Pack(unittest.TestCase):
    """In a copy of the project, with stand-ins for the binary and for cargo-deb."""

    def setUp(self):
        self.project = Path(self.enterContext(tempfile.TemporaryDirectory()))
        files = subprocess.run(
            ["git", "ls-files", "-z", "deploy", "*.md", "LICENSE"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                copy = self.project / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes((ROOT / name).read_bytes())
                copy.chmod((ROOT / name).stat().st_mode)
        self.program("target/release/servicecatalog-exporter", 'if [ "$1" = --version ]; then echo "servicecatalog-exporter 1.2.3"; else echo "$@"; fi')
        self.program("bin/cargo-deb", 'echo "$@" >cargo-deb.called')
        self.program("bin/git", "echo 1800000000")

    def program(self, name, script):
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def pack(self, *arguments):
        return subprocess.run(
            [self.project / "deploy/release/pack", *arguments], text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{self.project}/bin:{os.environ['PATH']}"},
        )

    def test_the_tarball_has_what_the_documentation_installs_from_it(self):
        done = self.pack("1.2.3", "amd64")
        self.assertEqual(done.returncode, 0, done.stdout)
        name = "servicecatalog-exporter-1.2.3-linux-amd64"
        with tarfile.open(self.project / f"dist/{name}.tar.gz") as tar:
            members = {member.name.removeprefix(f"{name}/"): member for member in tar if member.isfile()}
        installed = []
        for line in (ROOT / "docs/systemd.md").read_text().splitlines():
            if line.startswith("install -m "):
                installed.append(line.split()[3])
        self.assertGreater(len(installed), 3)
        for path in [*installed, "LICENSE", "servicecatalog-exporter.1", "web-config-example.yml"]:
            self.assertIn(path, members)
        for member in members.values():
            self.assertEqual((member.uid, member.gid, member.mode & 0o022), (0, 0, 0), member.name)
        self.assertEqual(members["servicecatalog-exporter"].mode, 0o755)

    def test_the_same_input_makes_the_same_tarball(self):
        def digest():
            done = self.pack("1.2.3", "arm64")
            self.assertEqual(done.returncode, 0, done.stdout)
            return hashlib.sha256((self.project / "dist/servicecatalog-exporter-1.2.3-linux-arm64.tar.gz").read_bytes())

        first = digest().hexdigest()
        for path in self.project.rglob("*.md"):
            os.utime(path, (1, 1))
        self.assertEqual(digest().hexdigest(), first)

    def test_a_binary_of_another_version_is_refused(self):
        done = self.pack("1.2.4", "amd64")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is version 1.2.3, not 1.2.4", done.stdout)
        self.assertFalse((self.project / "cargo-deb.called").exists())


class Chart(unittest.TestCase):
    """In a copy of the chart."""

    IMAGE = "registry.example.com/team/servicecatalog-exporter"

    def setUp(self):
        self.project = Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copytree(ROOT / "deploy", self.project / "deploy")
        shutil.copytree(ROOT / "grafana", self.project / "grafana")

    def run_in_copy(self, *command):
        return subprocess.run(
            command, cwd=self.project, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def test_what_is_published_takes_its_image_from_where_that_was_pushed_to(self):
        done = self.run_in_copy("deploy/release/chart", self.IMAGE)
        self.assertEqual(done.returncode, 0, done.stdout)
        with helm_python.Chart.load(self.project / "deploy/helm/servicecatalog-exporter") as chart:
            made = chart.render({}, name="prod", namespace="monitoring")
        text = next(text for name, text in made.items() if name.endswith("/workload.yaml"))
        self.assertIn(f"image: {self.IMAGE}:", text.replace('"', ""))
        # Its README and the defaults for --reuse-values say the same.
        done = self.run_in_copy(sys.executable, "deploy/helm/build.py", "--check")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_is_no_name_of_an_image_is_refused(self):
        for image in ("ghcr.io/Team/exporter", "exporter", "ghcr.io/team/exporter:1.2.3"):
            done = self.run_in_copy("deploy/release/chart", image)
            self.assertEqual(done.returncode, 1, image)
            self.assertIn("is no name of an image", done.stdout)


if __name__ == "__main__":
    unittest.main()
