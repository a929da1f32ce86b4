"""Requests a second and CPU of a scrape, beside a web server, the limit, and what people use."""

import re
import subprocess

from common.cargo import bench_binary
from common.exporter import Exporter, Simulator, world_of
from common.figures import AT_LEAST, AT_MOST, Goal, in_turn, judged, median, median_ratio
from common.figures import table as markdown
from common.peers import Boto3Exporter, Hyper, Nginx, NodeExporter, Served, series_at, some, wrk

TITLE = "A scrape"
PACKAGES = ["nginx-light", "wrk", "prometheus-node-exporter"]
PYTHON = True

SIZES = {"10k": 10_000, "100k": 100_000}
CONNECTIONS = [1, 16]
SECONDS = 3
# Of a server that takes a second or so for each.
SLOW_SCRAPES = 2
SERVERS = ["exporter", "nginx", "hyper"]


def _goals():
    goals = {}
    for size in SIZES:
        for connections in CONNECTIONS:
            where = f"{size} series, {_scrapers(connections)}"
            for server, limit in [("nginx", 0.9), ("hyper", 0.97)]:
                what = f"requests a second with gzip, {where}: of those of {NAMES[server]}"
                goals[f"gzip {size} {connections} {server}"] = Goal(what, AT_LEAST, limit)
    for connections in CONNECTIONS:
        what = f"requests a second of plain text, 10k series, {_scrapers(connections)}: of those of nginx"
        goals[f"plain 10k {connections} nginx"] = Goal(what, AT_LEAST, 0.85)
    for size in SIZES:
        for slow, name in SLOW.items():
            what = f"CPU of a scrape with gzip, {size} series: of that of {name}"
            goals[f"cpu {size} {slow}"] = Goal(what, AT_MOST, 1 / 500)
    goals["allocated"] = Goal("kB that a scrape with gzip of 100k series allocates", AT_MOST, 8)
    goals["allocated more"] = Goal("bytes that it allocates more than one of 1k series", AT_MOST, 0)
    return goals


def _scrapers(connections):
    return "1 scraper" if connections == 1 else f"{connections} scrapers"


NAMES = {"exporter": "the exporter", "nginx": "nginx", "hyper": "bare hyper"}
SLOW = {"node": "node_exporter's textfile collector", "boto3": "prometheus_client"}
GOALS = _goals()


def measure(setting):
    found = {"loads": [], "slow": {}, "served": {}, "allocations": allocations()}
    for size, series in SIZES.items():
        products, stack_sets = world_of(setting.sized(series))
        with Simulator.sized(products, stack_sets, 20) as aws, Exporter(aws) as ours:
            served = Served(size, ours.exposition(), ours.exposition(gzip=True))
            found["served"][size] = {"exporter": series_at(ours.url) | {"gzip": served.gzip.stat().st_size}}
            with Nginx(served) as nginx, Hyper(served) as hyper:
                servers = {"exporter": ours, "nginx": nginx, "hyper": hyper}
                for gzip in [True, False]:
                    for connections in CONNECTIONS:
                        # Plain text of the larger size is no goal.
                        seconds = SECONDS if gzip or size == "10k" else 1
                        rounds = _load(setting, servers, connections, gzip, seconds)
                        found["loads"].append({"size": size, "gzip": gzip, "connections": connections} | rounds)
            with NodeExporter(served) as node, Boto3Exporter(aws) as boto3:
                slow = {"node": node, "boto3": boto3}
                for name, server in slow.items():
                    found["served"][size][name] = series_at(server.url)
                found["slow"][size] = _slow(setting, ours, slow)
    return found


def _load(setting, servers, connections, gzip, seconds):
    """Each server under the same load, in turn."""
    rounds = {name: [] for name in servers}
    for nth in range(setting.rounds):
        for name in in_turn(servers, nth):
            server = servers[name]
            load = {"connections": connections, "seconds": setting.seconds(seconds), "gzip": gzip}
            rounds[name].append(wrk(server, server.url, **load))
    return rounds


def _slow(setting, ours, slow):
    """The CPU of a scrape, of ours over a second of them, of the slow ones over some."""
    rounds = {name: [] for name in ["exporter", *slow]}
    for nth in range(setting.rounds):
        for name in in_turn(rounds, nth):
            if name == "exporter":
                measured = wrk(ours, ours.url, connections=1, seconds=1, gzip=True)
            else:
                measured = some(slow[name], slow[name].url, times=SLOW_SCRAPES)
            rounds[name].append(measured["cpu"])
    return rounds


def allocations():
    """What a scrape allocates, by series: its bytes, how often it allocates, and how much."""
    said = subprocess.run([bench_binary("encode"), "--counts-only"], check=False, capture_output=True, text=True)
    lines = said.stdout.partition("a scrape with gzip\n")[2].splitlines()[1:]
    rows = [re.fullmatch(r" *(\d+) +(\d+) +(\d+) +(\d+)", line) for line in lines]
    rows = [[int(number) for number in row.groups()] for row in rows[: rows.index(None)]]
    assert len(rows) > 1, f"the bench encode does not count a scrape: {said.stdout} {said.stderr}"
    return rows


def _of(rounds, name, key):
    return [one[key] for one in rounds[name]]


def judge(found):
    """The value of each goal."""
    values = {}
    for load in found["loads"]:
        kind = "gzip" if load["gzip"] else "plain"
        for server in ["nginx", "hyper"]:
            ours, theirs = (_of(load, name, "requests_per_second") for name in ("exporter", server))
            values[f"{kind} {load['size']} {load['connections']} {server}"] = median_ratio(ours, theirs)
    for size, rounds in found["slow"].items():
        for slow in SLOW:
            values[f"cpu {size} {slow}"] = median_ratio(rounds["exporter"], rounds[slow])
    values["allocated"] = found["allocations"][-1][3] / 1000
    values["allocated more"] = found["allocations"][-1][3] - found["allocations"][0][3]
    return values


def table(found):
    values = judge(found)
    parts = [judged(GOALS, values), "\nUnder load, and of nginx's and hyper's figures the exporter's:\n\n"]
    rows = []
    for load in found["loads"]:
        kind = "gzip" if load["gzip"] else "plain"
        for server in SERVERS:
            key = f"{kind} {load['size']} {load['connections']} {server}"
            cpu = median_ratio(_of(load, "exporter", "cpu"), _of(load, server, "cpu"))
            rows.append([
                f"{kind}, {load['size']} series, {_scrapers(load['connections'])}", NAMES[server],
                median(_of(load, server, "requests_per_second")), values.get(key, 1.0),
                median(_of(load, server, "cpu")) * 1e6, cpu,
            ])
    head = ["answer", "server", "requests a second", "the exporter's of it", "CPU of one, µs", "the exporter's of it"]
    parts.append(markdown(head, rows))
    parts.append("\nCPU of one scrape with gzip, beside what is encoded and compressed for each:\n\n")
    rows = []
    for size, rounds in found["slow"].items():
        for name in ["exporter", *SLOW]:
            served = found["served"][size][name]
            times = median_ratio(rounds[name], rounds["exporter"])
            rows.append([
                size, SLOW.get(name, "the exporter"), served["series"], served["bytes"] / 1e6,
                median(rounds[name]) * 1e3, times,
            ])
    parts.append(markdown(["size", "server", "series", "plain MB", "CPU, ms", "times the exporter's"], rows))
    parts.append("\nWhat a scrape with gzip allocates, however large the snapshot:\n\n")
    parts.append(markdown(["series", "bytes of the answer", "allocations", "bytes of them"], found["allocations"]))
    return "".join(parts)
