"""What the exporter has in memory over 200 scans, with half a million series, and with other allocators."""

import subprocess
import time

from common import WORK, install
from common.exporter import Exporter, Simulator, series_of, world_of
from common.figures import AT_MOST, Goal, judged, median
from common.figures import table as markdown
from common.processes import fetch, forget_peak

TITLE = "Memory"
PACKAGES = ["libjemalloc2", "libmimalloc2.0"]
PYTHON = False

SERIES, MANY_SERIES, INSTANCES = 100_000, 500_000, 50
SCANS, SCANS_A_LOOK = 200, 20
# With each allocator, and of the large world.
FEW_SCANS, MANY_SCANS = 8, 4
# The next publication begins no sooner than 20 times what the last one took, and freed memory is
# given back behind it: after this time nothing moves any more.
SETTLED_SECONDS = 4
MANY_SETTLED_SECONDS = 20
# Whoever asks while a scan runs is given another one behind it, so the next never waits for long.
ASKED_EVERY_SECONDS = 0.1

# Every scan asks for everything: the most that is allocated beside what is kept.
CONFIG = {"scan": {"stack_instances": {"refresh": "always"}}}

GOALS = {
    "resident": Goal("MB resident at 100k series, above the size of the plain exposition", AT_MOST, 20),
    "flat": Goal(f"the most resident in the second half of {SCANS} scans: of that of the first half", AT_MOST, 1.05),
    "peak": Goal(f"the peak of {SCANS} scans, each beside publications: of the resident", AT_MOST, 1.5),
    "many": Goal("MB at the peak of scans of 500k series", AT_MOST, 256),
}

# The exporter tells glibc to take one heap and to give memory back; a library before glibc's that
# does not listen leaves it as it is.
UNTOUCHED = """
int mallopt(int what, int value) { (void)what; (void)value; return 1; }
int malloc_trim(unsigned long pad) { (void)pad; return 0; }
"""
ALLOCATORS = {
    "ours": "glibc, one heap, memory given back (`src/memory.rs`)",
    "glibc": "glibc as it is",
    "jemalloc": "jemalloc",
    "mimalloc": "mimalloc",
}


def preloaded(allocator):
    """What is loaded before the exporter's own libraries."""
    if allocator == "ours":
        return {}
    if allocator == "glibc":
        library = WORK / "untouched.so"
        command = ["cc", "-shared", "-fPIC", "-O2", "-o", library, "-x", "c", "-"]
        subprocess.run(command, input=UNTOUCHED, text=True, check=True)
    else:
        library = install.library({"jemalloc": "libjemalloc2", "mimalloc": "libmimalloc2.0"}[allocator])
    return {"LD_PRELOAD": str(library)}


class Watched:
    """An exporter that scans, and what it holds between and during scans."""

    def __init__(self, exporter, settled):
        self._exporter, self._settled = exporter, settled
        time.sleep(settled)
        text = exporter.exposition()
        self.sizes = {"series": series_of(text), "plain_mb": len(text) / 1e6}
        self.sizes["gzip_mb"] = len(exporter.exposition(gzip=True)) / 1e6
        self.looks = []

    def scan(self, times):
        """Lets it scan so often, one scan after the other, and looks when all is published."""
        exporter = self._exporter
        # What was asked of it and the scrapes of this program belong to no scan.
        forget_peak(exporter.pid)
        before, cpu = exporter.scans(), exporter.cpu_seconds()

        def enough():
            return exporter.scans() >= before + times or self._ask()

        exporter.wait_until(enough, f"{times} scans are published", 60 * times, pause=ASKED_EVERY_SECONDS)
        time.sleep(self._settled)
        exporter.check()
        scans = exporter.scans() - before
        self.looks.append({
            "scans": scans,
            "resident_mb": exporter.resident_mb(),
            "peak_mb": exporter.peak_mb(),
            "cpu_seconds": (exporter.cpu_seconds() - cpu) / scans,
        })

    def _ask(self):
        code, _, body = fetch(self._exporter.url.replace("/metrics", "/-/scan"), method="POST")
        assert code == 202, f"it does not scan: {code} {body!r}"
        return False

    def found(self):
        return {**self.sizes, "looks": self.looks}


