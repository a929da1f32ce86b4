"""What serves the same bytes, or the same products, as the exporter."""

import os
import re
import subprocess

from common import ROOT, WORK, install
from common.cargo import bench_binary
from common.exporter import series_of
from common.processes import Program, answers, fetch, free_port, listens

PEERS = ROOT / "bench" / "peers"


class Served:
    """A folder with an exposition, plain and gzip, as it came from the exporter."""

    def __init__(self, name, plain, gzip):
        self.folder = WORK / "served" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.plain, self.gzip = self.folder / "metrics", self.folder / "metrics.gz"
        self.plain.write_bytes(plain)
        self.gzip.write_bytes(gzip)


class Nginx(Program):
    def __init__(self, served):
        port = free_port()
        # Workers of a root's nginx are nobody, who may not reach the folder.
        user = "user root root;" if os.geteuid() == 0 else ""
        template = (PEERS / "nginx.conf").read_text(encoding="utf-8")
        config = served.folder / "nginx.conf"
        config.write_text(template.replace("@USER@", user).replace("@PORT@", str(port)), encoding="utf-8")
        (served.folder / "temporary").mkdir(exist_ok=True)
        super().__init__([install.program("nginx"), "-p", served.folder, "-c", config])
        self.url = f"http://127.0.0.1:{port}/metrics"
        _ready(self, lambda: answers(self.url))


class Hyper(Program):
    def __init__(self, served):
        words = [bench_binary("peers"), "hyper", served.plain, served.gzip]
        super().__init__(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.stdout.readline().strip()
        _ready(self, lambda: answers(self.url))


# Families that node_exporter and prometheus_client have of their own.
OWN = re.compile(rb"^(?:# (?:HELP|TYPE) )?(?:process|go|promhttp|python)_")


class NodeExporter(Program):
    """node_exporter with nothing but its textfile collector."""

    def __init__(self, served):
        folder = served.folder / "textfile"
        folder.mkdir(exist_ok=True)
        lines = served.plain.read_bytes().splitlines(keepends=True)
        (folder / "servicecatalog.prom").write_bytes(b"".join(line for line in lines if not OWN.match(line)))
        port = free_port()
        super().__init__([
            install.program("prometheus-node-exporter"), "--collector.disable-defaults", "--collector.textfile",
            f"--collector.textfile.directory={folder}", "--web.disable-exporter-metrics",
            f"--web.listen-address=127.0.0.1:{port}",
        ])
        self.url = f"http://127.0.0.1:{port}/metrics"
        _ready(self, lambda: listens(port))


class Boto3Exporter(Program):
    """The script with boto3 and prometheus_client, after its first scan of the same simulated AWS."""

    def __init__(self, simulator):
        port = free_port()
        words = [install.python(), PEERS / "boto3_exporter.py", "--listen", f"127.0.0.1:{port}", "--interval", "86400"]
        super().__init__(words, environment=simulator.environment())
        self.url = f"http://127.0.0.1:{port}/metrics"
        _ready(self, lambda: listens(port), seconds=300)


def _ready(program, is_there, seconds=60):
    try:
        program.wait_until(is_there, "it answers", seconds)
    except BaseException:
        program.stop()
        raise


def wrk(program, url, *, connections, seconds, gzip):
    """Loads a server: its requests a second, and its CPU for each of them, in seconds."""
    words = [
        install.program("wrk"), "--threads", "1", "--connections", str(connections),
        "--duration", f"{seconds}s", "--timeout", "30s",
    ]
    words += ["--header", "Accept-Encoding: gzip"] if gzip else []
    before = program.cpu_seconds()
    ran = subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout
    used = program.cpu_seconds() - before
    assert "Non-2xx" not in ran and "Socket errors" not in ran, f"{url} does not hold:\n{ran}"
    requests = int(re.search(r"(\d+) requests in", ran)[1])
    assert requests, f"{url} answered nothing in {seconds} s:\n{ran}"
    return {"requests_per_second": float(re.search(r"Requests/sec:\s*([\d.]+)", ran)[1]), "cpu": used / requests}


def some(program, url, *, times, gzip=True):
    """The same of a server that is too slow to be loaded: CPU for each of some scrapes, in seconds."""
    before = program.cpu_seconds()
    for _ in range(times):
        code, headers, _ = fetch(url, gzip=gzip)
        assert code == 200 and (headers.get("Content-Encoding") == "gzip") == gzip, f"{url}: {code} {headers}"
    return {"cpu": (program.cpu_seconds() - before) / times}


def series_at(url):
    """How many samples an exposition has, and how large it is."""
    code, _, body = fetch(url)
    assert code == 200, f"{url} answers {code}"
    return {"series": series_of(body), "bytes": len(body)}
