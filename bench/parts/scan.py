"""Time and CPU of a scan, beside the calls alone, the limit, and the script that people write."""

import json
import math
import subprocess

from common import ROOT
from common.cargo import bench_binary
from common.exporter import Simulator
from common.figures import AT_MOST, Goal, in_turn, judged, median, median_ratio
from common.figures import table as markdown
from common.install import python
from common.processes import Program

TITLE = "A scan"
PACKAGES = []
PYTHON = True

PRODUCTS, STACK_SETS, INSTANCES, PAGE = 10_000, 500, 50, 20
# So many calls at once: the page chain alone and all calls divided by it then take the same time,
# which leaves the least room.
CONCURRENCY = 4
LATENCY_MS = 20
# One measurement is of so many scans, since time on the processor shakes; but of one where there is
# a pause before each.
SCANS, PAUSED = 3, "publishing"
# A scan at that latency takes ten seconds, and boto3's several times as long.
SLOW_ROUNDS, BOTO3_ROUNDS = 3, 1

LISTERS = {
    "exporter": "the exporter, only products with a problem shown",
    "publishing": "the exporter, every product published",
    "sdk": "a loop over the SDK",
    "raw": "hyper and serde_json, signed",
    "raw-unsigned": "hyper and serde_json, not signed",
}
BOTO3 = {
    "boto3": "a script with boto3 and prometheus_client",
    "boto3-threads": f"the same with {CONCURRENCY} threads",
}
NAMES = LISTERS | BOTO3
# Who is waited for when each call takes its time.
PATIENT = ["exporter", "sdk", "raw"]

GOALS = {
    "wall slow": Goal(
        f"time of a scan at {LATENCY_MS} ms a call: of the longer of the page chain and "
        "calls × latency ÷ concurrency", AT_MOST, 1.1,
    ),
    "wall": Goal("time of a scan at 0 ms a call: of the SDK's loop", AT_MOST, 1.1),
    "cpu": Goal("CPU of a scan: of the SDK's loop", AT_MOST, 1.1),
    "cpu boto3": Goal("CPU of a scan and its publication: of the script with boto3", AT_MOST, 0.1),
}


