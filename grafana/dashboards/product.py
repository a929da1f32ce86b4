"""Product and stack set: one provisioned product, its states over time and its stack instances."""

from . import frame, states
from .frame import fleet_link, status_page_link
from .panels import Column, bars, good_below, lines, row, stat, steps, table, timeline
from .promql import (
    PRODUCT,
    TARGET,
    differs,
    equals,
    largest,
    one_of,
    one_product,
    over_range,
    state,
    target,
    unique,
    with_account_name,
)
from .states import BLUE, GREEN, GREY, ORANGE, RED

STATUS = "servicecatalog_provisioned_product_status"
INFO = "servicecatalog_provisioned_product_info"
CREATED = "servicecatalog_provisioned_product_created_timestamp_seconds"
BEGAN = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds"
MOVED = "servicecatalog_provisioned_product_last_record_updated_timestamp_seconds"
EVER = "servicecatalog_provisioned_product_ever_succeeded"
LAST = "servicecatalog_provisioned_product_last_provisioning_succeeded"
TAGS = "servicecatalog_provisioned_product_tags"
COUNTS = "servicecatalog_provisioned_product_stack_instances"
LISTED = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds"
INSTANCE = "servicecatalog_stack_instance_status"
SUCCEEDED = "servicecatalog_scan_last_success_timestamp_seconds"

NOT_CURRENT = differs("status", "CURRENT")
NOT_SEEN = (
    "Unknown if the product is not served: it is gone, its target is unknown, or with "
    "`metrics.per_product: problems` it has no problem."
)
UNKNOWN_PRODUCT = "unknown: no such product is served"
NO_INSTANCES = "Unknown if its instances are, and for what is no stack set."
NO_RECORD = "Unknown while it is AVAILABLE, and where the record was not read (`enrich.records: off`, or denied)."
NO_PROVISIONING = "Unknown if AWS names no provisioning, and while it is UNDER_CHANGE or PLAN_IN_PROGRESS."


def build():
    board = frame.frame(
        "servicecatalog-product",
        "One provisioned product of AWS Service Catalog: what state it was in when, what it was launched from, and, "
        "of a stack set, in which accounts and regions its instances are not CURRENT.",
        [
            frame.datasource(),
            frame.job(),
            frame.account(),
            frame.region(),
            frame.product_type(),
            frame.product(),
            frame.instance(),
            frame.status_page(),
            frame.runbooks(),
        ],
        since="now-7d",
    )
    for title, panels in (
        ("Now", _now()),
        ("States over time", _over_time()),
        ("Stack instances", _instances()),
    ):
        board.with_row(row(title))
        for panel in panels:
            board.with_panel(panel)
    return frame.text(board)


def _state():
    return state(states.PRODUCT_CODES, lambda by: one_product(STATUS, by), states.PRODUCT_OTHER)


def _told(no, yes):
    return states.values({"-1": ("unknown", GREY), "0": (no, RED), "1": (yes, GREEN)})


def _of_its_target(family, extra):
    """A family of the target in which the product is."""
    return f"{target(family, extra)}\n  and on ({TARGET})\n  {one_product(INFO)}"


