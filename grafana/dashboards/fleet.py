"""Fleet overview: what is unhealthy, where, and whether the numbers can be believed."""

from . import frame, states
from .frame import exporter_link, fleet_link, product_link, status_page_link
from .panels import Column, bars, count_steps, good_below, lines, row, stat, steps, table, timeline
from .promql import (
    PRODUCT,
    TARGET,
    counted,
    differs,
    equals,
    every_target,
    group,
    largest,
    none_of,
    one_of,
    over_range,
    product,
    scraped,
    state,
    target,
    unique,
    with_account_name,
    with_catalog,
)
from .states import BLUE, GREEN, GREY, ORANGE, PURPLE, RED

PRODUCTS = "servicecatalog_provisioned_products"
STATUS = "servicecatalog_provisioned_product_status"
INSTANCES = "servicecatalog_stack_instances"
OF_STACK_SET = "servicecatalog_provisioned_product_stack_instances"
LISTED = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds"
BEGAN = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds"
INSTANCE = "servicecatalog_stack_instance_status"
SUCCEEDED = "servicecatalog_scan_last_success_timestamp_seconds"
INFO = "servicecatalog_target_info"
READ = one_of("stage", ["products", "stack_instances"])
BEHIND = one_of("status", ["OUTDATED", "INOPERABLE"])
UNHEALTHY = one_of("status", ["TAINTED", "ERROR"])
NOT_CURRENT = differs("status", "CURRENT")
OTHER = none_of("status", states.PRODUCT_CODES)
CATALOG = 'product_id=~"$catalog_product"'

# Each step reads every series of hundreds of accounts, so these take no more steps than one can see.
POINTS = 200

SUMS = "The sum of the targets whose products are known; it is unknown while none are."
PARTS = "It counts those of the known targets only: see the first row for how many are missing."


def build():
    board = frame.frame(
        "servicecatalog-fleet",
        "The provisioned products and stack instances of AWS Service Catalog in all accounts and regions: "
        "what needs a hand, where it is, and how old that knowledge is.",
        [
            frame.datasource(),
            frame.job(),
            frame.account(),
            frame.region(),
            frame.product_type(),
            frame.catalog_product(),
            frame.instance(),
            frame.status_page(),
            frame.runbooks(),
        ],
    )
    for title, panels in (
        ("Can these numbers be believed?", _honesty()),
        ("What needs a hand now", _now()),
        ("Where it is", _where()),
        ("Trends", _trends()),
        ("Stack sets", _stack_sets()),
    ):
        board.with_row(row(title))
        for panel in panels:
            board.with_panel(panel)
    board.with_row(row("History of single products (reads the series of every product)", True, _history()))
    return frame.text(board)


