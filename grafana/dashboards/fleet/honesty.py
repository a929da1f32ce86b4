"""Whether the numbers below can be believed."""

from .. import frame
from ..families import DROPPED, KNOWN, OF_PRODUCTS, READ, STALE, SUCCEEDED
from ..panels import good_below, neutral, stat
from ..promql import INTERVAL, TARGET, counted, every_target, interval, scraped, target

TITLE = "Can these numbers be believed?"


def panels():
    up = scraped("up")
    known = target(KNOWN)
    everywhere = every_target()
    listed = target(SUCCEEDED, OF_PRODUCTS)
    yield stat(
        "Exporters down",
        counted(f"{up} == 0", up),
        "Processes of the exporter that Prometheus cannot scrape. While one is down its targets are not seen.",
        "Unknown if none was scraped in the time that is shown: only what was seen before can be missed.",
        good_below(1),
        runbook="ExporterDown",
    )
    yield stat(
        "Targets",
        f"count({everywhere})",
        "Accounts and regions that are scanned.",
        "Unknown if no exporter is scraped.",
        neutral(),
        links=[
            {
                "title": "Exporter health",
                "url": f"/d/servicecatalog-exporter?${{account:queryparam}}&${{region:queryparam}}&{frame.KEPT}",
            }
        ],
    )
    yield stat(
        "Targets failing",
        f"sum(\n  max by ({TARGET}) (\n    {target(STALE, READ)}\n  )\n)",
        "Targets of which the last scan did not read the products, or not all stack instances. "
        "What is shown of them is older than the last scan.",
        "Unknown if no exporter is scraped.",
        good_below(1, 5),
        runbook="ScanFailing",
    )
    yield stat(
        "Targets unknown",
        counted(f"{everywhere}\n  unless on ({TARGET})\n  {known}", everywhere),
        "Targets without a product list: never read, or dropped because it could not be confirmed for "
        "`scan.serve_stale_for`. **No number below counts them.**",
        "Unknown if no exporter is scraped.",
        good_below(1),
        runbook="DataDropped",
    )
    yield stat(
        "Oldest product list",
        f"max(\n  time() - ({listed} > 0)\n)",
        "How long ago the scan began that read the oldest product list. Whether that is too old depends on the time "
        "between two scans: see beside it. Targets that were never read have no age: they are among the unknown.",
        "Unknown if no target was ever read.",
        neutral(),
        unit="s",
        decimals=0,
    )
    yield stat(
        "Oldest, in intervals",
        f"max(\n  (time() - ({listed} > 0))\n  / on ({TARGET}) group_left ()\n  "
        f"{interval()}\n)",
        f"The same as a multiple of {INTERVAL}: 1 is usual, from 2 one was missed, from 3 the data is old.",
        "Unknown if no target was ever read.",
        good_below(2, 3),
        decimals=1,
        runbook="ScanStale",
    )
    yield stat(
        "Stack sets unknown",
        f"sum({target('servicecatalog_scan_stack_sets_unknown')})",
        "Stack sets whose instances were never listed, or whose listing was dropped. "
        "**No number of stack instances counts them.**",
        "Unknown while no product list is.",
        good_below(1),
        runbook="StackSetListingOld",
    )
    yield stat(
        "Series left out",
        f"sum({target(DROPPED)})",
        "Series above `max_instance_series` or `max_series`, items that AWS gave twice, and products without an id. "
        "Sums are complete all the same; single products or instances may be missing below.",
        "Unknown while no product list is.",
        good_below(1),
        runbook="SeriesDropped",
    )
