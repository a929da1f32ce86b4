"""How scans go."""

from ..families import DROPPED, KNOWN, SKIPPED, TOOK
from ..panels import bars, lines, steps
from ..promql import INTERVAL, TARGET, every_target, interval, target, target_rate
from ..states import GREEN, ORANGE, RED
from .common import NO_EXPORTER, of_most

TITLE = "Scans"


def panels():
    slow = target(TOOK)
    yield lines(
        "How long scans take, the slowest",
        [(f"max by (stage) ({slow})", "{{stage}}")],
        "The slowest target of each stage in its last attempt. If it comes near the interval, scans are skipped.",
        "Unknown before the first attempt of a stage.",
        unit="s",
    )
    yield bars(
        "Slowest targets",
        [
            (
                "sort_desc(topk(15,\n  max by (aws_account_id, aws_region, stage) (\n    "
                f"{slow}\n    / on ({TARGET}) group_left ()\n    {interval()}\n  )\n))",
                "{{aws_account_id}} {{aws_region}} {{stage}}",
            )
        ],
        f"The 15 stages that took the largest part of {INTERVAL}. From 1 on they do not keep up.",
        "Unknown before the first attempt of a stage.",
        steps((0, GREEN), (0.7, ORANGE), (1, RED)),
        unit="percentunit",
    )
    yield lines(
        "Scans and failures",
        [
            (f"60 * sum({target_rate('servicecatalog_scans_total')})", "scans"),
            (
                f"60 * sum by (stage) ({target_rate('servicecatalog_scan_failures_total')})",
                "failed: {{stage}}",
            ),
        ],
        "Finished scan attempts a minute, and in how many of them a stage failed.",
        NO_EXPORTER,
        unit="opm",
        colors={"scans": GREEN},
    )
    yield lines(
        "Scans skipped",
        [
            (
                of_most("60 * ", target_rate(SKIPPED), SKIPPED),
                "{{aws_account_id}} {{aws_region}}",
            )
        ],
        "Scans a minute that were due while the one before was still running, of the 10 targets where that happened most: "
        "raise the interval there, or find out what is slow.",
        "",
        unit="opm",
        no_value="none skipped while the exporter was scraped",
        well=True,
    )
    yield lines(
        "What is known",
        [
            (f"sum({target(KNOWN)})", "products"),
            (f"sum({target('servicecatalog_scan_stack_sets')})", "stack sets"),
            (f"sum({target('servicecatalog_scan_stack_sets_unknown')})", "stack sets unknown"),
            (f"sum({target('servicecatalog_scan_stack_instances')})", "stack instances"),
        ],
        "How much the scans of all targets found. A step down without a termination is a target that became unknown.",
        "Unknown while no product list is.",
        log=True,
        minimum=None,
    )
    yield lines(
        "Series left out",
        [(f"sum by (cause) ({target(DROPPED)})", "{{cause}}")],
        "Series above `max_instance_series` or `max_series` (limit), items that AWS gave twice (duplicate), products "
        "without an id (no_id). Sums stay complete.",
        "Unknown while no product list is.",
        thresholds=steps((0, GREEN), (1, ORANGE)),
        decimals=0,
    )
    yield lines(
        "Targets by the time between two scans",
        [(f'count_values("interval", {every_target()})', "every {{interval}} s")],
        "How often targets are scanned: with `scan.pace: adaptive` those that are changing every `scan.busy_interval`, "
        "those that were empty for a day every `scan.idle_interval`, the others, and all that fail, every `scan.interval`.",
        NO_EXPORTER,
        stacked=True,
        decimals=0,
        span=24,
    )
