"""The states of single products over time: costly, so its row is closed at first."""

from .. import states
from ..families import STATUS, UNHEALTHY
from ..panels import timeline
from ..promql import largest, over_range
from .counts import POINTS, any_state

TITLE = "History of single products (reads the series of every product)"


def panels():
    yield timeline(
        "Products that were TAINTED or ERROR the longest",
        [
            (
                largest(
                    30,
                    "aws_account_id, aws_region, provisioned_product_id",
                    "max by (aws_account_id, aws_region, provisioned_product_id, provisioned_product_name) (\n  "
                    + any_state()
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
