"""Which versions are in use, and which products should move."""

from .. import states
from ..families import ON_VERSION, PRODUCT_INFO, VERSION_INFO
from ..frame import fleet_link, product_link, status_page_link
from ..panels import bars, steps
from ..promql import VERSION, differs, equals, product, told, version, with_account_name
from ..states import BLUE, GREEN, GREY, ORANGE, RED
from ..tables import Column, count_steps, table
from .drift import BEHIND, CREATED, DEPRECATED, INACTIVE, NAMED, NEWEST, on, products

TITLE = "Versions in use"
KEYS = "product_id, provisioning_artifact_id"
CATALOG = 'product_id=~"$catalog_product"'


def panels():
    yield _versions()
    yield bars(
        "Products on versions that are DEPRECATED or not active, by catalog product",
        [
            (
                f"sort_desc(topk(15,\n  sum by (product_id) (\n    {on(_withdrawn())}\n  ) > 0\n))",
                "{{product_id}}",
            )
        ],
        "The 15 catalog products with most of them.",
        "Products whose versions are unknown are not among them.",
        steps((0, ORANGE)),
        no_value="none among the versions that are known",
        well=True,
    )
    yield bars(
        "Products that are not on the newest version, by account",
        [
            (
                "sort_desc(topk(15,\n  sum by (aws_account_id, account_name) (\n    "
                + with_account_name(on(BEHIND))
                + "\n  ) > 0\n))",
                "{{account_name}} {{aws_account_id}}",
            )
        ],
        "The 15 accounts with most of them.",
        "Products whose versions are unknown are not among them.",
        steps((0, BLUE)),
        no_value="none among the versions that are known",
        well=True,
    )
    yield _should_move()


def _withdrawn():
    return f"(\n    {DEPRECATED}\n    or\n    {INACTIVE}\n  )"


def _in_use(versions):
    """The newest of a product is known too, whether a product is on it or not."""
    return f"({versions})\n  and on ({VERSION})\n  {products()}"


def _versions():
    everything = f"sum by ({KEYS}) ({products()})"
    guidance = " or ".join(
        f"{code} * {version(VERSION_INFO, equals('guidance', word))}"
        for code, word in ((2, "DEPRECATED"), (1, "DEFAULT"))
    )
    active = " or ".join(
        f"{code} * {version(VERSION_INFO, equals('active', word))}" for code, word in ((1, "true"), (0, "false"))
    )
    newest = f"{CREATED}\n  >= bool on (job, namespace, aws_account_id, aws_region, product_id) group_left ()\n  {NEWEST}"
    named = product(PRODUCT_INFO, f'{CATALOG}, {differs("provisioning_artifact_id", "")}')
    return table(
        "Versions that products are on",
        [
            everything,
            told(f"max by ({KEYS}) (\n  {_in_use(guidance)}\n)", everything),
            told(f"min by ({KEYS}) (\n  {_in_use(active)}\n)", everything),
            told(f"min by ({KEYS}) (\n  {_in_use(newest)}\n)", everything),
            told(f"1000 * min by ({KEYS}) (\n  {_in_use(CREATED)}\n)", everything),
            f"count by ({KEYS}) (\n  {version(ON_VERSION, NAMED)} > 0\n)",
            f"topk by ({KEYS}) (1,\n  max by ({KEYS}, product_name, provisioning_artifact_name) (\n    {named}\n  )\n)",
        ],
        [
            Column("product_name", "Catalog product"),
            Column("provisioning_artifact_name", "Version", 130),
            Column("Value #A", "Products", 90),
            Column("Value #F", "In targets", 90),
            Column(
                "Value #B",
                "Guidance",
                120,
                mappings=states.values({"1": ("DEFAULT", GREEN), "2": ("DEPRECATED", ORANGE)}),
                unknown=True,
            ),
            Column("Value #C", "Active", 90, mappings=states.boolean_mapping("no", "yes"), unknown=True),
            Column(
                "Value #D", "Newest", 90, mappings=states.values({"0": ("no", BLUE), "1": ("yes", GREEN)}), unknown=True
            ),
            Column("Value #E", "Created", 150, unit="dateTimeFromNow", unknown=True),
            Column(
                "product_id",
                "Catalog product id",
                180,
                links=[fleet_link("catalog_product", "Catalog product id", "All that was launched from it")],
            ),
            Column("provisioning_artifact_id", "Version id", 180),
            Column("Value #G", None),
        ],
        "Each version that a product is on, with what its owner says of it. *Newest* is *no* if some account has a newer one "
        "for a product that is there.",
        "What is unknown of a version says so: it was not asked for yet, or not allowed, or the exporter may see its "
        "versions but not their guidance. Names need `enrich.names_and_tags`.",
        sort=[("Products", True), ("Guidance", True)],
        height=12,
        no_value="unknown: the exporter is not asked for versions, or knows no product",
    )


def _should_move():
    shown = (
        "aws_account_id, account_name, aws_region, provisioned_product_id, provisioned_product_name, "
        "provisioned_product_type, product_id, product_name, provisioning_artifact_id, provisioning_artifact_name"
    )
    info = f"{product(PRODUCT_INFO, CATALOG)}\n  and on ({VERSION})\n  {_withdrawn()}"
    return table(
        "Products on a version that is DEPRECATED or not active",
        [f"max by ({shown}) (\n  {with_account_name(info)}\n)"],
        [
            Column("provisioned_product_name", "Product", links=[product_link()]),
            Column("provisioned_product_type", "Type", 210),
            Column("product_name", "Catalog product"),
            Column("provisioning_artifact_name", "Version", 130),
            Column(
                "account_name", "Account", links=[fleet_link("account", "Account id", "Only this account")]
            ),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column("product_id", "Catalog product id", 180),
            Column("provisioning_artifact_id", "Version id", 180),
            Column(
                "provisioned_product_id",
                "Product id",
                170,
                links=[product_link(), status_page_link(product="Product id")],
            ),
            Column("Value", None),
        ],
        "Those that have to be updated, each with its account. The links lead to its history and to the status page.",
        "With `metrics.per_product: problems` only those with a problem. Names need `enrich.names_and_tags`.",
        sort=[("Catalog product", False)],
        height=12,
        no_value="none among the versions that are known",
        well=True,
    )
