"""How many products and instances there are, by status."""

from .. import states
from ..families import INSTANCES, PRODUCTS, STATUS
from ..promql import equals, group, product, state, target

SUMS = "The sum of the targets whose products are known; it is unknown while none are."
PARTS = "It counts those of the known targets only: see the first row for how many are missing."

# Each step reads every series of hundreds of accounts, so these take no more steps than one can see.
POINTS = 200


def in_status(status):
    return equals("status", status)


def any_state():
    return state(states.PRODUCT_CODES, lambda by: product(STATUS, by), states.PRODUCT_OTHER)


def products_in(status):
    return group(PRODUCTS, in_status(status))


def instances_in(status):
    return target(INSTANCES, in_status(status))