def _honesty():
    up = scraped("up")
    known = target("servicecatalog_scan_provisioned_products")
    everywhere = every_target()
    listed = target(SUCCEEDED, equals("stage", "products"))
    yield stat(
        "Exporters down",
        counted(f"{up} == 0", up),
        "Processes of the exporter that Prometheus cannot scrape. While one is down its targets are not seen.",
        "Unknown if none was scraped in the time that is shown: only what was seen before can be missed.",
        good_below(1),
    )
    yield stat(
        "Targets",
        f"count({everywhere})",
        "Accounts and regions that are scanned.",
        "Unknown if no exporter is scraped.",
        steps((0, GREY)),
        background=False,
        links=[{"title": "Exporter health", "url": f"/d/servicecatalog-exporter?{frame.KEPT}"}],
    )
    yield stat(
        "Targets failing",
        f"sum(\n  max by ({TARGET}) (\n    {target('servicecatalog_scan_stale', READ)}\n  )\n)",
        "Targets of which the last scan did not read the products, or not all stack instances. "
        "What is shown of them is older than the last scan.",
        "Unknown if no exporter is scraped.",
        good_below(1, 5),
    )
    yield stat(
        "Targets unknown",
        counted(f"{everywhere}\n  unless on ({TARGET})\n  {known}", everywhere),
        "Targets without a product list: never read, or dropped because it could not be confirmed for "
        "`scan.serve_stale_for`. **No number below counts them.**",
        "Unknown if no exporter is scraped.",
        good_below(1),
    )
    yield stat(
        "Oldest product list",
        f"max(\n  time() - ({listed} > 0)\n)",
        "How long ago the scan began that read the oldest product list. Orange from 15 minutes, three times the "
        "default interval; red from an hour, when lists are dropped by default. Targets that were never read have "
        "no age: they are among the unknown.",
        "Unknown if no target was ever read.",
        good_below(900, 3600),
        unit="s",
        decimals=0,
    )
    yield stat(
        "Oldest, in intervals",
        f"max(\n  (time() - ({listed} > 0))\n  / on ({TARGET}) group_left ()\n  "
        f"{unique(TARGET, every_target())}\n)",
        "The same as a multiple of the time between two scans: 1 is usual, from 2 one was missed, from 3 the data is old.",
        "Unknown if no target was ever read.",
        good_below(2, 3),
        decimals=1,
    )
    yield stat(
        "Stack sets unknown",
        f"sum({target('servicecatalog_scan_stack_sets_unknown')})",
        "Stack sets whose instances were never listed, or whose listing was dropped. "
        "**No number of stack instances counts them.**",
        "Unknown while no product list is.",
        good_below(1),
    )
    yield stat(
        "Series left out",
        f"sum({target('servicecatalog_series_dropped')})",
        "Series above `max_instance_series` or `max_series`, items that AWS gave twice, and products without an id. "
        "Sums are complete all the same; single products or instances may be missing below.",
        "Unknown while no product list is.",
        good_below(1),
    )


def _now():
    for status, thresholds, what in (
        ("ERROR", good_below(1), "Products in ERROR: the last operation failed, and what they run may be broken or half made."),
        (
            "TAINTED",
            steps((0, GREEN), (1, ORANGE)),
            "Products that are TAINTED: they run, but not as the last operation wanted, for it failed.",
        ),
        ("PLAN_IN_PROGRESS", steps((0, GREEN), (1, PURPLE)), "Products with a plan that nobody executed or deleted yet."),
        ("UNDER_CHANGE", steps((0, GREEN), (1, BLUE)), "Products that an operation is changing now."),
    ):
        yield stat(status, f"sum({_of_status(status)})", f"{what} {PARTS}", SUMS, thresholds)
    yield stat(
        "AVAILABLE",
        f"sum({_of_status('AVAILABLE')})\n/ sum({group(PRODUCTS)})",
        f"Which part of the products is AVAILABLE. {PARTS}",
        f"{SUMS} There is no part of nothing: it is unknown too where there are no products.",
        steps((0, RED), (0.9, ORANGE), (0.99, GREEN)),
        unit="percentunit",
        decimals=1,
    )
    yield stat(
        "Products",
        f"sum({group(PRODUCTS)})",
        f"All provisioned products, in whatever state. {PARTS}",
        SUMS,
        steps((0, GREY)),
        background=False,
    )
    for status, thresholds, what in (
        (
            "INOPERABLE",
            good_below(1),
            "Stack instances that a failed delete left behind: they are left out of every further update until "
            "somebody mends them.",
        ),
        (
            "OUTDATED",
            steps((0, GREEN), (1, ORANGE)),
            "Stack instances that are behind their stack set. While an operation runs it is usual that some are.",
        ),
    ):
        yield stat(
            f"Instances {status}",
            f"sum({_instances(status)})",
            f"{what} Type and catalog product do not filter it.",
            "The sum of the stack sets that are known; unknown while none are.",
            thresholds,
        )
    yield _worst_first()
    yield _failing_targets()
    yield _alerts()


