"""How it went."""

from .. import states
from ..families import INSTANCES, KNOWN, NOT_CURRENT, PRODUCTS, READ, STALE, UNHEALTHY
from ..panels import lines
from ..promql import TARGET, counted, differs, every_target, group, target
from ..states import GREY, ORANGE, RED
from .counts import POINTS, SUMS

TITLE = "Trends"


def panels():
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
        otherwise=GREY,
    )
    everywhere = every_target()
    known = target(KNOWN)
    yield lines(
        "Targets failing and unknown",
        [
            (f"sum(\n  max by ({TARGET}) (\n    {target(STALE, READ)}\n  )\n)", "failing"),
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
        otherwise=GREY,
    )
    yield lines(
        "TAINTED and ERROR by type",
        [
            (
                f"sum by (provisioned_product_type) ({group(PRODUCTS, UNHEALTHY)})",
                "{{provisioned_product_type}}",
            )
        ],
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
        otherwise=GREY,
    )
