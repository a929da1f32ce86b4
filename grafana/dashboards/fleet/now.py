"""What needs a hand now, the worst first."""

from .. import frame, states
from ..families import BEGAN, CATALOG, PRODUCT_INFO, PRODUCTS, REASON, STATUS, SUCCEEDED
from ..frame import exporter_link, fleet_link, product_link, status_page_link
from ..panels import good_below, neutral, stat, steps
from ..promql import PRODUCT, TARGET, differs, group, product, target, with_account_name, with_catalog
from ..states import BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from ..tables import Column, table
from .counts import PARTS, SUMS, any_state, instances_in, products_in

TITLE = "What needs a hand now"
# A time that never comes, so that what is unknown is sorted behind the youngest.
NOT_TOLD = 1000000000000000
RUNBOOKS_OF_REASONS = {
    "AccessDenied": "access_denied",
    "ScpDenied": "scp_denied",
    "CredentialsFailing": "credentials",
    "RegionDisabled": "region_disabled",
    "AwsThrottled": "throttled",
    "ScanFailing": "other reasons",
}


def panels():
    for status, thresholds, runbook, what in (
        (
            "ERROR",
            good_below(1),
            "ProductError",
            "Products in ERROR: the last operation failed, and what they run may be broken or half made.",
        ),
        (
            "TAINTED",
            steps((0, GREEN), (1, ORANGE)),
            "ProductTainted",
            "Products that are TAINTED: they run, but not as the last operation wanted, for it failed.",
        ),
        (
            "PLAN_IN_PROGRESS",
            steps((0, GREEN), (1, PURPLE)),
            "PlanInProgressTooLong",
            "Products with a plan that nobody executed or deleted yet.",
        ),
        (
            "UNDER_CHANGE",
            steps((0, GREEN), (1, BLUE)),
            "ProductStuckUnderChange",
            "Products that an operation is changing now.",
        ),
    ):
        yield stat(
            status, f"sum({products_in(status)})", f"{what} {PARTS}", SUMS, thresholds, runbook=runbook
        )
    yield stat(
        "AVAILABLE",
        f"sum({products_in('AVAILABLE')})\n/ sum({group(PRODUCTS)})",
        f"Which part of the products is AVAILABLE. {PARTS}",
        f"{SUMS} There is no part of nothing: it is unknown too where there are no products.",
        steps((0, RED), (0.9, ORANGE), (0.99, GREEN)),
        unit="percentunit",
        decimals=1,
    )
    yield stat(
        "Products",
        f"sum({group(PRODUCTS)})",
        f"All provisioned products, in whatever state. {PARTS}",
        SUMS,
        neutral(),
    )
    for status, thresholds, runbook, what in (
        (
            "INOPERABLE",
            good_below(1),
            "StackInstancesInoperable",
            "Stack instances that a failed delete left behind: they are left out of every further update until "
            "somebody mends them.",
        ),
        (
            "OUTDATED",
            steps((0, GREEN), (1, ORANGE)),
            "StackInstancesOutdated",
            "Stack instances that are behind their stack set. While an operation runs it is usual that some are.",
        ),
    ):
        yield stat(
            f"Instances {status}",
            f"sum({instances_in(status)})",
            f"{what} Type and catalog product do not filter it.",
            "The sum of the stack sets that are known; unknown while none are.",
            thresholds,
            runbook=runbook,
        )
    yield _worst_first()
    yield _alerts()
    yield _failing_targets()


def _worst_first():
    unhealthy = f"(\n  {any_state()}\n) > {states.PRODUCT_CODES['AVAILABLE']}"
    shown = (
        "aws_account_id, account_name, aws_region, provisioned_product_id, provisioned_product_name, "
        "provisioned_product_type, product_id, product_name, provisioning_artifact_name, vended_account_id"
    )
    began = (
        f"(\n    1000 * {product(BEGAN)}\n    or\n    {NOT_TOLD} * "
        f"({product(STATUS, differs('status', 'AVAILABLE'))} == 1)\n  )\n  and on ({PRODUCT})\n  "
        f"{product(PRODUCT_INFO, CATALOG)}"
    )
    keys = "aws_account_id, aws_region, provisioned_product_id, provisioned_product_name, provisioned_product_type"
    return table(
        "Worst first: every product that is not AVAILABLE",
        [
            f"max by ({shown}) (\n  {with_account_name(with_catalog(unhealthy))}\n)",
            f"min by ({keys}) (\n  {began}\n)",
        ],
        [
            Column("Value #A", "Status", 150, mappings=states.product_mapping()),
            Column("provisioned_product_name", "Product", links=[product_link()]),
            Column(
                "Value #B",
                "Since",
                140,
                unit="dateTimeFromNow",
                mappings=states.values({str(NOT_TOLD): ("unknown", GREY)}),
                text_color=True,
            ),
            Column("provisioned_product_type", "Type", 210),
            Column(
                "account_name", "Account", links=[fleet_link("account", "Account id", "Only this account")]
            ),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column("vended_account_id", "Vended account", 130),
            Column("product_name", "Catalog product"),
            Column("provisioning_artifact_name", "Version", 90),
            Column(
                "provisioned_product_id",
                "Product id",
                170,
                links=[product_link(), status_page_link(product="Product id")],
            ),
            Column("product_id", None),
        ],
        "ERROR before TAINTED, then what AWS added since, plans and changes; of each the longest "
        "first. *Since* is when its last operation began, which is when the status began at the latest. *Vended account* is the account that an Account Factory "
        "product made. The links lead to its history, and to the words of AWS on the status page.",
        "*Since* is unknown where the last record was not read (`enrich.records: off`, or denied). Names of the "
        "catalog and vended accounts are empty without `enrich.names_and_tags`. Targets that are unknown have no rows.",
        sort=[("Since", False), ("Status", True)],
        height=12,
        no_value="nothing unhealthy among what is known",
        well=True,
    )


