"""The states of one product."""

from .. import states
from ..families import PRODUCT_INFO, TAGS
from ..panels import timeline
from ..promql import PRODUCT, one_of, one_product
from ..states import GREEN, GREY, RED
from ..tables import Column, table
from .of_one import NOT_SEEN, UNKNOWN_PRODUCT, of_its_target, state_of_it

TITLE = "States over time"


def panels():
    yield timeline(
        "Status",
        [
            (
                f"max by (provisioned_product_id, provisioned_product_name) (\n  {state_of_it()}\n)",
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
                + of_its_target(
                    "servicecatalog_scan_success", one_of("stage", ["products", "stack_instances", "records"])
                )
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
    served = f"max by ({PRODUCT}) ({one_product(PRODUCT_INFO)})"
    yield table(
        "Tags",
        [f"{one_product(TAGS)}\nor on ({PRODUCT})\n0 * {served}"],
        [
            Column(
                "Value", "Tags", 120, mappings=states.values({"0": ("unknown", GREY), "1": ("known", GREEN)})
            ),
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
