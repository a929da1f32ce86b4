"""usage: tests/deploy/image.py BINARY

Makes the root file system of the image from BINARY and runs it as a container would: as its user, its
root read-only, with nothing of this machine but the network and /proc. Then builds the last stages of
the Dockerfile around it with buildah, and looks at what the image says. Needs Debian and root; no
container engine, and no registry.
"""

import filecmp
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from sandbox import free_port, get, run, wait_for, with_own_mounts

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
USER = re.search(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[1]
PROGRAM = "/usr/bin/servicecatalog-exporter"
# A name that only the image's own /etc/hosts knows, as an engine mounts one.
HOST = "container.example"


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.files = folder / "rootfs"
        run(ROOT / "deploy" / "docker" / "rootfs", BINARY, cls.files)
        cls.root = folder / "run"
        cls.root.mkdir()
        # What an engine adds: mount points and the file of names.
        run("mount", "-t", "tmpfs", "tmpfs", cls.root)
        cls.addClassCleanup(run, "umount", "--recursive", cls.root)
        run("cp", "--archive", f"{cls.files}/.", cls.root)
        (cls.root / "proc").mkdir()
        (cls.root / "etc" / "hosts").write_text(f"127.0.0.1 {HOST}\n")
        run("mount", "-t", "proc", "proc", cls.root / "proc")
        run("mount", "-o", "remount,ro", cls.root)

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [shutil.which("chroot"), f"--userspec={USER}", self.root, PROGRAM, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )

    def end(self, process):
        if process.poll() is None:
            process.kill()
        return process.communicate()[0]

    def test_serves_as_its_user_with_a_read_only_root_and_ends_when_asked(self):
        address = f"127.0.0.1:{free_port()}"
        demo = self.start("demo", SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS=address)
        self.addCleanup(self.end, demo)
        wait_for(demo, f"http://{address}/metrics", r"^servicecatalog_provisioned_products\{")
        self.assertRegex(get(f"http://{address}/metrics"), r"(?m)^process_start_time_seconds \S+$")
        owner = os.stat(f"/proc/{demo.pid}")
        self.assertEqual(f"{owner.st_uid}:{owner.st_gid}", USER)

        asked = self.start("healthcheck", SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS=address)
        self.assertEqual(asked.wait(timeout=10), 0, self.end(asked))

        demo.send_signal(signal.SIGTERM)
        self.assertEqual(demo.wait(timeout=10), 0)

    def test_its_health_check_fails_where_nobody_answers(self):
        asked = self.start("healthcheck", SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS=f"127.0.0.1:{free_port()}")
        self.assertEqual(asked.wait(timeout=10), 1, self.end(asked))

    def test_finds_names_without_the_files_of_a_distribution(self):
        port = free_port()
        demo = self.start("demo", f"--web.listen-address={HOST}:{port}")
        self.addCleanup(self.end, demo)
        wait_for(demo, f"http://127.0.0.1:{port}/-/healthy", "ealthy")

    def test_holds_one_program_and_the_loader_of_its_libraries(self):
        programs = [
            str(path.relative_to(self.files)) for path in self.files.rglob("*")
            if path.is_file() and os.access(path, os.X_OK) and ".so" not in path.name
        ]
        self.assertEqual(programs, [PROGRAM.lstrip("/")])

    def test_holds_the_certificates_of_public_authorities(self):
        bundle = (self.files / "etc/ssl/certs/ca-certificates.crt").read_text()
        self.assertGreater(bundle.count("BEGIN CERTIFICATE"), 50)

    def test_says_which_packages_its_files_are_from_and_their_licences(self):
        said = {path.name for path in (self.files / "var/lib/dpkg/status.d").iterdir()}
        self.assertIn("ca-certificates", said)
        if list(self.files.rglob("libc.so.6")):
            self.assertIn("libc6", said)
        for package in said:
            self.assertTrue((self.files / "usr/share/doc" / package / "copyright").read_text())

    def test_nothing_in_it_can_be_written_by_its_user(self):
        writable = [
            path for path in [self.files, *self.files.rglob("*")]
            if path.stat().st_uid != 0 or path.stat().st_mode & 0o022
        ]
        # The folder itself is made by whoever builds, with that one's mask.
        self.assertEqual(writable, [])


class Built(unittest.TestCase):
    """The image that the Dockerfile makes where its stage `build` has done its work."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which("buildah"):
            raise AssertionError("buildah is missing: apt-get install --no-install-recommends buildah")
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        built = cls.folder / "build"
        run(ROOT / "deploy" / "docker" / "rootfs", BINARY, built / "rootfs")
        (built / "binary").mkdir()
        shutil.copy(BINARY, built / "binary" / "servicecatalog-exporter")
        (built / "state").mkdir()
        (built / "state" / "servicecatalog-exporter").mkdir(mode=0o700)
        cls.rootfs = built / "rootfs"
        cls.buildah(
            "build", f"--build-context=build={built}", "--format=docker", "--tag=image", "--build-arg=VERSION=1.2.3",
            "--build-arg=REVISION=abc", "--file=deploy/docker/Dockerfile", ".",
        )

    @classmethod
    def buildah(cls, *arguments):
        # A store of its own, of plain folders: it works on every file system.
        store = (f"--root={cls.folder}/store", f"--runroot={cls.folder}/run", "--storage-driver=vfs")
        return run("buildah", *store, *arguments, cwd=ROOT)

    def test_says_who_it_runs_as_what_it_runs_and_how_its_health_is_asked(self):
        said = json.loads(self.buildah("inspect", "--type=image", "image"))["Docker"]["config"]
        self.assertEqual(said["User"], USER)
        self.assertEqual(said["Entrypoint"], [PROGRAM])
        self.assertEqual(said["Healthcheck"]["Test"], ["CMD", PROGRAM, "healthcheck"])
        self.assertEqual(list(said["ExposedPorts"]), ["10419/tcp"])
        labels = {key.removeprefix("org.opencontainers.image."): value for key, value in said["Labels"].items()}
        self.assertEqual((labels["version"], labels["revision"]), ("1.2.3", "abc"))
        self.assertEqual(labels["licenses"], "Apache-2.0")

    def test_holds_the_root_file_system_and_nothing_else(self):
        container = self.buildah("from", "image").strip()
        mounted = Path(self.buildah("mount", container).strip())

        def files(root):
            return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

        self.assertEqual(files(mounted), files(self.rootfs))
        _, differ, unread = filecmp.cmpfiles(mounted, self.rootfs, files(mounted), shallow=False)
        self.assertEqual((differ, unread), ([], []))

    def test_has_one_folder_that_its_user_may_write_for_a_volume(self):
        container = self.buildah("from", "image").strip()
        mounted = Path(self.buildah("mount", container).strip())
        writable = [path for path in mounted.rglob("*") if path.stat().st_uid != 0 or path.stat().st_mode & 0o022]
        self.assertEqual(writable, [mounted / "var/lib/servicecatalog-exporter"])
        stat = writable[0].stat()
        self.assertEqual((f"{stat.st_uid}:{stat.st_gid}", stat.st_mode & 0o7777), (USER, 0o700))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with_own_mounts()
    BINARY = sys.argv.pop()
    unittest.main()