def _alerts():
    # Some alerts have no job, such as that no exporter is there at all: those are never filtered away.
    firing = 'ALERTS{alertname=~"ServiceCatalog.+", alertstate="firing", job=~"$job|"}'
    labels = (
        "alertname, severity, account_name, aws_account_id, aws_region, provisioned_product_name, "
        "provisioned_product_type, provisioned_product_id, vended_account_id, product_id, stage, reason, instance"
    )
    since = 'ALERTS_FOR_STATE{alertname=~"ServiceCatalog.+", job=~"$job|"}'
    severities = states.text_mapping({"critical": RED, "warning": ORANGE, "info": BLUE})
    return table(
        "Firing alerts",
        [
            f"max by ({labels}) ({firing})",
            f"1000 * min by ({labels}) (\n  {since}\n  and ignoring (alertstate)\n  {firing}\n)",
        ],
        [
            Column("severity", "Severity", 90, mappings=severities),
            Column(
                "alertname",
                "Alert",
                330,
                links=[
                    {
                        "title": "Runbook",
                        "url": f"${{runbooks}}/{frame.field('Alert')}.md",
                        "targetBlank": True,
                    }
                ],
            ),
            Column("Value #B", "Since", 130, unit="dateTimeFromNow", unknown=True),
            Column("account_name", "Account"),
            Column("aws_account_id", "Account id", 130),
            Column("aws_region", "Region", 120),
            Column("provisioned_product_name", "Product", links=[product_link()]),
            Column("provisioned_product_type", "Type", 210),
            Column("vended_account_id", "Vended account", 130),
            Column("product_id", "Catalog product id", 170),
            Column("stage", "Stage", 130),
            Column("reason", "Reason", 130),
            Column("instance", "Instance"),
            Column("provisioned_product_id", "Product id", 170, links=[product_link()]),
            Column("Value #A", None),
        ],
        "Alerts named ServiceCatalog… that fire in this data source, each linked to its runbook. Of the variables only "
        "the job filters them; alerts without a job are always shown.",
        "Empty too where this data source does not evaluate the rules, so it proves nothing by itself.",
        sort=[("Severity", False)],
        height=8,
        no_value="none fires, or the rules are not loaded here",
        well=True,
    )


def _failing_targets():
    labels = "aws_account_id, account_name, aws_region, stage"
    return table(
        "Targets that fail",
        [
            f"max by ({labels}, reason) (\n  {with_account_name(target(REASON))}\n)",
            f"1000 * max by ({labels}) (\n  "
            + with_account_name(f"{target(SUCCEEDED)}\n  and on ({TARGET}, stage)\n  {target(REASON)}")
            + "\n)",
        ],
        [
            Column(
                "reason",
                "Reason",
                150,
                mappings=states.text_mapping(states.REASON_COLORS),
                links=[
                    frame.runbook_link(alert, f"Runbook for {reasons}")
                    for alert, reasons in RUNBOOKS_OF_REASONS.items()
                ],
            ),
            Column("stage", "Stage", 140),
            Column("account_name", "Account", links=[exporter_link()]),
            Column("aws_account_id", "Account id", 130, links=[exporter_link(), status_page_link()]),
            Column("aws_region", "Region", 120),
            Column(
                "Value #B",
                "Last success",
                150,
                unit="dateTimeFromNow",
                mappings=states.values({"0": ("never", RED)}),
                text_color=True,
            ),
            Column("Value #A", None),
        ],
        "Stages whose last attempt failed, and why. If the stage is products, all numbers of that target are as old as "
        "the last success; the other stages have an age of their own. Click on the reason for its runbook.",
        "*never* is since the exporter started.",
        height=7,
        no_value="no stage failed among the targets that are scraped",
        well=True,
    )
