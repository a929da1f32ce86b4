"""The exporter, and the simulated AWS that it scans."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from common import TARGET
from common.cargo import bench_binary
from common.processes import Program, answers, fetch, free_port

REGION = "eu-central-1"
# Those that the simulator knows; signatures are not verified.
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "any",
}


def binary():
    """The exporter that is measured: that of `cargo build --release`, or BENCH_EXPORTER."""
    given = os.environ.get("BENCH_EXPORTER")
    found = Path(given) if given else TARGET / "release" / "servicecatalog-exporter"
    assert os.access(found, os.X_OK), f"{found} is not there: cargo build --release --locked"
    return found.resolve()


class Simulator(Program):
    """The simulated AWS in a process of its own, so that what it uses is not counted.

    `words` are those of `cargo bench --bench peers`: "simulator" or "fleet", and its options.
    """

    def __init__(self, *words):
        # Its input ends with this process, and then it ends too, however this one ended.
        super().__init__([bench_binary("peers"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.endpoint_url = self.stdout.readline().strip()
        if not self.endpoint_url.startswith("http://"):
            said = self.said()
            self.stop()
            raise AssertionError(f"the simulator did not start: {said}")

    @classmethod
    def sized(cls, products, stack_sets=0, instances=0, latency_ms=0):
        return cls(
            "simulator", "--products", products, "--stack-sets", stack_sets,
            "--instances", instances, "--latency-ms", latency_ms,
        )

    def environment(self):
        """That of a program which is to scan it, with nothing of the caller's AWS in it."""
        return {**without_settings(os.environ), **KEYS, "AWS_ENDPOINT_URL": self.endpoint_url, "AWS_REGION": REGION}


def without_settings(environment):
    """An environment that does not set what is measured: no AWS, no flags of the exporter, no proxy."""
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    return {
        name: value for name, value in environment.items()
        if not name.startswith(("AWS_", "SERVICECATALOG_EXPORTER_")) and name.lower() not in proxies
    }


def merged(below, above):
    """A configuration with another one laid over it."""
    both = dict(below)
    for key, value in above.items():
        both[key] = merged(both[key], value) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
    return both


# One scan when it starts, and further ones when asked; no rate limit, since nobody has to be spared.
CONFIG = {
    "scan": {"interval": "1h", "serve_stale_for": "1d"},
    "aws": {"max_requests_per_second": 0},
    "metrics": {"max_series": 10_000_000},
    "web": {"enable_lifecycle": True},
    "log": {"level": "warn"},
}


@contextlib.contextmanager
def config_file(config):
    """A configuration as a file, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "exporter.yml")
        # JSON is YAML.
        file.write_text(json.dumps(config), encoding="utf-8")
        yield file


class Exporter(Program):
    """The exporter on a simulator, started and scanned once."""

    def __init__(self, simulator, config=None, *, environment=None, program=None, seconds=300):
        self.port = free_port()
        listening = {"web": {"listen_addresses": [f"127.0.0.1:{self.port}"]}}
        self._config = config_file(merged(merged(CONFIG, listening), config or {}))
        command = [program or binary(), f"--config.file={self._config.__enter__()}"]
        self.url = f"http://127.0.0.1:{self.port}/metrics"
        super().__init__(command, environment={**simulator.environment(), **(environment or {})})
        try:
            # It is ready when a scan of every target is published.
            ready = f"http://127.0.0.1:{self.port}/-/ready"
            self.wait_until(lambda: answers(ready), "a scan of every target is published", seconds)
            self.check()
        except BaseException:
            self.stop()
            raise

    def status(self):
        """What the status page says, as JSON."""
        code, _, body = fetch(f"http://127.0.0.1:{self.port}/api/v1/status")
        assert code == 200, f"the status answers {code}"
        return json.loads(body)

    def check(self):
        """Nothing failed: a short answer would be a quick one."""
        status = self.status()
        summary = status["summary"]
        failing = {key: summary[key] for key in ("failing", "stale", "never_scanned") if summary[key]}
        assert summary["targets"] and not failing, f"not every scan succeeded: {summary} {self.said()[-2000:]}"

    def scans(self):
        """How many scans of its one target are published."""
        return self.status()["targets"]["rows"][0]["scans"]

    def scan(self, seconds=300, pause=0.02):
        """One more scan of its one target, until it is published; the seconds that it took, to that
        pause. Each look takes time on its processor: the more products, the more."""
        before = self.scans()
        begun = time.monotonic()
        code, _, body = fetch(f"http://127.0.0.1:{self.port}/-/scan", method="POST")
        assert code == 202, f"it does not scan: {code} {body!r}"
        self.wait_until(lambda: self.scans() > before, "the next scan is published", seconds, pause)
        return time.monotonic() - begun

    def exposition(self, *, gzip=False):
        """The bytes of a scrape."""
        code, headers, body = fetch(self.url, gzip=gzip)
        assert code == 200 and (headers.get("Content-Encoding") == "gzip") == gzip, f"{code} {headers}"
        return body

    def stop(self, seconds=10):
        code = super().stop(seconds)
        self._config.__exit__(None, None, None)
        return code


def encoding(simulator, times, regions=()):
    """What encoding takes of all that is found at the simulator, in CPU: milliseconds, so many times,
    and the size of it. With regions it is an organisation."""
    words = [bench_binary("peers"), "encode", simulator.endpoint_url, "--times", str(times)]
    words += ["--regions", ",".join(regions)] if regions else []
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return {"milliseconds": [seconds * 1e3 for seconds in found["seconds"]], "gzip_bytes": found["gzip_bytes"]}


def series_of(text):
    """How many samples a plain exposition has."""
    return sum(1 for line in text.splitlines() if line and not line.startswith(b"#"))


def world_of(series):
    """How many products, and how many of them stack sets, have about so many series."""
    # Nine series a product; one in twenty is a stack set, which has four more.
    products = max(20, round(series / (9 + 4 / 20)))
    return products, products // 20
