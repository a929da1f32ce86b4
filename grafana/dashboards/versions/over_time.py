"""How the drift went."""

from ..families import ON_VERSION
from ..panels import lines
from ..promql import largest, over_range
from ..states import BLUE, ORANGE, RED
from .drift import BEHIND, CREATED, DEPRECATED, INACTIVE, NAMED, NO_VERSIONS, many_on, products

TITLE = "Over time"
# Each step reads every version of hundreds of accounts.
POINTS = 200


def panels():
    yield lines(
        "Products that are behind",
        [
            (many_on(DEPRECATED), "on a DEPRECATED version"),
            (many_on(INACTIVE), "on an inactive version"),
            (many_on(BEHIND, of=CREATED), "not on the newest"),
        ],
        "How many products are behind. A step up is a new version, or one that was withdrawn; the way down is how fast "
        "products follow.",
        NO_VERSIONS,
        points=POINTS,
        colors={"on a DEPRECATED version": ORANGE, "on an inactive version": RED, "not on the newest": BLUE},
        decimals=0,
    )
    yield lines(
        "Products by version, the 10 most used",
        [
            (
                largest(
                    10,
                    "product_id, provisioning_artifact_id",
                    f"sum by (product_id, provisioning_artifact_id) (\n  {products()}\n)",
                    over_range("max_over_time", "version", ON_VERSION, NAMED),
                ),
                "{{product_id}} {{provisioning_artifact_id}}",
            )
        ],
        "How products move from one version to another, of the versions that most products were on at once in the time that "
        "is shown.",
        "Unknown without `versions`, and while no product is known.",
        points=POINTS,
        decimals=0,
    )
