"""What is asked of AWS."""

from .. import states
from ..families import DURATION, FAILURES, REQUESTS, THROTTLED, WAITED
from ..panels import heatmap, lines, steps
from ..promql import daemon, daemon_rate, target_rate
from ..states import GREEN, ORANGE, RED
from .common import NO_CALLS, NO_EXPORTER, of_most

TITLE = "Calls of AWS"
REPLICA = "Of replicas that scan the same target the busiest is shown; AWS sees the calls of all of them."


def panels():
    calls = target_rate(REQUESTS)
    throttled = target_rate(FAILURES, THROTTLED)
    yield lines(
        "Calls by operation",
        [(f"sum by (operation) ({calls})", "{{operation}}")],
        f"HTTP requests to AWS a second, retries included. {REPLICA}",
        f"{NO_CALLS} A counter shows from its second event on.",
        unit="reqps",
        stacked=True,
    )
    yield lines(
        "Calls of the busiest accounts",
        [
            (
                of_most("60 * ", calls, REQUESTS),
                "{{aws_account_id}} {{aws_region}}",
            )
        ],
        f"Calls a minute of the 10 targets that made most of them in the time that is shown. {REPLICA}",
        NO_CALLS,
        unit="opm",
    )
    yield lines(
        "Failures by reason",
        [(f"sum by (reason) ({target_rate(FAILURES)})", "{{reason}}")],
        "HTTP requests to AWS that failed, a second, by reason. Some are retried and hurt nobody.",
        "From the first failure on.",
        unit="reqps",
        colors={reason: color for reason, color in states.REASON_COLORS.items()},
        no_value="none seen in this time; a rate misses the first of each target",
        well=True,
    )
    yield lines(
        "Part of the calls that is throttled",
        [
            (
                of_most("", throttled, FAILURES, THROTTLED)
                + f"\n/ on (aws_account_id, aws_region)\nsum by (aws_account_id, aws_region) (\n  {calls}\n)",
                "{{aws_account_id}} {{aws_region}}",
            )
        ],
        "The 10 targets where AWS throttles most, and how much. Lower `aws.max_requests_per_second`, or scan less often: others use this "
        "quota too.",
        "From the first throttle of an account and region on.",
        unit="percentunit",
        thresholds=steps((0, GREEN), (0.1, RED)),
        no_value="none seen in this time; a rate misses the first of each target",
        well=True,
    )
    yield lines(
        "Retries by operation",
        [
            (
                f"sum by (operation) ({target_rate('servicecatalog_aws_request_retries_total')})",
                "{{operation}}",
            )
        ],
        "HTTP requests that repeated a failed one, a second.",
        "From the first retry on.",
        unit="reqps",
        no_value="none seen in this time; a rate misses the first of each target",
        well=True,
    )
    yield lines(
        "Waiting for the exporter's own limit",
        [
            (
                of_most("", target_rate(WAITED), WAITED),
                "{{aws_account_id}} {{aws_region}}",
            )
        ],
        "Seconds a second that calls wait for `aws.max_requests_per_second`, of the 10 targets that waited "
        "most. Waiting is the limit at work; it is a fault only if scans become too slow.",
        "From the first wait on.",
        unit="s",
        no_value="nothing waited while the exporter was scraped",
        well=True,
    )
    buckets = daemon_rate(DURATION + "_bucket")
    yield lines(
        "Duration of a call",
        [
            (f"histogram_quantile(0.5, sum by (le) ({buckets}))", "half are faster"),
            (f"histogram_quantile(0.9, sum by (le) ({buckets}))", "9 of 10 are faster"),
            (f"histogram_quantile(0.99, sum by (le) ({buckets}))", "99 of 100 are faster"),
        ],
        "How long AWS takes for one HTTP request, without waits for the limit or before retries; estimated from "
        "buckets between 0.05 and 10 seconds. Account and region do not filter it.",
        NO_CALLS,
        unit="s",
        colors={"half are faster": GREEN, "9 of 10 are faster": ORANGE, "99 of 100 are faster": RED},
    )
    yield lines(
        "Slowest operations",
        [(f"histogram_quantile(0.9, sum by (le, operation) ({buckets}))", "{{operation}}")],
        "The time below which 9 of 10 calls of each operation stay. Account and region do not filter it.",
        NO_CALLS,
        unit="s",
    )
    yield heatmap(
        "Durations of calls",
        f"sum by (le) ({buckets})",
        "How many calls a second took how long. Two bands are two kinds of calls, or of AWS. Account and region do "
        "not filter it.",
        NO_CALLS,
        unit="reqps",
    )
    yield lines(
        "Calls in flight",
        [(daemon("servicecatalog_aws_requests_in_flight"), "{{instance}}")],
        "HTTP requests to AWS that are under way, of each process. It stays below `aws.max_in_flight` (64 by default).",
        NO_EXPORTER,
        decimals=0,
    )
    yield lines(
        "Calls a day, as of now",
        [(f"86400 * sum by (operation) (\n  {daemon_rate(DURATION + '_count')}\n)", "{{operation}}")],
        "How many calls a day each operation would make at the rate of each moment, all processes, replicas and retries "
        "included. Account and region do not filter it. The calls cost nothing, but take of a quota that is shared.",
        NO_CALLS,
        stacked=True,
        decimals=0,
        span=24,
    )
