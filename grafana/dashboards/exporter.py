"""Exporter health: how fresh what it knows is, what it asks of AWS, and how it fares itself."""

from . import frame, states
from .frame import status_page_link
from .panels import Column, bars, good_below, heatmap, lines, row, stat, steps, table, timeline
from .promql import (
    TARGET,
    counted,
    daemon,
    daemon_rate,
    equals,
    every_target,
    largest,
    one_of,
    over_range,
    process,
    scraped,
    target,
    target_rate,
    unique,
    with_account_name,
)
from .states import GREEN, GREY, ORANGE, RED

SUCCEEDED = "servicecatalog_scan_last_success_timestamp_seconds"
REASON = "servicecatalog_scan_failure_reason"
NEXT = "servicecatalog_scan_next_attempt_timestamp_seconds"
REQUESTS = "servicecatalog_aws_requests_total"
FAILURES = "servicecatalog_aws_request_failures_total"
DURATION = "servicecatalog_aws_request_duration_seconds"
SKIPPED = "servicecatalog_scans_skipped_total"
WAITED = "servicecatalog_aws_rate_limiter_wait_seconds_total"
THROTTLED = equals("reason", "throttled")
DISCOVERY = "servicecatalog_organization_discovery"
RELOADED = "servicecatalog_exporter_config_last_reload"

NO_EXPORTER = "Unknown if no exporter is scraped."
NO_CALLS = "Unknown before the first call."
REPLICA = "Of replicas that scan the same target the busiest is shown; AWS sees the calls of all of them."


def build():
    board = frame.frame(
        "servicecatalog-exporter",
        "How servicecatalog-exporter fares: how fresh what it knows of each account and region is, why scans fail, "
        "what it asks of AWS and what that costs, and the process itself.",
        [
            frame.datasource(),
            frame.job(),
            frame.instance(),
            frame.account(),
            frame.region(),
            frame.status_page(),
            frame.runbooks(),
        ],
    )
    for title, panels in (
        ("Now", _now()),
        ("Freshness", _freshness()),
        ("Scans", _scans()),
        ("Calls of AWS", _calls()),
        ("Organisation and shards", _fleet()),
        ("The process", _process()),
    ):
        board.with_row(row(title))
        for panel in panels:
            board.with_panel(panel)
    return frame.text(board)


def _reasons():
    """A number for why a stage failed."""
    return "\n  or\n  ".join(
        f"{code} * {target(REASON, equals('reason', reason))}" for reason, code in states.REASON_CODES.items()
    )


def _interval():
    return unique(TARGET, every_target())


def _now():
    up = scraped("up")
    yield stat(
        "Processes up",
        f"count({up} == 1)\n/ count({up})",
        "Which part of the exporter's processes Prometheus can scrape.",
        "Unknown if none was scraped in the time that is shown: only what was seen before can be missed.",
        steps((0, RED), (1, GREEN)),
        unit="percentunit",
        decimals=0,
    )
    ready = daemon("servicecatalog_exporter_ready")
    yield stat(
        "Not ready",
        counted(f"{ready} == 0", ready),
        "Processes that did not try all of their targets yet. Once ready they stay ready.",
        NO_EXPORTER,
        good_below(1),
    )
    loaded = daemon(f"{RELOADED}_successful")
    yield stat(
        "Refused configurations",
        counted(f"{loaded} == 0", loaded),
        "Processes whose last attempt to load the configuration failed: they go on with the one before.",
        NO_EXPORTER,
        good_below(1),
    )
    stale = target("servicecatalog_scan_stale", one_of("stage", ["products", "stack_instances"]))
    yield stat(
        "Targets failing",
        f"sum(\n  max by ({TARGET}) (\n    {stale}\n  )\n)\n/ count({every_target()})",
        "Which part of the targets failed in the last scan, in products or stack instances. Red from a tenth: then it "
        "is seldom the targets, but the exporter's own credentials or network.",
        NO_EXPORTER,
        steps((0, GREEN), (0.000001, ORANGE), (0.1, RED)),
        unit="percentunit",
        decimals=1,
    )
    never = target(SUCCEEDED, equals("stage", "products"))
    yield stat(
        "Never succeeded",
        counted(f"{never} == 0", never),
        "Targets whose products were never read since the exporter started.",
        NO_EXPORTER,
        good_below(1),
    )
    due = target(NEXT)
    yield stat(
        "Targets in a pause",
        counted(f"({due} - time())\n  > on ({TARGET}) group_left ()\n  2 * {_interval()}", due),
        "Targets that are denied again and again and therefore asked less often: their next attempt is more than two "
        "intervals away.",
        NO_EXPORTER,
        steps((0, GREEN), (1, ORANGE)),
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
    )
    yield stat(
        "Calls a day",
        f"86400 * sum(\n  {daemon_rate(DURATION + '_count')}\n)",
        "How many calls of AWS all processes make in a day if they go on as now, replicas and retries included. Account "
        "and region do not filter it. The calls cost nothing, but take of a quota.",
        NO_CALLS,
        steps((0, GREY)),
        decimals=0,
        background=False,
    )


