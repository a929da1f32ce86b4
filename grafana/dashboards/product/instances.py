"""The stack instances of one stack set."""

from .. import states
from ..families import INSTANCE, LISTED, NOT_CURRENT, OF_STACK_SET
from ..panels import bars, good_below, lines, neutral, stat, steps, timeline
from ..promql import equals, largest, one_product, over_range, state
from ..states import BLUE, GREEN, GREY, ORANGE, RED
from ..tables import Column, table
from .of_one import NO_INSTANCES

TITLE = "Stack instances"


def panels():
    for status, thresholds, runbook in (
        ("CURRENT", neutral(), None),
        ("OUTDATED", steps((0, GREEN), (1, ORANGE)), "StackInstancesOutdated"),
        ("INOPERABLE", good_below(1), "StackInstancesInoperable"),
    ):
        what = {
            "CURRENT": "Stack instances that are as the stack set wants them.",
            "OUTDATED": "Stack instances behind their stack set; usual while the product is UNDER_CHANGE.",
            "INOPERABLE": "Stack instances that a failed delete left behind; no update reaches them.",
        }[status]
        yield stat(
            status,
            f"sum({one_product(OF_STACK_SET, equals('status', status))})",
            what,
            NO_INSTANCES,
            thresholds,
            span=6,
            runbook=runbook,
        )
    yield stat(
        "Age of the listing",
        f"time() - max({one_product(LISTED)})",
        "How old the counts of its instances are. While nothing changes a stack set is listed once in "
        "`scan.stack_instances.max_age`, 30 minutes by default, so that some age is no fault; one that only grows is.",
        NO_INSTANCES,
        neutral(),
        unit="s",
        decimals=0,
        span=6,
        runbook="StackSetListingOld",
    )
    yield lines(
        "Instances by status",
        [(f"sum by (status) ({one_product(OF_STACK_SET)})", "{{status}}")],
        "How many of its instances were in which state. OUTDATED rises and falls during an operation; what stays after "
        "it was left behind.",
        NO_INSTANCES,
        stacked=True,
        colors=states.INSTANCE_COLORS,
        otherwise=GREY,
        span=16,
        decimals=0,
    )
    yield lines(
        "Age of the listing over time",
        [(f"time() - max({one_product(LISTED)})", "age")],
        "How old the counts were. It grows until the next listing: the height of the saw is `max_age`, and less "
        "while something changes. One that only grows means that listings fail.",
        NO_INSTANCES,
        unit="s",
        span=8,
        colors={"age": BLUE},
    )
    yield table(
        "Instances that are not CURRENT",
        [
            "max by (stack_account_id, stack_region, status) (\n  "
            + one_product(INSTANCE, NOT_CURRENT)
            + "\n)"
        ],
        [
            Column(
                "status", "Status", 130, mappings=states.text_mapping({"OUTDATED": ORANGE, "INOPERABLE": RED})
            ),
            Column("stack_account_id", "Stack account", 140),
            Column("stack_region", "Stack region", 140),
            Column("Value", None),
        ],
        "Where its instances are that are OUTDATED, INOPERABLE or of a status that is not known here.",
        "Needs `metrics.per_instance`, `problems` by default. Above `max_instance_series` some are left out.",
        sort=[("Status", False)],
        span=8,
        height=10,
        no_value="none among the instances that are known",
        well=True,
    )
    for word, label in [("account", "stack_account_id"), ("region", "stack_region")]:
        yield bars(
            f"Not CURRENT by {word}",
            [
                (
                    f"sort_desc(topk(15, count by ({label}) (\n  "
                    + one_product(INSTANCE, NOT_CURRENT)
                    + "\n)))",
                    f"{{{{{label}}}}}",
                )
            ],
            f"The 15 {word}s with most of them. If one stands out, something is wrong in that {word}.",
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
