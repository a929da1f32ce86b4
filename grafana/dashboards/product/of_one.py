"""What the rows about one product have in common."""

from .. import states
from ..families import PRODUCT_INFO, STATUS
from ..promql import TARGET, one_product, state, target

NOT_SEEN = (
    "Unknown if the product is not served: it is gone, its target is unknown, or with "
    "`metrics.per_product: problems` it has no problem."
)
UNKNOWN_PRODUCT = "unknown: no such product is served"
NO_INSTANCES = "Unknown if its instances are, and for what is no stack set."
NO_RECORD = (
    "Unknown while it is AVAILABLE, and where the record was not read (`enrich.records: off`, or denied)."
)
NO_PROVISIONING = "Unknown if AWS names no provisioning, and while it is UNDER_CHANGE or PLAN_IN_PROGRESS."


def state_of_it():
    return state(states.PRODUCT_CODES, lambda by: one_product(STATUS, by), states.PRODUCT_OTHER)


def of_its_target(family, extra):
    """A family of the target in which the product is."""
    return f"{target(family, extra)}\n  and on ({TARGET})\n  {one_product(PRODUCT_INFO)}"