class Lister(Program):
    """`cargo bench --bench scan`, which scans once for each line that it is sent."""

    def __init__(self, name, aws, world):
        words = ["--lister", name, "--endpoint", aws.endpoint_url, "--concurrency", CONCURRENCY]
        super().__init__([bench_binary("scan"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._world = world

    def scan(self, times=1):
        """What so many scans take on average."""
        return average([self._scan() for _ in range(times)])

    def _scan(self):
        self.stdin.write("\n")
        self.stdin.flush()
        line = self.stdout.readline()
        assert line, f"it ended: {self.said()}"
        took = json.loads(line)
        self._world.check(took)
        return took


class World:
    """How much there is to list."""

    def __init__(self, setting):
        self.products, self.stack_sets = setting.sized(PRODUCTS), setting.sized(STACK_SETS)
        self.chain = math.ceil(self.products / PAGE)
        self.calls = self.chain + self.stack_sets * math.ceil(INSTANCES / PAGE)

    def simulator(self, latency_ms):
        return Simulator.sized(self.products, self.stack_sets, INSTANCES, latency_ms)

    def check(self, took):
        """Whoever lists less than all is quicker."""
        # The exporter asks once who it is.
        assert self.calls <= took["calls"] <= self.calls + 1, f"{took} instead of {self.calls} calls"
        assert took.get("products", self.products) == self.products, took
        assert took.get("instances", self.stack_sets * INSTANCES) == self.stack_sets * INSTANCES, took

    def bound(self, latency_ms):
        """The time that the calls take at least, in seconds."""
        return max(self.chain, self.calls / CONCURRENCY) * latency_ms / 1000


def average(scans):
    return {key: sum(scan[key] for scan in scans) / len(scans) for key in ("wall_seconds", "cpu_seconds")}


def boto3(name, aws, world):
    """One scan of the script, in a process of its own that begins to count when it begins to scan."""
    words = ["--once", "--endpoint-url", aws.endpoint_url]
    words += ["--threads", str(CONCURRENCY)] if name == "boto3-threads" else []
    script = ROOT / "bench" / "peers" / "boto3_exporter.py"
    said = subprocess.run(
        [python(), script, *words], check=True, text=True, stdout=subprocess.PIPE, env=aws.environment()
    )
    took = json.loads(said.stdout)
    world.check(took)
    return took


def measure(setting):
    world = World(setting)
    found = {"calls": world.calls, "products": world.products, "bound": world.bound(LATENCY_MS)}
    with world.simulator(0) as aws:
        found["quick"] = _quick(setting, aws, world)
    with world.simulator(LATENCY_MS) as aws:
        found["slow"] = _slow(setting, aws, world)
    return found


def _quick(setting, aws, world):
    listers = {name: Lister(name, aws, world) for name in LISTERS}
    rounds = {name: [] for name in NAMES}
    try:
        for lister in listers.values():
            # Connections are opened, and everything is listed for the first time.
            lister.scan()
        for nth in range(setting.rounds):
            slow = BOTO3 if nth < SLOW_ROUNDS else []
            for name in in_turn([*LISTERS, *slow], nth):
                times = 1 if name == PAUSED else SCANS
                rounds[name].append(listers[name].scan(times) if name in LISTERS else boto3(name, aws, world))
    finally:
        for lister in listers.values():
            lister.stop()
    return rounds


def _slow(setting, aws, world):
    listers = {name: Lister(name, aws, world) for name in PATIENT}
    rounds = {name: [] for name in [*PATIENT, *BOTO3]}
    try:
        for nth in range(min(setting.rounds, SLOW_ROUNDS)):
            for name in in_turn(PATIENT, nth):
                rounds[name].append(listers[name].scan())
    finally:
        for lister in listers.values():
            lister.stop()
    for _ in range(BOTO3_ROUNDS):
        for name in BOTO3:
            rounds[name].append(boto3(name, aws, world))
    return rounds


def _of(rounds, name, key):
    return [took[key] for took in rounds[name]]


def _ratio(rounds, ours, theirs, key):
    """Over the rounds that both took part in."""
    pairs = list(zip(_of(rounds, ours, key), _of(rounds, theirs, key)))
    return median_ratio([mine for mine, _ in pairs], [other for _, other in pairs])


def judge(found):
    """The value of each goal."""
    quick, slow = found["quick"], found["slow"]
    return {
        "wall slow": median(_of(slow, "exporter", "wall_seconds")) / found["bound"],
        "wall": _ratio(quick, "exporter", "sdk", "wall_seconds"),
        "cpu": _ratio(quick, "exporter", "sdk", "cpu_seconds"),
        "cpu boto3": _ratio(quick, "publishing", "boto3", "cpu_seconds"),
    }


def table(found):
    quick, slow = found["quick"], found["slow"]
    parts = [judged(GOALS, judge(found))]
    parts.append(
        f"\n{found['products']:,} products, {found['calls']:,} calls, {CONCURRENCY} at once. The time ends with "
        "the last call, not with the publication, which is paced; CPU is that of all. Without latency:\n\n"
    )
    rows = []
    for name, text in NAMES.items():
        wall, cpu = (median(_of(quick, name, key)) * 1000 for key in ("wall_seconds", "cpu_seconds"))
        ratios = [_ratio(quick, name, "sdk", key) for key in ("wall_seconds", "cpu_seconds")]
        rows.append([text, wall, ratios[0], cpu, ratios[1]])
    head = ["who lists", "time, ms", "of the SDK's", "CPU, ms", "of the SDK's"]
    parts.append(markdown(head, rows))
    parts.append(f"\nWith {LATENCY_MS} ms a call, where {found['bound']:.1f} s is the least that the calls take:\n\n")
    rows = []
    for name in slow:
        wall, cpu = (median(_of(slow, name, key)) for key in ("wall_seconds", "cpu_seconds"))
        rows.append([NAMES[name], wall, wall / found["bound"], _ratio(slow, name, "raw", "wall_seconds"), cpu])
    parts.append(markdown(["who lists", "time, s", "of the least", "of hyper's", "CPU, s"], rows))
    parts.append(
        "\nThe simulator's clock has steps of a millisecond, and a call takes a little more than its latency: what "
        "hyper and serde_json take is the least that can be had.\n"
    )
    return "".join(parts)
