"""The same by account, region, type and catalog product."""

from .. import frame, states
from ..families import CATALOG, OF_PRODUCTS, OTHER, PRODUCT_INFO, PRODUCTS, SUCCEEDED, TARGET_INFO
from ..frame import fleet_link
from ..promql import INTERVAL, TARGET, every_target, group, interval, product, target, told
from ..states import GREY
from ..tables import TOO_OLD, Column, count_steps, table
from .counts import instances_in, products_in

TITLE = "Where it is"


def panels():
    names = (
        f"topk by (aws_account_id) (1,\n  max by (aws_account_id, account_name) ({target(TARGET_INFO)})\n)"
    )
    yield _pivot(
        "By account",
        "aws_account_id",
        [
            Column(
                "account_name", "Account", links=[fleet_link("account", "Account id", "Only this account")]
            ),
            Column(
                "aws_account_id",
                "Account id",
                130,
                links=[
                    fleet_link("account", "Account id", "Only this account"),
                    {
                        "title": "On the status page",
                        "url": f"${{status_page}}/?account={frame.field('Account id')}",
                        "targetBlank": True,
                    },
                ],
            ),
        ],
        "Every account that is scanned, its products by status and its stack instances that are not CURRENT.",
        extra=names,
        instances=True,
        age=True,
    )
    yield _pivot(
        "By region",
        "aws_region",
        [Column("aws_region", "Region", links=[fleet_link("region", "Region", "Only this region")])],
        "The same for each region.",
        instances=True,
        age=True,
        height=6,
    )
    yield _pivot(
        "By type",
        "provisioned_product_type",
        [Column("provisioned_product_type", "Type", links=[fleet_link("type", "Type", "Only this type")])],
        "The same for each type of product. CONTROL_TOWER_ACCOUNT are the accounts that Account Factory made.",
        height=7,
    )
    yield _pivot(
        "By catalog product",
        "product_id",
        [
            Column("product_name", "Catalog product"),
            Column(
                "product_id",
                "Catalog product id",
                180,
                links=[fleet_link("catalog_product", "Catalog product id", "Only what was launched from it")],
            ),
        ],
        "The same for what they were launched from: many at once point at a version of that product. Products whose "
        "launch failed may have no catalog product.",
        extra="topk by (product_id) (1,\n  max by (product_id, product_name) (\n    "
        + product(PRODUCT_INFO, CATALOG)
        + "\n  )\n)",
    )


def _pivot(title, key, columns, what, extra=None, instances=False, age=False, height=10):
    """A row for each value of a label, a column for each status."""
    queries, counts = [], []

    if instances:
        everything = f"count by ({key}) ({every_target()})"
    else:
        everything = f"sum by ({key}) ({group(PRODUCTS)})"

    def column(query, name, **options):
        queries.append(told(query, everything))
        counts.append(Column(f"Value #{chr(ord('A') + len(queries) - 1)}", name, **options))

    for status in ("ERROR", "TAINTED", "PLAN_IN_PROGRESS", "UNDER_CHANGE", "AVAILABLE"):
        color = states.PRODUCT_COLORS[status] if status != "AVAILABLE" else "transparent"
        column(
            f"sum by ({key}) ({products_in(status)})",
            status,
            width=110 if len(status) < 10 else 150,
            thresholds=count_steps(color),
        )
    column(
        f"sum by ({key}) ({group(PRODUCTS, OTHER)})\nor\n0 * sum by ({key}) ({group(PRODUCTS)})",
        "Other status",
        width=110,
        thresholds=count_steps(GREY),
    )
    if instances:
        for status in ("INOPERABLE", "OUTDATED"):
            column(
                f"sum by ({key}) ({instances_in(status)})",
                f"Instances {status}",
                width=170,
                thresholds=count_steps(states.INSTANCE_COLORS[status]),
            )
    if age:
        oldest = f"time() - ({target(SUCCEEDED, OF_PRODUCTS)} > 0)"
        column(f"max by ({key}) (\n  {oldest}\n)", "Age of list", width=100, unit="s", decimals=0)
        column(
            f"max by ({key}) (\n  ({oldest})\n  / on ({TARGET}) group_left ()\n  "
            f"{interval()}\n)",
            "In intervals",
            width=110,
            decimals=1,
            thresholds=TOO_OLD,
        )
    if extra:
        queries.append(extra)
        counts.append(Column(f"Value #{chr(ord('A') + len(queries) - 1)}", None))
    note = (
        f"*Age of list* is that of its oldest product list, also as a multiple of {INTERVAL}. "
        if age
        else ""
    )
    return table(
        title,
        queries,
        columns + counts,
        what,
        f"{note}*Other status* counts those that this dashboard does not know. What is unknown of a row says so.",
        sort=[("ERROR", True)],
        height=height,
        no_value="unknown: nothing is known of any target",
    )
