"""usage: tests/deploy/package.py DEB

Installs the Debian package with dpkg, upgrades, removes and purges it, in a copy of this machine's
root that is gone afterwards. Needs Debian 12 or newer and root. systemd does not run in there, so
nothing is started by it.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from sandbox import free_port, run, wait_for, with_own_mounts

NAME = "servicecatalog-exporter"
PROGRAM = f"/usr/bin/{NAME}"
CONFIG = f"/etc/{NAME}/{NAME}.yml"
DEFAULT = f"/etc/default/{NAME}"
STATE = f"/var/lib/{NAME}"
UNIT_LINK = f"etc/systemd/system/multi-user.target.wants/{NAME}.service"


def newer(package, folder):
    """The same package with a higher version and other defaults in its files."""
    tree = folder / "tree"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN" / "control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 999.0.0-1", control.read_text(), flags=re.MULTILINE))
    for path in (CONFIG, DEFAULT):
        with open(tree / path.lstrip("/"), "a") as file:
            file.write("# of the next version\n")
    run("dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, folder / "newer.deb")
    return folder / "newer.deb"


class Package(unittest.TestCase):
    """Each test begins with a copy of the machine on which nothing was installed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.newer = newer(DEB, cls.folder)

    def setUp(self):
        # What is written to the copy is in memory: an overlay cannot lie in its own lower folder.
        layers = Path(self.enterContext(tempfile.TemporaryDirectory()))
        run("mount", "-t", "tmpfs", "tmpfs", layers)
        self.addCleanup(run, "umount", "--recursive", layers)
        for name in ("upper", "work", "root"):
            (layers / name).mkdir()
        self.root = layers / "root"
        options = f"lowerdir=/,upperdir={layers}/upper,workdir={layers}/work"
        run("mount", "-t", "overlay", "overlay", "-o", options, self.root)
        run("mount", "-t", "proc", "proc", self.root / "proc")
        self.assertFalse(self.path(PROGRAM).exists(), f"{NAME} is installed on this machine: remove it first")
        for package in (DEB, self.newer):
            self.path("/tmp", package.name).write_bytes(package.read_bytes())

    def path(self, *parts):
        return self.root.joinpath(*(part.lstrip("/") for part in parts))

    def inside(self, *command):
        return run("chroot", self.root, *command)

    def as_user(self, user, *command):
        return subprocess.run(
            ["chroot", f"--userspec={user}:{user}" if user == NAME else f"--userspec={user}", self.root, *command],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def install(self, package=None, *options):
        # Quicker: nothing has to survive a crash, and no index of manual pages is made anew.
        return self.inside("dpkg", "--force-unsafe-io", "--no-triggers", *options, "--install", f"/tmp/{(package or DEB).name}")

    def owner(self, path):
        stat = self.path(path).stat()
        names = self.inside("stat", "--format=%U:%G", path).strip()
        return f"{names} {stat.st_mode & 0o7777:04o}"

    def test_lintian_finds_no_error_in_it(self):
        self.assertTrue(shutil.which("lintian"), "lintian is missing: apt-get install lintian")
        run("lintian", "--allow-root", "--fail-on", "error", DEB)

    def test_its_files_are_root_s_and_the_configuration_is_read_by_its_group_alone(self):
        self.install()
        self.assertEqual(self.owner(f"/etc/{NAME}"), f"root:{NAME} 0750")
        files = [path for path in self.inside("dpkg", "--listfiles", NAME).split() if self.path(path).is_file()]
        for line in self.inside("stat", "--format=%U:%G %a %n", *files).splitlines():
            self.assertRegex(line, "^root:root (644|755) ")
        allowed = self.as_user(NAME, PROGRAM, "check", f"--config.file={CONFIG}")
        self.assertEqual(allowed.returncode, 0, allowed.stdout)
        self.assertEqual(self.as_user("nobody", PROGRAM, "check", f"--config.file={CONFIG}").returncode, 1)

    def test_its_user_owns_nothing_and_cannot_log_in(self):
        self.install()
        name, _, _, _, _, home, shell = self.inside("getent", "passwd", NAME).strip().split(":")
        self.assertEqual((name, home), (NAME, "/"))
        self.assertIn("nologin", shell)
        owned = self.inside("find", "/etc", "/usr", "/var", "-xdev", "-user", NAME)
        self.assertEqual(owned, "")

    def test_serves_as_its_user_with_its_configuration_and_keeps_what_it_knows(self):
        self.install()
        # systemd makes the folder when the service starts.
        self.inside("install", "--directory", "--mode=700", f"--owner={NAME}", f"--group={NAME}", STATE)
        address = f"127.0.0.1:{free_port()}"
        demo = subprocess.Popen(
            ["chroot", f"--userspec={NAME}:{NAME}", self.root, PROGRAM, "demo", f"--config.file={CONFIG}",
             f"--web.listen-address={address}", f"--storage.path={STATE}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.addCleanup(demo.communicate)
        self.addCleanup(demo.kill)
        wait_for(demo, f"http://{address}/metrics", r"^servicecatalog_provisioned_products\{")
        demo.send_signal(signal.SIGTERM)
        self.assertEqual(demo.wait(timeout=10), 0)
        self.assertEqual(self.owner(f"{STATE}/snapshot"), f"{NAME}:{NAME} 0600")

    def test_runs_with_the_c_library_of_every_system_that_it_is_for(self):
        depends = run("dpkg-deb", "--field", DEB, "Depends")
        needed = re.search(r"\blibc6 \(>= ([0-9.]+)\)", depends)
        # Amazon Linux 2023 and Red Hat Enterprise Linux 9 have 2.34, for the tarball.
        self.assertLessEqual([int(part) for part in needed[1].split(".")], [2, 34], depends)

    def test_has_a_manual_page_completions_and_examples_that_can_be_read(self):
        self.install()
        self.assertIn("SERVICE CATALOG", self.inside("gzip", "-dc", f"/usr/share/man/man1/{NAME}.1.gz").upper())
        self.inside("bash", "-n", f"/usr/share/bash-completion/completions/{NAME}")
        files = self.inside("dpkg", "--listfiles", NAME)
        for example in ("web-config-example.yml", "prometheus/rules.yml", "alertmanager/alertmanager.yml"):
            self.assertIn(f"/examples/{example}", files)

    def test_an_upgrade_keeps_what_was_changed_and_renews_what_was_not(self):
        self.install()
        ours = self.path(CONFIG).read_text() + "\nscan: {interval: 10m}\n"
        self.path(CONFIG).write_text(ours)
        self.path(f"/etc/{NAME}/web-config.yml").write_text("basic_auth_users: {}\n")
        self.path(STATE).mkdir(mode=0o700)
        self.path(STATE, "snapshot").write_text("what was known\n")
        self.install(self.newer, "--force-confold")
        self.assertEqual(self.path(CONFIG).read_text(), ours)
        self.assertEqual(self.path(STATE, "snapshot").read_text(), "what was known\n")
        self.assertIn("of the next version", self.path(DEFAULT).read_text())
        self.assertIn("of the next version", self.path(f"{CONFIG}.dpkg-dist").read_text())
        self.assertEqual(self.owner(f"/etc/{NAME}"), f"root:{NAME} 0750")
        self.assertIn("999.0.0-1", self.inside("dpkg-query", "--show", NAME))

    def test_is_enabled_when_installed_and_stays_off_where_it_was_switched_off(self):
        self.install()
        self.assertTrue(os.path.lexists(self.path(UNIT_LINK)))
        self.inside("systemctl", "disable", "--quiet", NAME)
        self.install(self.newer)
        self.assertFalse(os.path.lexists(self.path(UNIT_LINK)))

    def test_removed_it_leaves_configuration_and_state_and_purged_only_what_is_not_its_own(self):
        self.install()
        self.path(f"/etc/{NAME}/server.key").write_text("not ours to delete\n")
        # systemd makes the folder when the service starts.
        self.path(STATE).mkdir(mode=0o700)
        self.path(STATE, "snapshot").write_text("what was known\n")
        self.inside("dpkg", "--remove", NAME)
        self.assertTrue(self.path(STATE, "snapshot").exists())
        self.assertFalse(self.path(PROGRAM).exists())
        self.assertTrue(self.path(CONFIG).exists())
        self.assertTrue(self.path(DEFAULT).exists())

        self.inside("dpkg", "--purge", NAME)
        left = self.inside("find", "/etc", "/usr", "/lib", "/var/lib", "-xdev", "-name", f"*{NAME}*").split()
        self.assertEqual(left, [f"/etc/{NAME}"])
        self.assertEqual([path.name for path in self.path(f"/etc/{NAME}").iterdir()], ["server.key"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with_own_mounts()
    DEB = Path(sys.argv.pop()).absolute()
    unittest.main()
