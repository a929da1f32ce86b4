"""Whether the exporter is well."""

from ..families import (
    DURATION,
    FAILURES,
    NEXT,
    OF_PRODUCTS,
    READ,
    READY,
    RELOADED,
    REQUESTS,
    STALE,
    SUCCEEDED,
    THROTTLED,
)
from ..panels import good_below, neutral, stat, steps
from ..promql import TARGET, counted, daemon, daemon_rate, every_target, interval, scraped, target, target_rate
from ..states import GREEN, ORANGE, RED
from .common import NO_CALLS, NO_EXPORTER

TITLE = "Now"


def panels():
    up = scraped("up")
    yield stat(
        "Processes up",
        f"count({up} == 1)\n/ count({up})",
        "Which part of the exporter's processes Prometheus can scrape.",
        "Unknown if none was scraped in the time that is shown: only what was seen before can be missed.",
        steps((0, RED), (1, GREEN)),
        unit="percentunit",
        decimals=0,
        runbook="ExporterDown",
    )
    ready = daemon(READY)
    yield stat(
        "Not ready",
        counted(f"{ready} == 0", ready),
        "Processes that did not try all of their targets yet. Once ready they stay ready.",
        NO_EXPORTER,
        good_below(1),
        runbook="ExporterNotReady",
    )
    loaded = daemon(f"{RELOADED}_successful")
    yield stat(
        "Refused configurations",
        counted(f"{loaded} == 0", loaded),
        "Processes whose last attempt to load the configuration failed: they go on with the one before.",
        NO_EXPORTER,
        good_below(1),
        runbook="ConfigReloadFailed",
    )
    stale = target(STALE, READ)
    yield stat(
        "Targets failing",
        f"sum(\n  max by ({TARGET}) (\n    {stale}\n  )\n)\n/ count({every_target()})",
        "Which part of the targets failed in the last scan, in products or stack instances. Red from a tenth: then it "
        "is seldom the targets, but the exporter's own credentials or network.",
        NO_EXPORTER,
        steps((0, GREEN), (0.000001, ORANGE), (0.1, RED)),
        unit="percentunit",
        decimals=1,
        runbook="ManyTargetsFailing",
    )
    never = target(SUCCEEDED, OF_PRODUCTS)
    yield stat(
        "Never succeeded",
        counted(f"{never} == 0", never),
        "Targets whose products were never read since the exporter started.",
        NO_EXPORTER,
        good_below(1),
        runbook="ScanNeverSucceeded",
    )
    due = target(NEXT)
    yield stat(
        "Targets in a pause",
        counted(f"({due} - time())\n  > on ({TARGET}) group_left ()\n  2 * {interval()}", due),
        "Targets that are denied again and again and therefore asked less often: their next attempt is more than two "
        "intervals away.",
        NO_EXPORTER,
        steps((0, GREEN), (1, ORANGE)),
        runbook="AccessDenied",
    )
    throttled = target_rate(FAILURES, THROTTLED)
    calls = target_rate(REQUESTS)
    yield stat(
        "Calls throttled",
        f"(\n  sum({throttled})\n  or\n  0 * sum({calls})\n)\n/ sum({calls})",
        "Which part of the calls AWS throttles now. The quota is shared with Account Factory and everybody's launches.",
        f"{NO_CALLS} Without calls there is no part of them.",
        steps((0, GREEN), (0.01, ORANGE), (0.1, RED)),
        unit="percentunit",
        decimals=1,
        runbook="AwsThrottled",
    )
    yield stat(
        "Calls a day",
        f"86400 * sum(\n  {daemon_rate(DURATION + '_count')}\n)",
        "How many calls of AWS all processes make in a day if they go on as now, replicas and retries included. Account "
        "and region do not filter it. The calls cost nothing, but take of a quota.",
        NO_CALLS,
        neutral(),
        decimals=0,
    )
