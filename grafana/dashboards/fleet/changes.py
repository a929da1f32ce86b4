"""What changed, and how often it failed: what no count of now can show."""

from .. import states
from ..families import CATALOG, ENDED, ENTERED, PRODUCT_INFO, PRODUCTS, SINCE, STATUS, UNHEALTHY
from ..frame import fleet_link, product_link, status_page_link
from ..panels import bars, lines, steps
from ..promql import PRODUCT, differs, group, group_rate, over_range, product, unique, with_account_name
from ..states import GREY, ORANGE, RED
from ..tables import Column, table
from .counts import POINTS, any_state

TITLE = "What changed"
SCANS = (
    "What came and went between two scans is not counted. A restart of the exporter begins at 0, which rates know."
)
SHOWN = 100
DAY = 86400


def panels():
    yield lines(
        "Operations that ended",
        [(f"3600 * sum by (status) (\n  {group_rate(ENTERED, ENDED)}\n)", "{{status}}")],
        f"Products an hour that entered a status in which nothing runs: AVAILABLE if an operation succeeded. {SCANS}",
        "Unknown while no product is.",
        points=POINTS,
        colors={status: states.PRODUCT_COLORS[status] for status in ("AVAILABLE", "TAINTED", "ERROR")},
        otherwise=GREY,
    )
    failed = over_range("increase", "group", ENTERED, UNHEALTHY)
    ended = over_range("increase", "group", ENTERED, ENDED)
    keys = "product_id, provisioned_product_type"
    known = f"topk by ({keys}) (1,\n    sum by ({keys}, product_name) (\n      0 * {product(PRODUCT_INFO, CATALOG)}\n    )\n  )"
    yield bars(
        "Part of the operations that failed, by catalog product",
        [
            (
                f"sort_desc(topk(15,\n  sum by ({keys}) ({failed})\n  / (sum by ({keys}) ({ended}) > 0)\n  > 0\n)"
                f"\n+ on ({keys}) group_left (product_name)\n  {known})",
                "{{product_name}} {{product_id}} {{provisioned_product_type}}",
            )
        ],
        "The 15 catalog products and types with the largest part, in the time that is shown: products that entered "
        "TAINTED or ERROR, of all that entered a status in which nothing runs. Those that were mended or terminated "
        f"since count too. {SCANS}",
        "Catalog products of which nothing is launched now are not here.",
        steps((0, GREY), (0.000001, ORANGE), (0.5, RED)),
        unit="percentunit",
        no_value="no operation failed while the exporter was scraped",
        well=True,
    )
    yield _changed()
    yield bars(
        "Longest in a status that is not AVAILABLE",
        [
            (
                "sort_desc(topk(15,\n  max by (aws_account_id, aws_region, provisioned_product_name, status) (\n    "
                f"({product(STATUS, differs('status', 'AVAILABLE'))} == 1)\n    * on ({PRODUCT}) group_left ()\n    "
                + unique(PRODUCT, f"time() - {product(SINCE)}")
                + "\n  )\n))",
                "{{provisioned_product_name}} {{status}} {{aws_account_id}} {{aws_region}}",
            )
        ],
        "The 15 products that have been TAINTED, in ERROR or in an operation for the longest time, as the scans saw it "
        "begin. The catalog product does not filter it.",
        "Products that were never seen to change are not here: without `--storage.path` that is so for all that did not "
        "change since the exporter started.",
        steps((0, ORANGE)),
        unit="s",
        no_value="none that was seen to change",
        well=True,
    )
    broken = f"sum by ({keys}) ({group(PRODUCTS, UNHEALTHY)})"
    yield bars(
        "Failures that show no more, by catalog product",
        [
            (
                f"sort_desc(topk(15,\n  round(\n    sum by ({keys}) ({failed})\n    - ({broken}\n    or 0 * sum by ({keys}) "
                f"({failed}))\n  ) > 0\n))",
                "{{product_id}} {{provisioned_product_type}}",
            )
        ],
        "How many more products entered TAINTED or ERROR in the time that is shown than are so now: they were mended, "
        "tried again or terminated. Many of them are a loop that fails.",
        "",
        steps((0, GREY), (1, ORANGE), (5, RED)),
        no_value="all that failed can be seen, or nothing failed",
        well=True,
    )


def _changed():
    shown = (
        "aws_account_id, account_name, aws_region, provisioned_product_id, provisioned_product_name, "
        "provisioned_product_type"
    )
    keys = "aws_account_id, aws_region, provisioned_product_id, provisioned_product_name, provisioned_product_type"
    last = f"topk({SHOWN},\n    max by ({keys}) (\n      {product(SINCE)} > time() - {DAY}\n    )\n  )"
    return table(
        "Last day's changes, the newest first",
        [
            f"1000 * {last}",
            f"max by ({shown}) (\n  {with_account_name(any_state())}\n)\nand on ({keys})\n  {last}",
        ],
        [
            Column("Value #A", "Since", 140, unit="dateTimeFromNow"),
            Column("Value #B", "Status", 150, mappings=states.product_mapping(), unknown=True),
            Column("provisioned_product_name", "Product", links=[product_link()]),
            Column("provisioned_product_type", "Type", 210),
            Column(
                "account_name", "Account", links=[fleet_link("account", "Account id", "Only this account")]
            ),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column(
                "provisioned_product_id",
                "Product id",
                170,
                links=[product_link(), status_page_link(product="Product id")],
            ),
        ],
        f"The {SHOWN} products that entered their status last, within a day. *Since* is the begin of the scan that saw "
        "it. The catalog product does not filter it. What it was before and why it changed is in the log of the exporter.",
        "Products that are gone have no row. With `metrics.per_product: problems` only those with a problem have.",
        sort=[("Since", True)],
        height=10,
        no_value="nothing was seen to change within a day",
        well=True,
    )