def _worst_first():
    unhealthy = f"(\n  {_any_state()}\n) > {states.PRODUCT_CODES['AVAILABLE']}"
    shown = (
        "aws_account_id, account_name, aws_region, provisioned_product_id, provisioned_product_name, "
        "provisioned_product_type, product_id, product_name, provisioning_artifact_name, vended_account_id"
    )
    began = f'{product(BEGAN)}\n  and on ({PRODUCT})\n  {product("servicecatalog_provisioned_product_info", CATALOG)}'
    keys = "aws_account_id, aws_region, provisioned_product_id, provisioned_product_name, provisioned_product_type"
    return table(
        "Worst first: every product that is not AVAILABLE",
        [
            f"max by ({shown}) (\n  {with_account_name(with_catalog(unhealthy))}\n)",
            f"1000 * min by ({keys}) (\n  {began}\n)",
        ],
        [
            Column("Value #A", "Status", 150, mappings=states.product_mapping()),
            Column("provisioned_product_name", "Product", links=[product_link()]),
            Column("Value #B", "Since", 140, unit="dateTimeFromNow", unknown=True),
            Column("provisioned_product_type", "Type", 210),
            Column("account_name", "Account", links=[fleet_link("account", "Account id", "Only this account")]),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column("vended_account_id", "Vended account", 130),
            Column("product_name", "Catalog product"),
            Column("provisioning_artifact_name", "Version", 90),
            Column("provisioned_product_id", "Product id", 170, links=[product_link(), status_page_link(product="Product id")]),
            Column("product_id", None),
        ],
        "ERROR before TAINTED, then what AWS added since, plans and changes. *Since* is when its last operation "
        "began, which is when the status began at the latest. *Vended account* is the account that an Account Factory "
        "product made. The links lead to its history, and to the words of AWS on the status page.",
        "*Since* is unknown where the last record was not read (`enrich.records: off`, or denied). Names of the "
        "catalog and vended accounts are empty without `enrich.names_and_tags`. Targets that are unknown have no rows.",
        sort=("Status", True),
        height=12,
        no_value="nothing unhealthy among what is known",
        well=True,
    )


def _failing_targets():
    labels = "aws_account_id, account_name, aws_region, stage"
    return table(
        "Targets that fail",
        [
            f"max by ({labels}, reason) (\n  {with_account_name(target('servicecatalog_scan_failure_reason'))}\n)",
            f"1000 * max by ({labels}) (\n  "
            + with_account_name(f"({target(SUCCEEDED)} > 0)\n  and on ({TARGET}, stage)\n  "
                                f"{target('servicecatalog_scan_failure_reason')}")
            + "\n)",
        ],
        [
            Column("reason", "Reason", 150, mappings=states.text_mapping(states.REASON_COLORS)),
            Column("stage", "Stage", 140),
            Column("account_name", "Account", links=[exporter_link()]),
            Column("aws_account_id", "Account id", 130, links=[exporter_link(), status_page_link()]),
            Column("aws_region", "Region", 120),
            Column("Value #B", "Last success", 150, unit="dateTimeFromNow", unknown=True),
            Column("Value #A", None),
        ],
        "Stages whose last attempt failed, and why. If the stage is products, all numbers of that target are as old as "
        "the last success; the other stages have an age of their own. What to do about each reason stands in the README.",
        "*Last success* is unknown where there never was one.",
        span=12,
        no_value="no stage failed among the targets that are scraped",
        well=True,
    )