def _now():
    yield stat(
        "Status",
        f"max(\n  {_state()}\n)",
        "What the last complete product list said of it.",
        NOT_SEEN,
        steps(),
        mappings=states.product_mapping(),
        span=4,
    )
    listed = _of_its_target(SUCCEEDED, equals("stage", "products"))
    yield stat(
        "Age of this knowledge",
        f"time() - max(\n  {listed}\n)",
        "How long ago the scan began that read it. Orange from 15 minutes, three times the default interval; red from "
        "an hour, when it is dropped by default.",
        NOT_SEEN,
        good_below(900, 3600),
        unit="s",
        decimals=0,
        span=4,
    )
    yield stat(
        "Last operation began",
        f"1000 * max({one_product(BEGAN)})",
        "When its last operation began: its status is not older than that.",
        NO_RECORD,
        steps((0, GREY)),
        unit="dateTimeFromNow",
        span=4,
        background=False,
        well=True,
    )
    yield stat(
        "Last operation moved",
        f"1000 * max({one_product(MOVED)})",
        "When AWS last wrote something about that operation. Of one that runs, hours ago means that it is stuck.",
        NO_RECORD,
        steps((0, GREY)),
        unit="dateTimeFromNow",
        span=4,
        background=False,
        well=True,
    )
    # A product that is served, while AWS does not tell.
    served = f"-1 + 0 * count({one_product(INFO)})"
    yield stat(
        "Last provisioning",
        f"max({one_product(LAST)})\nor\n{served}",
        "Whether its last provisioning succeeded.",
        NO_PROVISIONING,
        steps((0, RED), (1, GREEN)),
        mappings=_told("failed", "succeeded"),
        span=4,
    )
    yield stat(
        "Ever provisioned",
        f"max({one_product(EVER)})\nor\n{served}",
        "Whether any provisioning of it ever succeeded. One that never did left nothing that could be used.",
        NO_PROVISIONING,
        steps((0, RED), (1, GREEN)),
        mappings=_told("never", "yes"),
        span=4,
    )
    labels = (
        "aws_account_id, account_name, aws_region, provisioned_product_id, provisioned_product_name, "
        "provisioned_product_type, product_id, product_name, provisioning_artifact_id, provisioning_artifact_name, "
        "vended_account_id"
    )
    keys = "aws_account_id, aws_region, provisioned_product_id, provisioned_product_name, provisioned_product_type"
    yield table(
        "What it is",
        [
            f"max by ({labels}) (\n  {with_account_name(unique(PRODUCT, one_product(INFO)))}\n)",
            f"1000 * min by ({keys}) (\n  {one_product(CREATED)}\n)",
        ],
        [
            Column("provisioned_product_name", "Product", links=[status_page_link(product="Product id")]),
            Column("provisioned_product_type", "Type", 210),
            Column("account_name", "Account"),
            Column("aws_account_id", "Account id", 130, links=[fleet_link("account", "Account id", "This account")]),
            Column("aws_region", "Region", 120),
            Column("vended_account_id", "Vended account", 130),
            Column("Value #B", "Created", 180, unit="dateTimeAsIso", unknown=True),
            Column("product_name", "Catalog product"),
            Column("product_id", "Catalog product id", 170, links=[
                fleet_link("catalog_product", "Catalog product id", "All that was launched from it")
            ]),
            Column("provisioning_artifact_name", "Version", 90),
            Column("provisioning_artifact_id", "Version id", 160),
            Column("provisioned_product_id", "Product id", 170, links=[status_page_link(product="Product id")]),
            Column("Value #A", None),
        ],
        "What it is called, where it is and what it was launched from. *Vended account* is the account that an Account "
        "Factory product made. The links lead to the status page, with the words of AWS.",
        f"{NOT_SEEN} Names of the catalog and the vended account are empty without `enrich.names_and_tags`.",
        height=5,
        no_value=UNKNOWN_PRODUCT,
    )


def _over_time():
    yield timeline(
        "Status",
        [
            (
                f"max by (provisioned_product_id, provisioned_product_name) (\n  {_state()}\n)",
                "{{provisioned_product_name}}",
            )
        ],
        "The state of the product as the scans saw it: what came and went between two scans is not here.",
        "A gap means that it was not served: its target was unknown, it did not exist, or with "
        "`metrics.per_product: problems` it had no problem.",
        states.product_mapping(),
        height=5,
    )
    yield timeline(
        "Could it be seen?",
        [
            (
                "min by (stage) (\n  "
                + _of_its_target("servicecatalog_scan_success", one_of("stage", ["products", "stack_instances", "records"]))
                + "\n)",
                "{{stage}}",
            )
        ],
        "Whether the scans of its account and region succeeded. While one fails, what is shown of that stage is what "
        "was known before.",
        "A gap means that the product was not served, or no exporter was scraped.",
        states.boolean_mapping("failed", "read", RED, GREEN),
        height=6,
    )
    served = f"max by ({PRODUCT}) ({one_product(INFO)})"
    yield table(
        "Tags",
        [f"{one_product(TAGS)}\nor on ({PRODUCT})\n0 * {served}"],
        [
            Column("Value", "Tags", 120, mappings=states.values({"0": ("unknown", GREY), "1": ("known", GREEN)})),
            Column("job", None),
            Column("namespace", None),
            Column("aws_account_id", None),
            Column("aws_region", None),
            Column("provisioned_product_id", None),
        ],
        "The tags that the configuration names, a column each. An empty cell means that the product has no such tag.",
        f"Unknown without `enrich.names_and_tags` and configured tags, and until they were read. {NOT_SEEN}",
        height=4,
        span=24,
        no_value=UNKNOWN_PRODUCT,
    )