def _freshness():
    labels = "aws_account_id, account_name, aws_region, stage"
    keys = "aws_account_id, aws_region, stage"
    succeeded = target(SUCCEEDED)
    yield table(
        "Every target and stage",
        [
            f"1000 * max by ({labels}) (\n  {with_account_name(succeeded)}\n)",
            f"max by ({keys}) (\n  (time() - ({succeeded} > 0))\n  / on ({TARGET}) group_left ()\n  {_interval()}\n)",
            f"max by ({keys}) (\n  {target('servicecatalog_scan_stale')}\n)",
            f"max by ({keys}) (\n  {_reasons()}\n  or\n  0 * {target('servicecatalog_scan_stale')}\n)",
            f"max by ({keys}) (\n  {target('servicecatalog_scan_duration_seconds')}\n)",
            f"1000 * max by ({keys}) (\n  0 * {succeeded}\n  + on ({TARGET}) group_left ()\n  "
            f"{unique(TARGET, target(NEXT))}\n)",
        ],
        [
            Column("account_name", "Account"),
            Column("aws_account_id", "Account id", 130, links=[status_page_link()]),
            Column("aws_region", "Region", 120),
            Column("stage", "Stage", 150),
            Column("Value #A", "Last success", 150, unit="dateTimeFromNow", mappings=states.values({"0": ("never", RED)}), text_color=True),
            Column("Value #B", "In intervals", 110, decimals=1, unknown=True, thresholds={
                "mode": "absolute",
                "steps": [
                    {"value": None, "color": "transparent"},
                    {"value": 2, "color": ORANGE},
                    {"value": 3, "color": RED},
                ],
            }),
            Column("Value #C", "Last attempt", 120, mappings=states.values(
                {"0": ("not failed", GREEN), "1": ("failed", RED)}
            ), unknown=True),
            Column("Value #D", "Reason", 150, mappings=states.reason_mapping(), unknown=True),
            Column("Value #E", "Took", 90, unit="s", decimals=2, unknown=True),
            Column("Value #F", "Next attempt", 150, unit="dateTimeFromNow", unknown=True),
        ],
        "When each stage last succeeded, also as a multiple of the time between two scans, and why it fails. From 3 "
        "intervals on the data is old. *never* is since the exporter started.",
        f"{NO_EXPORTER} *In intervals* is unknown before the first success, *Took* before the first attempt. "
        "Stages that are not enabled have no row.",
        sort=("In intervals", True),
        height=10,
    )
    yield timeline(
        "Stages that failed the longest, and why",
        [
            (
                largest(
                    40,
                    "aws_account_id, aws_region, stage",
                    f"min by (aws_account_id, aws_region, stage) (\n  {_reasons()}\n)",
                    over_range("count_over_time", "target", REASON),
                ),
                "{{aws_account_id}} {{aws_region}} {{stage}}",
            )
        ],
        "The 40 targets and stages that failed for most of the time that is shown, with the reason of the last attempt.",
        "A gap means that the last attempt did not fail, or that the exporter was not scraped.",
        states.reason_mapping(),
        height=9,
        no_value="no stage failed while the exporter was scraped",
        well=True,
    )
    age = f"(time() - ({succeeded} > 0))\n  / on ({TARGET}) group_left ()\n  {_interval()}"
    yield lines(
        "Age of the oldest data, in intervals",
        [(f"max by (stage) (\n  {age}\n)", "{{stage}}")],
        "How old what is known is, as a multiple of the time between two scans, of the worst target. A saw between 0 "
        "and 1 is health; a line that climbs is a target that fails.",
        "Targets that never succeeded have no age.",
        thresholds=steps((0, GREEN), (3, RED)),
    )
    yield lines(
        "Age of half of the data, in intervals",
        [(f"quantile by (stage) (0.5,\n  {age}\n)", "{{stage}}")],
        "The same for the target in the middle: if this climbs too it is not one target, but the exporter or AWS.",
        "Targets that never succeeded have no age.",
        thresholds=steps((0, GREEN), (3, RED)),
    )


