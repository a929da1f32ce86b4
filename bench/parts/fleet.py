"""A large organisation: 800 accounts in 17 regions, most of them empty."""

from common.exporter import Exporter, Simulator, encoding, series_of
from common.figures import AT_MOST, Goal, in_turn, judged, median, median_ratio
from common.figures import table as markdown
from common.peers import Nginx, Served, wrk

TITLE = "A fleet of 13,600 targets"
PACKAGES = ["nginx-light", "wrk"]
PYTHON = False

ACCOUNTS = 800
# Those that every account can use.
REGIONS = [
    "eu-central-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
]
# One in so many has this.
USED_EVERY, PRODUCTS, STACK_SETS, INSTANCES = 20, 15, 1, 10

GOALS = {
    "scrape": Goal("milliseconds of a scrape with gzip", AT_MOST, 100),
    "plain": Goal("milliseconds of a scrape without", AT_MOST, 100),
    "peak": Goal("megabytes of the process at most", AT_MOST, 512),
}
CONFIG = {"organization": {"role_name": "ServiceCatalogExporter", "regions": REGIONS}}


def measure(setting):
    accounts = setting.sized(ACCOUNTS)
    found = {"accounts": accounts, "scan_cpu": [], "resident": [], "peak": []}
    loads = {True: {"exporter": [], "nginx": []}, False: {"exporter": [], "nginx": []}}
    words = [
        "fleet", "--accounts", accounts, "--regions", ",".join(REGIONS), "--products", PRODUCTS,
        "--stack-sets", STACK_SETS, "--instances", INSTANCES, "--used-every", USED_EVERY,
    ]
    with Simulator(*words) as aws:
        for nth in range(setting.rounds):
            # Each round is a process of its own, so that its peak is that of a first scan.
            with Exporter(aws, CONFIG, seconds=600) as ours:
                found["scan_cpu"].append(ours.cpu_seconds())
                _scrapes(setting, nth, ours, loads)
                found["resident"].append(ours.resident_mb())
                found["peak"].append(ours.peak_mb())
                if nth == 0:
                    text, summary = ours.exposition(), ours.status()["summary"]
                    found |= {"targets": summary["targets"], "series": series_of(text), "bytes": len(text)}
        encoded = encoding(aws, 3 * setting.rounds, REGIONS)
    found |= {"encode": encoded["milliseconds"], "gzip_bytes": encoded["gzip_bytes"]}
    return found | {"gzip": loads[True], "plain": loads[False]}


def _scrapes(setting, nth, ours, loads):
    """The same bytes from the exporter and from nginx, in turn."""
    served = Served("fleet", ours.exposition(), ours.exposition(gzip=True))
    with Nginx(served) as nginx:
        servers = {"exporter": ours, "nginx": nginx}
        for gzip, rounds in loads.items():
            for name in in_turn(servers, nth):
                load = {"connections": 1, "seconds": setting.seconds(3), "gzip": gzip}
                measured = wrk(servers[name], servers[name].url, **load)
                rounds[name].append(1e3 / measured["requests_per_second"])


def table(found):
    values = {
        "scrape": median(found["gzip"]["exporter"]),
        "plain": median(found["plain"]["exporter"]),
        "peak": max(found["peak"]),
    }
    scrapes = []
    for kind, name in [("gzip", "with gzip"), ("plain", "plain")]:
        rounds = found[kind]
        ours, theirs = median(rounds["exporter"]), median(rounds["nginx"])
        scrapes.append([name, ours, theirs, median_ratio(rounds["exporter"], rounds["nginx"])])
    targets = found["targets"]
    whole = [
        ["CPU from the start to the end of the first scan, s", median(found["scan_cpu"])],
        ["CPU of it for each target, ms", median(found["scan_cpu"]) / targets * 1e3],
        ["CPU of an encoding, ms", median(found["encode"])],
        ["resident, MB", median(found["resident"])],
        ["kB of it for each target", median(found["resident"]) / targets * 1e3],
        ["resident, of the size of the text", median(found["resident"]) / (found["bytes"] / 1e6)],
        ["peak, MB", max(found["peak"])],
    ]
    return "\n".join([
        judged(GOALS, values),
        f"{targets:,} targets: {found['accounts']} accounts and the management account in {len(REGIONS)} regions;"
        f" one in {USED_EVERY} has {PRODUCTS} products. {found['series']:,} series, {found['bytes'] / 1e6:.1f} MB of"
        f" text, {found['gzip_bytes'] / 1e6:.2f} MB compressed.\n",
        markdown(["a scrape, one scraper", "the exporter, ms", "nginx, ms", "ratio"], scrapes),
        markdown(["of the process", ""], whole),
    ])