def measure(setting):
    found = {"allocators": {}}
    settled = setting.seconds(SETTLED_SECONDS)
    products, stack_sets = world_of(setting.sized(SERIES))
    with Simulator.sized(products, stack_sets, INSTANCES) as aws:
        with Exporter(aws, CONFIG) as exporter:
            watched = Watched(exporter, settled)
            for _ in range(SCANS // SCANS_A_LOOK):
                watched.scan(setting.sized(SCANS_A_LOOK))
            found["long"] = {"products": products, **watched.found()}
        for allocator in ALLOCATORS:
            with Exporter(aws, CONFIG, environment=preloaded(allocator)) as exporter:
                check_loaded(exporter, allocator)
                found["allocators"][allocator] = scanned(exporter, setting.sized(FEW_SCANS), settled)
    settled = setting.seconds(MANY_SETTLED_SECONDS)
    products, stack_sets = world_of(setting.sized(MANY_SERIES))
    with Simulator.sized(products, stack_sets, INSTANCES) as aws, Exporter(aws, CONFIG) as exporter:
        found["many"] = {"products": products, **scanned(exporter, setting.sized(MANY_SCANS), settled)}
    return found


def scanned(exporter, times, settled):
    """What is found after so many scans, looked at once."""
    watched = Watched(exporter, settled)
    watched.scan(times)
    return watched.found()


def check_loaded(exporter, allocator):
    """A library that is not taken is not measured."""
    library = preloaded(allocator).get("LD_PRELOAD")
    with open(f"/proc/{exporter.pid}/maps", encoding="utf-8") as maps:
        assert library is None or library.rsplit("/", 1)[1].split(".so")[0] in maps.read(), f"{library} is not loaded"


def _peak(one):
    return max(look["peak_mb"] for look in one["looks"])


def _residents(one):
    return [look["resident_mb"] for look in one["looks"]]


def judge(found):
    """The value of each goal."""
    long, resident = found["long"], _residents(found["long"])
    half = len(resident) // 2
    return {
        "resident": median(resident) - long["plain_mb"],
        "flat": max(resident[half:]) / max(resident[:half]),
        "peak": _peak(long) / median(resident),
        "many": _peak(found["many"]),
    }


def table(found):
    parts = [judged(GOALS, judge(found))]
    parts.append(
        "\nOne run, scan after scan, each of which asks for everything; the resident size is that "
        f"between them, after each {found['long']['looks'][0]['scans']} or so:\n\n"
    )
    rows = []
    for one in (found["long"], found["many"]):
        resident = _residents(one)
        scans = sum(look["scans"] for look in one["looks"])
        rows.append([
            f"{one['products']:,}", f"{one['series']:,}", one["plain_mb"], one["gzip_mb"], str(scans),
            f"{min(resident):.1f} – {max(resident):.1f}", _peak(one),
        ])
    head = ["products", "series", "plain MB", "gzip MB", "scans", "resident MB", "peak MB"]
    parts.append(markdown(head, rows))
    products = f"{found['long']['products']:,}"
    parts.append(f"\nThe same {products} products with other allocators, loaded with LD_PRELOAD:\n\n")
    ours = found["allocators"]["ours"]
    rows = []
    for allocator, text in ALLOCATORS.items():
        one = found["allocators"][allocator]
        resident, peak, cpu = median(_residents(one)), _peak(one), one["looks"][-1]["cpu_seconds"]
        rows.append([
            text, resident, resident / median(_residents(ours)), peak, peak / _peak(ours),
            cpu * 1000, cpu / ours["looks"][-1]["cpu_seconds"],
        ])
    head = ["allocator", "resident MB", "of ours", "peak MB", "of ours", "CPU of a scan, ms", "of ours"]
    parts.append(markdown(head, rows))
    return "".join(parts)
