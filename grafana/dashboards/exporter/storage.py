"""Whether what is known outlives a restart."""

from .. import states
from ..families import READY, STORAGE
from ..panels import lines, neutral, stat
from ..promql import daemon, daemon_rate
from ..states import GREY, ORANGE, RED
from .common import NO_EXPORTER

TITLE = "Storage"


def panels():
    here = daemon(READY)
    written = daemon(f"{STORAGE}_last_write_success_timestamp_seconds")
    none = f"-1 + 0 * count({here})"
    yield stat(
        "Last written",
        f"-2 + 0 * count({written} == 0)\nor\ntime() - min({written})\nor\n{none}",
        "How long ago the process that is furthest behind kept what it knows on its disk. A restart begins with that.",
        NO_EXPORTER,
        neutral(),
        unit="s",
        decimals=0,
        mappings=states.values({"-2": ("never", RED), "-1": ("not kept", GREY)}),
        span=6,
        height=6,
        runbook="StorageFailing",
    )
    yield stat(
        "Size",
        f"max({daemon(f'{STORAGE}_size_bytes')})\nor\n-2 + 0 * count({written})\nor\n{none}",
        "What is kept on the disk, of the process that keeps most.",
        NO_EXPORTER,
        neutral(),
        unit="bytes",
        mappings=states.values({"-2": ("nothing yet", GREY), "-1": ("not kept", GREY)}),
        span=6,
        height=6,
    )
    yield lines(
        "Writes that failed",
        [(f"60 * {daemon_rate(f'{STORAGE}_write_failures_total')}", "{{instance}}")],
        "Attempts a minute to keep what is known on the disk that failed. What was kept before stays.",
        "Nothing is here without `--storage.path`.",
        unit="opm",
        span=12,
        height=6,
        otherwise=ORANGE,
        no_value="none failed while the exporter was scraped, or nothing is kept",
        well=True,
    )
