"""What the rows about versions have in common: which products are on which kind of version."""

from ..families import ON_VERSION, VERSION_CREATED, VERSION_INFO
from ..promql import CATALOG_PRODUCT, VERSION, differs, equals, version

NO_VERSIONS = "Unknown without `versions`, and while nothing is known of any version."
NAMED = differs("product_id", "")

DEPRECATED = version(VERSION_INFO, equals("guidance", "DEPRECATED"))
INACTIVE = version(VERSION_INFO, equals("active", "false"))
KNOWN = version(VERSION_INFO)
CREATED = version(VERSION_CREATED)
ACTIVE = version(VERSION_INFO, differs("active", "false"))
# Of those that may be launched.
NEWEST = f"max by ({CATALOG_PRODUCT}) (\n      {CREATED}\n      and on ({VERSION})\n      {ACTIVE}\n    )"
BEHIND = f"(\n    {CREATED}\n    < on ({CATALOG_PRODUCT}) group_left ()\n    {NEWEST}\n  )"


def products():
    """Products by version, of those that AWS names."""
    return version(ON_VERSION, NAMED)


def on(versions):
    """The products on one of these versions, by version."""
    return f"{products()}\n  and on ({VERSION})\n  {versions}"


def many_on(versions, of=KNOWN, by=""):
    """How many that are. 0 where versions are known and none is one of these."""
    by = f" by ({by})" if by else ""
    return f"sum{by} (\n  {on(versions)}\n)\nor\n0 * sum{by} (\n  {on(of)}\n)"