def _instances():
    for status, thresholds in (
        ("CURRENT", steps((0, GREY))),
        ("OUTDATED", steps((0, GREEN), (1, ORANGE))),
        ("INOPERABLE", good_below(1)),
    ):
        what = {
            "CURRENT": "Stack instances that are as the stack set wants them.",
            "OUTDATED": "Stack instances behind their stack set; usual while the product is UNDER_CHANGE.",
            "INOPERABLE": "Stack instances that a failed delete left behind; no update reaches them.",
        }[status]
        yield stat(
            status, f"sum({one_product(COUNTS, equals('status', status))})", what, NO_INSTANCES, thresholds, span=6,
            background=status != "CURRENT",
        )
    yield stat(
        "Age of the listing",
        f"time() - max({one_product(LISTED)})",
        "How old the counts of its instances are. While nothing changes a stack set is listed once in "
        "`scan.stack_instances.max_age` (30 minutes by default), so that is no fault; orange from 45 minutes, red "
        "from an hour and a half.",
        NO_INSTANCES,
        good_below(2700, 5400),
        unit="s",
        decimals=0,
        span=6,
    )
    yield lines(
        "Instances by status",
        [(f"sum by (status) ({one_product(COUNTS)})", "{{status}}")],
        "How many of its instances were in which state. OUTDATED rises and falls during an operation; what stays after "
        "it was left behind.",
        NO_INSTANCES,
        stacked=True,
        colors=states.INSTANCE_COLORS,
        span=16,
        decimals=0,
    )
    yield lines(
        "Age of the listing over time",
        [(f"time() - max({one_product(LISTED)})", "age")],
        "How old the counts were. It grows until the next listing; above an hour and a half listings fail.",
        NO_INSTANCES,
        unit="s",
        span=8,
        colors={"age": BLUE},
        thresholds=steps((0, GREEN), (5400, RED)),
    )
    yield table(
        "Instances that are not CURRENT",
        [
            "max by (stack_account_id, stack_region, status) (\n  "
            + one_product(INSTANCE, NOT_CURRENT)
            + "\n)"
        ],
        [
            Column("status", "Status", 130, mappings=states.text_mapping(
                {"OUTDATED": ORANGE, "INOPERABLE": RED}
            )),
            Column("stack_account_id", "Stack account", 140),
            Column("stack_region", "Stack region", 140),
            Column("Value", None),
        ],
        "Where its instances are that are OUTDATED, INOPERABLE or of a status that is not known here.",
        "Needs `metrics.per_instance`, `problems` by default. Above `max_instance_series` some are left out.",
        sort=("Status", False),
        span=8,
        height=10,
        no_value="none among the instances that are known",
        well=True,
    )
    yield bars(
        "Not CURRENT by account",
        [
            (
                "sort_desc(topk(15, count by (stack_account_id) (\n  "
                + one_product(INSTANCE, NOT_CURRENT)
                + "\n)))",
                "{{stack_account_id}}",
            )
        ],
        "The 15 accounts with most of them. If one stands out, something is wrong in that account.",
        "Needs `metrics.per_instance`, `problems` by default.",
        steps((0, GREEN), (1, ORANGE)),
        span=8,
        height=10,
        no_value="none among the instances that are known",
        well=True,
    )
    yield bars(
        "Not CURRENT by region",
        [
            (
                "sort_desc(topk(15, count by (stack_region) (\n  "
                + one_product(INSTANCE, NOT_CURRENT)
                + "\n)))",
                "{{stack_region}}",
            )
        ],
        "The 15 regions with most of them. If one stands out, something is wrong in that region.",
        "Needs `metrics.per_instance`, `problems` by default.",
        steps((0, GREEN), (1, ORANGE)),
        span=8,
        height=10,
        no_value="none among the instances that are known",
        well=True,
    )
    instance = state(states.INSTANCE_CODES, lambda by: one_product(INSTANCE, by), states.INSTANCE_OTHER)
    yield timeline(
        "Instances that were not CURRENT the longest",
        [
            (
                largest(
                    40,
                    "stack_account_id, stack_region",
                    f"max by (stack_account_id, stack_region) (\n  {instance}\n)",
                    over_range("count_over_time", "one_product", INSTANCE, NOT_CURRENT),
                ),
                "{{stack_account_id}} {{stack_region}}",
            )
        ],
        "The 40 instances that were not CURRENT for most of the time that is shown.",
        "With `metrics.per_instance: problems`, the default, a gap means that the instance was CURRENT, gone, or "
        "unknown: the counts above tell which.",
        states.instance_mapping(),
        height=12,
        no_value="none was behind while its stack set was known",
        well=True,
    )