def _alerts():
    # Some alerts have no job, such as that no exporter is there at all: those are never filtered away.
    firing = 'ALERTS{alertname=~"ServiceCatalog.+", alertstate="firing", job=~"$job|"}'
    labels = (
        "alertname, severity, account_name, aws_account_id, aws_region, provisioned_product_name, "
        "provisioned_product_type, provisioned_product_id, stage, reason, instance"
    )
    since = 'ALERTS_FOR_STATE{alertname=~"ServiceCatalog.+", job=~"$job|"}'
    severities = states.text_mapping({"critical": RED, "warning": ORANGE, "info": BLUE})
    return table(
        "Firing alerts",
        [
            f"max by ({labels}) ({firing})",
            f"1000 * min by ({labels}) (\n  {since}\n  and ignoring (alertstate)\n  {firing}\n)",
        ],
        [
            Column("severity", "Severity", 90, mappings=severities),
            Column(
                "alertname",
                "Alert",
                links=[
                    {"title": "Runbook", "url": f"${{runbooks}}/{frame.field('Alert')}.md", "targetBlank": True}
                ],
            ),
            Column("Value #B", "Since", 130, unit="dateTimeFromNow", unknown=True),
            Column("account_name", "Account"),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column("provisioned_product_name", "Product"),
            Column("provisioned_product_type", "Type"),
            Column("provisioned_product_id", "Product id"),
            Column("stage", "Stage"),
            Column("reason", "Reason"),
            Column("instance", "Instance"),
            Column("Value #A", None),
        ],
        "Alerts named ServiceCatalog… that fire in this data source, each linked to its runbook. Of the variables only "
        "the job filters them; alerts without a job are always shown.",
        "Empty too where this data source does not evaluate the rules, so it proves nothing by itself.",
        sort=("Severity", False),
        span=12,
        no_value="none fires, or the rules are not loaded here",
        well=True,
    )


def _where():
    names = f"topk by (aws_account_id) (1,\n  max by (aws_account_id, account_name) ({target(INFO)})\n)"
    yield _pivot(
        "By account",
        "aws_account_id",
        [
            Column("account_name", "Account", links=[fleet_link("account", "Account id", "Only this account")]),
            Column("aws_account_id", "Account id", 130, links=[
                fleet_link("account", "Account id", "Only this account"),
                {"title": "On the status page", "url": f"${{status_page}}/?account={frame.field('Account id')}",
                 "targetBlank": True},
            ]),
        ],
        "Every account that is scanned, its products by status and its stack instances that are not CURRENT.",
        extra=names,
        instances=True,
        age=True,
        span=24,
    )
    yield _pivot(
        "By region",
        "aws_region",
        [Column("aws_region", "Region", links=[fleet_link("region", "Region", "Only this region")])],
        "The same for each region.",
        instances=True,
        age=True,
        span=12,
    )
    yield _pivot(
        "By type",
        "provisioned_product_type",
        [Column("provisioned_product_type", "Type", links=[fleet_link("type", "Type", "Only this type")])],
        "The same for each type of product. CONTROL_TOWER_ACCOUNT are the accounts that Account Factory made.",
        span=12,
    )
    yield _pivot(
        "By catalog product",
        "product_id",
        [
            Column("product_name", "Catalog product"),
            Column("product_id", "Catalog product id", 180, links=[
                fleet_link("catalog_product", "Catalog product id", "Only what was launched from it")
            ]),
        ],
        "The same for what they were launched from: many at once point at a version of that product. Products whose "
        "launch failed may have no catalog product.",
        extra="topk by (product_id) (1,\n  max by (product_id, product_name) (\n    "
        + product("servicecatalog_provisioned_product_info", CATALOG)
        + "\n  )\n)",
        span=24,
    )


def _pivot(title, key, columns, what, extra=None, instances=False, age=False, span=12):
    """A row for each value of a label, a column for each status."""
    queries, counts = [], []

    def column(query, name, **options):
        queries.append(query)
        counts.append(Column(f"Value #{chr(ord('A') + len(queries) - 1)}", name, **options))

    for status in ("ERROR", "TAINTED", "PLAN_IN_PROGRESS", "UNDER_CHANGE", "AVAILABLE"):
        color = states.PRODUCT_COLORS[status] if status != "AVAILABLE" else "transparent"
        column(
            f"sum by ({key}) ({_of_status(status)})",
            status,
            width=110 if len(status) < 10 else 150,
            thresholds=count_steps(color),
            unknown=True,
        )
    column(
        f"sum by ({key}) ({group(PRODUCTS, OTHER)})\nor\n0 * sum by ({key}) ({group(PRODUCTS)})",
        "Other status",
        width=110,
        thresholds=count_steps(GREY),
        unknown=True,
    )
    if instances:
        for status in ("INOPERABLE", "OUTDATED"):
            column(
                f"sum by ({key}) ({_instances(status)})",
                f"Instances {status}",
                width=170,
                thresholds=count_steps(states.INSTANCE_COLORS[status]),
                unknown=True,
            )
    if age:
        oldest = target(SUCCEEDED, equals("stage", "products"))
        column(
            f"max by ({key}) (\n  time() - ({oldest} > 0)\n)",
            "Age of list",
            width=120,
            unit="s",
            decimals=0,
            unknown=True,
            thresholds={
                "mode": "absolute",
                "steps": [
                    {"value": None, "color": "transparent"},
                    {"value": 900, "color": ORANGE},
                    {"value": 3600, "color": RED},
                ],
            },
        )
    if extra:
        queries.append(extra)
        counts.append(Column(f"Value #{chr(ord('A') + len(queries) - 1)}", None))
    note = "*Age of list* is that of its oldest product list. " if age else ""
    return table(
        title,
        queries,
        columns + counts,
        what,
        f"{note}*Other status* counts those that this dashboard does not know. What is unknown of a row says so.",
        sort=("ERROR", True),
        span=span,
        no_value="unknown: nothing is known of any target",
    )


