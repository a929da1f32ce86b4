"""Whose stack instances are behind."""

from .. import states
from ..families import BEHIND, INSTANCE, INSTANCES, LISTED, NOT_CURRENT, OF_STACK_SET
from ..frame import product_link, status_page_link
from ..panels import bars, steps
from ..promql import PRODUCT, product, target, with_account_name
from ..states import GREEN, ORANGE, RED
from ..tables import Column, count_steps, table
from .counts import any_state, in_status

TITLE = "Stack sets"


def panels():
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
                f"sort_desc(topk(15,\n  count by (stack_account_id) ({product(INSTANCE, NOT_CURRENT)})\n))",
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
            f"sum by ({shown}) (\n  {with_account_name(product(OF_STACK_SET, in_status('INOPERABLE')) + _and_behind(behind))}\n)",
            f"sum by ({keys}) (\n  {product(OF_STACK_SET, in_status('OUTDATED'))}{_and_behind(behind)}\n)",
            f"sum by ({keys}) (\n  {product(OF_STACK_SET)}{_and_behind(behind)}\n)",
            f"1000 * max by ({keys}) (\n  {product(LISTED)}{_and_behind(behind)}\n)",
            f"max by ({keys}) (\n  {any_state()}\n)" f"\nand on ({keys})\n{behind}",
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
            Column(
                "provisioned_product_id",
                "Product id",
                170,
                links=[product_link(), status_page_link(product="Product id")],
            ),
        ],
        "While the product is UNDER_CHANGE it is usual that instances are OUTDATED; otherwise an operation left them "
        "behind. *Listed* is how old the counts are.",
        "Stack sets whose instances are unknown have no row.",
        sort=[("INOPERABLE", True)],
        no_value="none among the stack sets that are known",
        well=True,
    )


def _and_behind(behind):
    return f"\n  and on ({PRODUCT})\n  {behind}"
