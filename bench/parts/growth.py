"""What a scan, an encoding, a scrape and memory grow by, from 1k to 500k series."""

import contextlib

from common import ROOT, WORK, plot
from common.exporter import Exporter, Simulator, encoding, series_of, world_of
from common.figures import AT_MOST, Goal, in_turn, judged, median, median_ratio
from common.figures import table as markdown
from common.peers import Nginx, Served, wrk

TITLE = "Growth with the number of series"
PACKAGES = ["nginx-light", "wrk"]
PYTHON = False

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "500k": 500_000}
INSTANCES = 20
# What grows: its unit, and what it is called.
KINDS = {
    "scan": ("s", "CPU of a scan, published"),
    "encode": ("ms", "CPU of an encoding"),
    "resident": ("MB", "resident memory"),
    "scrape": ("ms", "time of a scrape with gzip"),
}
# The two sizes of which the larger must not cost more for each series.
BEFORE, AFTER = "100k", "500k"
GOALS = {
    kind: Goal(f"{name}, for each series: {AFTER} series of {BEFORE}", AT_MOST, 1.1)
    for kind, (_, name) in KINDS.items()
}
# Each scan lists all: what is measured is a scan and not how well it is spared.
CONFIG = {"scan": {"stack_instances": {"refresh": "always"}}}
# A look at whether a scan has ended costs the exporter a pass over its products.
PAUSE = 0.25


def measure(setting):
    found = {label: {kind: [] for kind in [*KINDS, "nginx"]} for label in SIZES}
    with contextlib.ExitStack() as stack:
        servers = {}
        for label, series in SIZES.items():
            products, stack_sets = world_of(setting.sized(series))
            aws = stack.enter_context(Simulator.sized(products, stack_sets, INSTANCES))
            ours = stack.enter_context(Exporter(aws, CONFIG))
            text = ours.exposition()
            found[label] |= {"products": products, "series": series_of(text), "bytes": len(text)}
            found[label]["encode"] = encoding(aws, 3 * setting.rounds)["milliseconds"]
            served = Served(f"growth-{label}", text, ours.exposition(gzip=True))
            servers[label] = {"scrape": ours, "nginx": stack.enter_context(Nginx(served))}
        for nth in range(setting.rounds):
            for label in in_turn(SIZES, nth):
                ours, kinds = servers[label]["scrape"], found[label]
                before = ours.cpu_seconds()
                ours.scan(pause=PAUSE)
                kinds["scan"].append(ours.cpu_seconds() - before)
                for kind in in_turn(servers[label], nth):
                    server = servers[label][kind]
                    load = wrk(server, server.url, connections=1, seconds=1, gzip=True)
                    kinds[kind].append(1e3 / load["requests_per_second"])
                kinds["resident"].append(ours.resident_mb())
        for label in SIZES:
            found[label]["peak"] = servers[label]["scrape"].peak_mb()
    draw(found, WORK / "growth.svg" if setting.small else ROOT / "bench" / "growth.svg")
    return found


def draw(found, file):
    panels = []
    for kind, (unit, name) in KINDS.items():
        points = [(sized["series"], median(sized[kind])) for sized in found.values()]
        panels.append((f"{name}, {unit}", "series", points))
    plot.panels(file, panels)


def a_series(sized, kind, base):
    """What one series costs, in millionths of the unit; of memory what is above that of the smallest."""
    if kind == "resident":
        return (median(sized[kind]) - median(base[kind])) / (sized["series"] - base["series"]) * 1e6
    return median(sized[kind]) / sized["series"] * 1e6


def table(found):
    base = next(iter(found.values()))
    values = {
        kind: a_series(found[AFTER], kind, base) / a_series(found[BEFORE], kind, base) for kind in KINDS
    }
    rows, singles = [], []
    for label, sized in found.items():
        rows.append([
            label, sized["products"], sized["series"], sized["bytes"] / 1e6,
            *(median(sized[kind]) for kind in KINDS), median_ratio(sized["scrape"], sized["nginx"]), sized["peak"],
        ])
        first = sized is base
        costs = [None if first and kind == "resident" else a_series(sized, kind, base) for kind in KINDS]
        singles.append([label, *costs])
    head = ["", "products", "series", "plain MB", *(f"{name}, {unit}" for unit, name in KINDS.values())]
    head += ["of nginx's with the same bytes", "peak, MB"]
    units = {"scan": "µs", "encode": "ns", "resident": "bytes", "scrape": "ns"}
    return "\n".join([
        judged(GOALS, values),
        markdown(head, rows),
        "For each series; of memory, what is above that of the smallest:\n",
        markdown(["", *(f"{KINDS[kind][1]}, {unit}" for kind, unit in units.items())], singles),
        "Dashed: what grows in proportion.\n",
        "![Four curves over the number of series, each beside a line that grows in proportion](growth.svg)",
    ])