def _trends():
    yield lines(
        "Products that are not AVAILABLE",
        [
            (f"sum by (status) ({group(PRODUCTS, differs('status', 'AVAILABLE'))})", "{{status}}"),
        ],
        "How many there are by status, over time. Where a target becomes unknown its products leave the sum: compare "
        "with the targets unknown beside it.",
        SUMS,
        points=POINTS,
        colors={status: color for status, color in states.PRODUCT_COLORS.items() if status != "AVAILABLE"},
    )
    everywhere = every_target()
    known = target("servicecatalog_scan_provisioned_products")
    yield lines(
        "Targets failing and unknown",
        [
            (f"sum(\n  max by ({TARGET}) (\n    {target('servicecatalog_scan_stale', READ)}\n  )\n)", "failing"),
            (counted(f"{everywhere}\n  unless on ({TARGET})\n  {known}", everywhere), "unknown"),
        ],
        "Targets of which the last scan failed, so that their numbers are older, and targets that no sum counts.",
        "A gap means that no exporter was scraped.",
        points=POINTS,
        colors={"failing": ORANGE, "unknown": GREY},
        decimals=0,
    )
    yield lines(
        "Stack instances that are not CURRENT",
        [(f"sum by (status) ({target(INSTANCES, NOT_CURRENT)})", "{{status}}")],
        "How many there are by status, over time, summed over the stack sets that are known.",
        "A gap means that none was known.",
        points=POINTS,
        colors={"OUTDATED": ORANGE, "INOPERABLE": RED},
    )
    yield lines(
        "TAINTED and ERROR by type",
        [(f'sum by (provisioned_product_type) ({group(PRODUCTS, UNHEALTHY)})', "{{provisioned_product_type}}")],
        "Whether one type went bad at once: registering an organisational unit again can taint every account in it.",
        SUMS,
        points=POINTS,
    )
    yield lines(
        "TAINTED and ERROR by region",
        [(f"sum by (aws_region) ({group(PRODUCTS, UNHEALTHY)})", "{{aws_region}}")],
        "Whether one region went bad at once.",
        SUMS,
        points=POINTS,
    )
    yield lines(
        "All products by status",
        [(f"sum by (status) ({group(PRODUCTS)})", "{{status}}")],
        "All provisioned products. A step down is a termination, or a target that became unknown.",
        SUMS,
        points=POINTS,
        stacked=True,
        colors=states.PRODUCT_COLORS,
    )