def _scans():
    slow = target("servicecatalog_scan_duration_seconds")
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
                f"{slow}\n    / on ({TARGET}) group_left ()\n    {_interval()}\n  )\n))",
                "{{aws_account_id}} {{aws_region}} {{stage}}",
            )
        ],
        "The 15 stages that took the largest part of the time between two scans. From 1 on they do not keep up.",
        "Unknown before the first attempt of a stage.",
        steps((0, GREEN), (0.7, ORANGE), (1, RED)),
        unit="percentunit",
    )
    yield lines(
        "Scans and failures",
        [
            (f"60 * sum({target_rate('servicecatalog_scans_total')})", "scans"),
            (f"60 * sum by (stage) ({target_rate('servicecatalog_scan_failures_total')})", "failed: {{stage}}"),
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
                _of_most("60 * ", target_rate(SKIPPED), SKIPPED),
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
            (f"sum({target('servicecatalog_scan_provisioned_products')})", "products"),
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
        [(f"sum by (cause) ({target('servicecatalog_series_dropped')})", "{{cause}}")],
        "Series above `max_instance_series` or `max_series` (limit), items that AWS gave twice (duplicate), products "
        "without an id (no_id). Sums stay complete.",
        "Unknown while no product list is.",
        thresholds=steps((0, GREEN), (1, ORANGE)),
        decimals=0,
    )


def _calls():
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
                _of_most("60 * ", calls, REQUESTS),
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
        no_value="none failed while the exporter was scraped",
        well=True,
    )
    yield lines(
        "Part of the calls that is throttled",
        [
            (
                _of_most("", throttled, FAILURES, THROTTLED)
                + f"\n/ on (aws_account_id, aws_region)\nsum by (aws_account_id, aws_region) (\n  {calls}\n)",
                "{{aws_account_id}} {{aws_region}}",
            )
        ],
        "The 10 targets where AWS throttles most, and how much. Lower `aws.max_requests_per_second`, or scan less often: others use this "
        "quota too.",
        "From the first throttle of an account and region on.",
        unit="percentunit",
        thresholds=steps((0, GREEN), (0.1, RED)),
        no_value="none was throttled while the exporter was scraped",
        well=True,
    )
    yield lines(
        "Retries by operation",
        [(f"sum by (operation) ({target_rate('servicecatalog_aws_request_retries_total')})", "{{operation}}")],
        "HTTP requests that repeated a failed one, a second.",
        "From the first retry on.",
        unit="reqps",
        no_value="none was repeated while the exporter was scraped",
        well=True,
    )
    yield lines(
        "Waiting for the exporter's own limit",
        [
            (
                _of_most("", target_rate(WAITED), WAITED),
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


def _of_most(factor, rate, counter, extra=""):
    """The targets of which a counter grew most in the whole time."""
    return largest(
        10,
        "aws_account_id, aws_region",
        f"{factor}sum by (aws_account_id, aws_region) (\n  {rate}\n)",
        over_range("increase", "target", counter, extra),
    )


def _fleet():
    success = daemon(f"{DISCOVERY}_success")
    read = daemon(f"{DISCOVERY}_last_success_timestamp_seconds")
    here = daemon("servicecatalog_exporter_ready")
    none = f"-1 + 0 * count({here})"
    never = f"-2 + 0 * count({success})"
    not_there = states.values({"-2": ("never read", RED), "-1": ("no organisation", GREY)})
    yield timeline(
        "Reading the organisation",
        [(f"{success}\nor on (job, instance)\n2 + 0 * {here}", "{{instance}}")],
        "Whether the last attempt to read the accounts of the organisation succeeded. While it fails the last list "
        "goes on.",
        "A gap means that the process was not scraped.",
        states.values({"0": ("failed", RED), "1": ("read", GREEN), "2": ("no organisation is configured", GREY)}),
        span=12,
        height=6,
    )
    yield stat(
        "Accounts last read",
        f"-2 + 0 * count({read} == 0)\nor\ntime() - min({read})\nor\n{none}",
        "How long ago the process that is furthest behind read the accounts. They are read once in "
        "`organization.refresh` (an hour by default); orange from two, red from six hours.",
        NO_EXPORTER,
        good_below(7200, 21600),
        unit="s",
        decimals=0,
        mappings=not_there,
        span=6,
        height=6,
    )
    yield stat(
        "Accounts of the organisation",
        f"max({daemon('servicecatalog_organization_accounts')})\nor\n{never}\nor\n{none}",
        "ACTIVE accounts of the organisation that the configuration includes.",
        NO_EXPORTER,
        steps((0, GREY)),
        mappings=not_there,
        span=6,
        height=6,
        background=False,
    )
    keys = "job, instance"
    yield table(
        "Processes and shards",
        [
            f"max by ({keys}, version, revision) ({daemon('servicecatalog_exporter_build_info')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_ready')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_shard_ordinal')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_total_shards')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_targets')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_targets_configured')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_config_hash')})",
            f"max by ({keys}) ({daemon(RELOADED + '_successful')})",
            f"1000 * max by ({keys}) ({daemon(RELOADED + '_success_timestamp_seconds')})",
            f"1000 * max by ({keys}) ({process(daemon('process_start_time_seconds'))})",
        ],
        [
            Column("instance", "Instance"),
            Column("version", "Version", 90),
            Column("revision", "Revision", 140),
            Column("Value #B", "Ready", 80, mappings=states.boolean_mapping("no", "yes"), text_color=True, unknown=True),
            Column("Value #C", "Shard", 80),
            Column("Value #D", "Of", 60),
            Column("Value #E", "Targets", 90),
            Column("Value #F", "Configured", 110),
            Column("Value #G", "Configuration", 150, unit="hex"),
            Column("Value #H", "Last load", 110, mappings=states.boolean_mapping("refused", "good"), text_color=True, unknown=True),
            Column("Value #I", "Loaded", 150, unit="dateTimeFromNow"),
            Column("Value #J", "Started", 150, unit="dateTimeFromNow"),
            Column("job", "Job"),
            Column("Value #A", None),
        ],
        "What runs: versions, shards from 0, the targets that each process scans of those that are configured, and "
        "the configuration as a number. Processes that should be alike but differ in it have different files.",
        "A process that is down is missing here: see the first panel.",
        sort=("Instance", False),
        height=7,
    )
    yield lines(
        "Targets of all shards and configured",
        [
            (
                f"sum by (job) (\n  max by (job, servicecatalog_shard) (\n    {_by_shard('servicecatalog_exporter_targets')}\n  )\n)",
                "{{job}}: scanned",
            ),
            (f"max by (job) ({daemon('servicecatalog_exporter_targets_configured')})", "{{job}}: configured"),
        ],
        "The targets that the shards scan together, replicas of a shard counted once, and those that are configured. "
        "If fewer are scanned a shard is missing.",
        NO_EXPORTER,
        decimals=0,
        steps_after=True,
    )
    yield lines(
        "Different configurations",
        [
            (
                f'count by (job) (\n  count_values by (job) ("hash", {daemon("servicecatalog_exporter_config_hash")})\n)',
                "{{job}}",
            )
        ],
        "How many different configurations the processes of a job have. More than one is usual while a change rolls "
        "out, and a fault if it stays.",
        NO_EXPORTER,
        thresholds=steps((0, GREEN), (2, ORANGE)),
        decimals=0,
        steps_after=True,
    )


def _by_shard(family):
    """The family with the number of its shard as a label."""
    ordinal = f'count_values without () ("servicecatalog_shard", {daemon("servicecatalog_exporter_shard_ordinal")})'
    return f"{daemon(family)}\n    * on (job, instance) group_left (servicecatalog_shard)\n    {ordinal}"


def _process():
    yield timeline(
        "Up",
        [(scraped("up"), "{{instance}}")],
        "Whether Prometheus could scrape each process.",
        "A gap means that Prometheus did not try: it was down, or knew of no such process. One that was never scraped "
        "with success in the time that is shown is not here.",
        states.boolean_mapping("down", "up"),
        span=12,
        height=6,
    )
    yield timeline(
        "Configuration",
        [(daemon(f"{RELOADED}_successful"), "{{instance}}")],
        "Whether the last attempt to load the configuration succeeded. Otherwise the one before goes on.",
        "A gap means that the process was not scraped.",
        states.boolean_mapping("refused", "good"),
        span=12,
        height=6,
    )
    yield lines(
        "Duration of a scrape",
        [(scraped("scrape_duration_seconds"), "{{instance}}")],
        "How long Prometheus needs to read /metrics. The exporter answers from memory and never calls AWS meanwhile.",
        NO_EXPORTER,
        unit="s",
        span=8,
        thresholds=steps((0, GREEN), (5, RED)),
    )
    yield lines(
        "Series",
        [
            (scraped("scrape_samples_post_metric_relabeling"), "{{instance}}"),
        ],
        "Series of each scrape that Prometheus keeps. `metrics.per_product`, `metrics.per_instance` and "
        "`metrics.max_series` bound them.",
        NO_EXPORTER,
        span=8,
        decimals=0,
    )
    yield lines(
        "New series",
        [(scraped("scrape_series_added"), "{{instance}}")],
        "Series that were not in the scrape before. They come with products and instances that change, and with "
        "restarts; a steady stream costs memory in Prometheus.",
        NO_EXPORTER,
        span=8,
        decimals=0,
    )
    yield lines(
        "Size of /metrics",
        [(daemon("servicecatalog_exporter_exposition_size_bytes"), "{{instance}}")],
        "What is published of all targets, uncompressed.",
        NO_EXPORTER,
        unit="bytes",
        span=8,
    )
    yield lines(
        "HTTP requests answered",
        [(f"sum by (handler, code) (\n  {daemon_rate('servicecatalog_exporter_http_requests_total')}\n)", "{{handler}} {{code}}")],
        "Requests a second by what was asked and how it was answered. 503 of metrics means that all places were taken.",
        "From the first such answer on.",
        unit="reqps",
        span=16,
    )
    yield lines(
        "CPU",
        [(process(daemon_rate("process_cpu_seconds_total")), "{{instance}}")],
        "Seconds of CPU time a second: 1 is one core.",
        NO_EXPORTER,
        unit="none",
        span=6,
        decimals=3,
    )
    yield lines(
        "Memory",
        [(process(daemon("process_resident_memory_bytes")), "{{instance}}")],
        "Resident memory of each process.",
        NO_EXPORTER,
        unit="bytes",
        span=6,
    )
    yield lines(
        "Open files",
        [(f"{process(daemon('process_open_fds'))}\n/ {daemon('process_max_fds')}", "{{instance}}")],
        "Which part of its limit of open files a process uses. Every connection is one.",
        NO_EXPORTER,
        unit="percentunit",
        span=6,
        thresholds=steps((0, GREEN), (0.8, RED)),
    )
    yield lines(
        "Running for",
        [(f"time() - {process(daemon('process_start_time_seconds'))}", "{{instance}}")],
        "Time since each process started. A saw is a process that restarts.",
        NO_EXPORTER,
        unit="s",
        span=6,
    )
