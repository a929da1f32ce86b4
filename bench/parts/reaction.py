"""How soon a change in AWS is in the metrics, and what that costs: at a fixed interval, at two speeds, with events."""

import json
import math
import os
import subprocess

from common import ROOT, install
from common.cargo import bench_binary
from common.exporter import without_settings
from common.figures import AT_MOST, Goal, judged, median
from common.figures import table as markdown
from common.processes import Program

TITLE = "From a change to the metric"
PACKAGES = []
PYTHON = True

# In each account one operation: the interval in which they begin, that of what is busy, and how long
# each takes. In seconds that are not scaled.
ACCOUNTS, INTERVAL, BUSY, LASTS = 60, 300, 60, 180

WAYS = {"fixed": "`scan.pace: fixed`", "adaptive": "`scan.pace: adaptive`", "events": "fixed, with `events`"}
EDGES = {"begin": "begins", "end": "ends"}
SCAN, LIST = "ScanProvisionedProducts", "ListStackInstancesForProvisionedProduct"
# They count against no quota of Service Catalog.
QUEUE = ["ReceiveMessage", "DeleteMessageBatch"]
# An operation that ended before anybody looked.
NEVER = math.inf

GOALS = {
    "events": Goal("median seconds from a change to the metric, with events", AT_MOST, 10),
    "events_late": Goal("seconds within which nine of ten changes are there, with events", AT_MOST, 15),
    "adaptive": Goal("median seconds from the end of an operation to the metric, adaptive", AT_MOST, 45),
    "still_events": Goal("calls of a still world, with events: of those of fixed", AT_MOST, 1.05),
    "still_adaptive": Goal("calls of a still world, adaptive: of those of fixed", AT_MOST, 1.05),
    "moving_events": Goal("calls of a moving world, with events: of those of fixed", AT_MOST, 2),
    "moving_adaptive": Goal("calls of a moving world, adaptive: of those of fixed", AT_MOST, 2),
}


class Sqs(Program):
    """moto's server, for its SQS."""

    def __init__(self):
        words = [install.python(), ROOT / "tests" / "moto_server.py"]
        environment = {**without_settings(os.environ), "AWS_CONFIG_FILE": "/dev/null"}
        # It ends when its input does.
        super().__init__(words, environment=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.stdout.readline()
        if not line:
            said = self.said()
            self.stop()
            raise AssertionError(f"moto does not start: {said[-2000:]}")
        self.url = json.loads(line)["url"]


def measure(setting):
    sizes = {
        "--accounts": setting.sized(ACCOUNTS),
        "--interval": setting.sized(INTERVAL),
        "--busy": setting.sized(BUSY),
        "--lasts": setting.sized(LASTS),
    }
    words = [word for pair in sizes.items() for word in map(str, pair)]
    with Sqs() as sqs:
        command = [bench_binary("reaction"), "--sqs", sqs.url, *words]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    # Timers wait for a processor as everybody does; the average of 15 minutes is that of the run.
    load = {"load": os.getloadavg()[2], "cores": len(os.sched_getaffinity(0))}
    found = {"busy_seconds": sizes["--busy"], "lasts_seconds": sizes["--lasts"], **load, **json.loads(run.stdout)}
    for way, one in found["ways"].items():
        assert not one["failures"], f"{one['failures']} calls failed: {way}"
        unseen = one["end"].count(None)
        assert not unseen, f"the ends of {unseen} operations were not seen: {way}"
    return found


def waited(one, *edges):
    """The seconds of all these changes, sorted; what was never seen took for ever."""
    return sorted(NEVER if second is None else second for edge in edges for second in one[edge])


def nine_in_ten(waits):
    return waits[math.ceil(0.9 * len(waits)) - 1]


def calls(counts):
    """Those that count against the quotas of what is scanned."""
    return sum(count for name, count in counts.items() if name not in QUEUE)


def judge(found):
    """The value of each goal."""
    ways = found["ways"]
    both = waited(ways["events"], *EDGES)
    values = {"events": median(both), "events_late": nine_in_ten(both)}
    values["adaptive"] = median(waited(ways["adaptive"], "end"))
    for time in ("still", "moving"):
        for way in ("events", "adaptive"):
            values[f"{time}_{way}"] = calls(ways[way][time]) / calls(ways["fixed"][time])
    return values


def table(found):
    ways, many = found["ways"], len(found["changes"])
    still, moving = found["still_seconds"], found["moving_seconds"]
    parts = [judged(GOALS, judge(found))]
    parts.append(
        f"\nThree exporters side by side, each with a world of its own: {found['accounts']} accounts of "
        f"{found['products']} products, {found['stack_sets']} of them stack sets of {found['instances']} instances, "
        f"{found['latency_ms']:.0f} ms a call. Intervals are {still} s and {found['busy_seconds']} s, the rest is as "
        f"shipped. After {still} s in which nothing happens, one operation begins in each account at a moment of the "
        f"next {still} s and takes {found['lasts_seconds']} s; every second one fails, every third is that of a stack "
        "set. The same happens everywhere at the same moments. The load of the machine was "
        f"{found['load']:.1f} on {found['cores']} cores.\n\n"
        "Seconds from a change to the first publication that shows it:\n\n"
    )
    rows = []
    for edge, name in EDGES.items():
        for way, text in WAYS.items():
            waits = waited(ways[way], edge)
            seen = sum(wait < NEVER for wait in waits)
            figures = [median(waits), nine_in_ten(waits), waits[-1]]
            rows.append([f"an operation {name}", text, f"{seen} of {many}", *map(_seconds, figures)])
    parts.append(markdown(["what", "exporter", "seen", "median", "nine in ten", "worst"], rows))
    parts.append(
        "\nWhat began and ended between two scans was never seen; it counts as later than all others.\n\n"
        "Calls of AWS, without those of the queue:\n\n"
    )
    rows = []
    for time, name in [("still", f"{still} s of a still world"), ("moving", f"{moving} s with {many} operations")]:
        for way, text in WAYS.items():
            counts = ways[way][time]
            rest = calls(counts) - counts.get(SCAN, 0) - counts.get(LIST, 0)
            ratio = calls(counts) / calls(ways["fixed"][time])
            rows.append([name, text, counts.get(SCAN, 0), counts.get(LIST, 0), rest, calls(counts), ratio])
    head = ["when", "exporter", "pages of products", "listings of instances", "others", "all", "of fixed"]
    parts.append(markdown(head, rows))
    queue = {time: sum(ways["events"][time].get(name, 0) for name in QUEUE) for time in ("still", "moving")}
    parts.append(
        f"\nWith events come the calls of the queue: {queue['still']} in the first, {queue['moving']} in the second. A "
        "receive waits up to 20 s for messages.\n\n"
        "A message is on the queue as soon as something has changed, one for each begin and each end. AWS takes "
        "seconds to bring one there, and sends several for some operations; until Prometheus has the number, its scrape "
        "interval comes on top. Neither is part of this.\n"
    )
    return "".join(parts)


def _seconds(seconds):
    return "never" if seconds == NEVER else f"{seconds:.1f}"