def _stack_sets():
    yield bars(
        "Targets with most OUTDATED or INOPERABLE instances",
        [
            (
                "sort_desc(topk(15,\n  sum by (aws_account_id, aws_region, account_name) (\n    "
                + with_account_name(f"{target(INSTANCES, BEHIND)} > 0")
                + "\n  )\n))",
                "{{account_name}} {{aws_account_id}} {{aws_region}}",
            )
        ],
        "The 15 accounts and regions, as owners of stack sets, with most instances that are behind or left out.",
        "Targets whose stack sets are unknown are not among them.",
        steps((0, GREEN), (1, ORANGE)),
        no_value="none among the stack sets that are known",
        well=True,
    )
    yield bars(
        "Accounts in which most instances are not CURRENT",
        [
            (
                f'sort_desc(topk(15,\n  count by (stack_account_id) ({product(INSTANCE, NOT_CURRENT)})\n))',
                "{{stack_account_id}}",
            )
        ],
        "The 15 accounts into which stack sets deploy with most instances that are not CURRENT: if one stands out, "
        "something is wrong in that account, not in the stack sets.",
        "Needs `metrics.per_instance`, `problems` by default; with `none` there are no such series.",
        steps((0, GREEN), (1, ORANGE)),
        no_value="none among the instances that are shown",
        well=True,
    )
    shown = "aws_account_id, account_name, aws_region, provisioned_product_id, provisioned_product_name"
    keys = "aws_account_id, aws_region, provisioned_product_id, provisioned_product_name"
    behind = f"({product(OF_STACK_SET, BEHIND)} > 0)"
    yield table(
        "Stack sets with instances that are OUTDATED or INOPERABLE",
        [
            f"sum by ({shown}) (\n  {with_account_name(product(OF_STACK_SET, _is('INOPERABLE')) + and_behind(behind))}\n)",
            f"sum by ({keys}) (\n  {product(OF_STACK_SET, _is('OUTDATED'))}{and_behind(behind)}\n)",
            f"sum by ({keys}) (\n  {product(OF_STACK_SET)}{and_behind(behind)}\n)",
            f"1000 * max by ({keys}) (\n  {product(LISTED)}{and_behind(behind)}\n)",
            f"max by ({keys}) (\n  {_any_state()}\n)"
            f"\nand on ({keys})\n{behind}",
        ],
        [
            Column("provisioned_product_name", "Stack set", links=[product_link()]),
            Column("Value #A", "INOPERABLE", 110, thresholds=count_steps(RED)),
            Column("Value #B", "OUTDATED", 110, thresholds=count_steps(ORANGE)),
            Column("Value #C", "All instances", 120),
            Column("Value #D", "Listed", 130, unit="dateTimeFromNow", unknown=True),
            Column("Value #E", "Status", 150, mappings=states.product_mapping(), unknown=True),
            Column("account_name", "Account"),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column("provisioned_product_id", "Product id", 170, links=[product_link(), status_page_link(product="Product id")]),
        ],
        "While the product is UNDER_CHANGE it is usual that instances are OUTDATED; otherwise an operation left them "
        "behind. *Listed* is how old the counts are.",
        "Stack sets whose instances are unknown have no row.",
        sort=("INOPERABLE", True),
        no_value="none among the stack sets that are known",
        well=True,
    )


def and_behind(behind):
    return f"\n  and on ({PRODUCT})\n  {behind}"


def _history():
    yield timeline(
        "Products that were TAINTED or ERROR the longest",
        [
            (
                largest(
                    30,
                    "aws_account_id, aws_region, provisioned_product_id",
                    "max by (aws_account_id, aws_region, provisioned_product_id, provisioned_product_name) (\n  "
                    + _any_state()
                    + "\n)",
                    over_range("sum_over_time", "product", STATUS, UNHEALTHY),
                ),
                "{{provisioned_product_name}} {{aws_account_id}} {{aws_region}}",
            )
        ],
        "The 30 products that were TAINTED or ERROR for most of the time that is shown, and all their states in it.",
        "A gap means that the product was not known then: its target was unknown, or with `metrics.per_product: "
        "problems` it had no problem.",
        states.product_mapping(),
        points=POINTS,
        height=14,
        no_value="none was TAINTED or ERROR while it was known",
        well=True,
    )


def _is(status):
    return equals("status", status)


def _any_state():
    return state(states.PRODUCT_CODES, lambda by: product(STATUS, by), states.PRODUCT_OTHER)


def _of_status(status):
    return group(PRODUCTS, _is(status))


def _instances(status):
    return target(INSTANCES, _is(status))
