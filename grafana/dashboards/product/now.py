"""What one product is, and how it is."""

from .. import states
from ..families import (
    BEGAN,
    CREATED,
    EVER_SUCCEEDED,
    LAST_SUCCEEDED,
    MOVED,
    OF_PRODUCTS,
    PRODUCT_INFO,
    SINCE,
    SUCCEEDED,
)
from ..frame import fleet_link, status_page_link
from ..panels import good_below, neutral, stat, steps
from ..promql import INTERVAL, PRODUCT, TARGET, interval, one_product, unique, with_account_name
from ..states import GREEN, GREY, RED
from ..tables import Column, table
from .of_one import NO_PROVISIONING, NO_RECORD, NOT_SEEN, UNKNOWN_PRODUCT, of_its_target, state_of_it

TITLE = "Now"


def panels():
    yield stat(
        "Status",
        f"max(\n  {state_of_it()}\n)",
        "What the last complete product list said of it.",
        NOT_SEEN,
        steps(),
        mappings=states.product_mapping(),
    )
    age = f"time() - max(\n  {of_its_target(SUCCEEDED, OF_PRODUCTS)}\n)"
    longest = f"max(\n  {interval()}\n  and on ({TARGET})\n  {one_product(PRODUCT_INFO)}\n)"
    yield stat(
        "Age of this knowledge",
        age,
        "How long ago the scan began that read it.",
        NOT_SEEN,
        neutral(),
        unit="s",
        decimals=0,
    )
    yield stat(
        "In intervals",
        f"({age})\n/\n{longest}",
        f"The same as a multiple of {INTERVAL}: 1 is usual, from 2 one was missed, from 3 it is old.",
        NOT_SEEN,
        good_below(2, 3),
        decimals=1,
        runbook="ScanStale",
    )
    yield stat(
        "Last operation began",
        f"1000 * max({one_product(BEGAN)})",
        "When its last operation began: its status is not older than that.",
        NO_RECORD,
        neutral(),
        unit="dateTimeFromNow",
        well=True,
    )
    yield stat(
        "Last operation moved",
        f"1000 * max({one_product(MOVED)})",
        "When AWS last wrote something about that operation. Of one that runs, hours ago means that it is stuck.",
        NO_RECORD,
        neutral(),
        unit="dateTimeFromNow",
        well=True,
        runbook="ProductStuckUnderChange",
    )
    # A product that is served, while AWS does not tell.
    served = f"-1 + 0 * count({one_product(PRODUCT_INFO)})"
    yield stat(
        "Last provisioning",
        f"max({one_product(LAST_SUCCEEDED)})\nor\n{served}",
        "Whether its last provisioning succeeded.",
        NO_PROVISIONING,
        steps((0, RED), (1, GREEN)),
        mappings=_told("failed", "succeeded"),
        runbook="LastProvisioningFailed",
    )
    yield stat(
        "Ever provisioned",
        f"max({one_product(EVER_SUCCEEDED)})\nor\n{served}",
        "Whether any provisioning of it ever succeeded. One that never did left nothing that could be used.",
        NO_PROVISIONING,
        steps((0, RED), (1, GREEN)),
        mappings=_told("never", "yes"),
        runbook="ProductNeverSucceeded",
    )
    yield stat(
        "In this status for",
        f"time() - max({one_product(SINCE)})\nor\n{served}",
        "How long ago the scan began that first saw its status. With `--storage.path` that outlives restarts.",
        f"Unknown if it was never seen to change. {NOT_SEEN}",
        neutral(),
        unit="s",
        decimals=0,
        mappings=states.values({"-1": ("not seen to change", GREY)}),
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
            f"max by ({labels}) (\n  {with_account_name(unique(PRODUCT, one_product(PRODUCT_INFO)))}\n)",
            f"1000 * min by ({keys}) (\n  {one_product(CREATED)}\n)",
        ],
        [
            Column("provisioned_product_name", "Product", links=[status_page_link(product="Product id")]),
            Column("provisioned_product_type", "Type", 210),
            Column("account_name", "Account"),
            Column(
                "aws_account_id",
                "Account id",
                130,
                links=[fleet_link("account", "Account id", "This account")],
            ),
            Column("aws_region", "Region", 120),
            Column("vended_account_id", "Vended account", 130),
            Column("Value #B", "Created", 180, unit="dateTimeAsIso", unknown=True),
            Column("product_name", "Catalog product"),
            Column(
                "product_id",
                "Catalog product id",
                170,
                links=[fleet_link("catalog_product", "Catalog product id", "All that was launched from it")],
            ),
            Column("provisioning_artifact_name", "Version", 90),
            Column("provisioning_artifact_id", "Version id", 160),
            Column(
                "provisioned_product_id", "Product id", 170, links=[status_page_link(product="Product id")]
            ),
            Column("Value #A", None),
        ],
        "What it is called, where it is and what it was launched from. *Vended account* is the account that an Account "
        "Factory product made. The links lead to the status page, with the words of AWS.",
        f"{NOT_SEEN} Names of the catalog and the vended account are empty without `enrich.names_and_tags`.",
        height=5,
        no_value=UNKNOWN_PRODUCT,
    )


def _told(no, yes):
    return states.values({"-1": ("unknown", GREY), "0": (no, RED), "1": (yes, GREEN)})
