"""How old what is known is, and why."""

from .. import states
from ..families import NEXT, OF_SCANS, OF_VERSIONS, REASON, STALE, SUCCEEDED, TOOK
from ..frame import status_page_link
from ..panels import lines, steps, timeline
from ..promql import (
    INTERVAL,
    TARGET,
    interval,
    largest,
    over_range,
    target,
    told,
    unique,
    with_account_name,
)
from ..states import GREEN, RED
from ..tables import TOO_OLD, Column, table
from .common import NO_EXPORTER, reasons

TITLE = "Freshness"

# More intervals than there ever are, so that what never succeeded is sorted before the oldest.
NEVER = 1000000000


def panels():
    labels = "aws_account_id, account_name, aws_region, stage"
    keys = "aws_account_id, aws_region, stage"
    succeeded = target(SUCCEEDED)
    of_scans = target(SUCCEEDED, OF_SCANS)
    yield table(
        "Every target and stage",
        [
            f"1000 * max by ({labels}) (\n  {with_account_name(succeeded)}\n)",
            f"max by ({keys}) (\n  (time() - ({of_scans} > 0))\n  / on ({TARGET}) group_left ()\n  {interval()}\n"
            f"  or\n  {NEVER} + ({of_scans} == 0)\n  or\n  -1 + 0 * {target(SUCCEEDED, OF_VERSIONS)}\n)",
            f"max by ({keys}) (\n  {target(STALE)}\n)",
            f"max by ({keys}) (\n  {reasons()}\n  or\n  0 * {target(STALE)}\n)",
            told(f"max by ({keys}) (\n  {target(TOOK)}\n)", f"max by ({keys}) ({succeeded})"),
            f"1000 * max by ({keys}) (\n  0 * {succeeded}\n  + on ({TARGET}) group_left ()\n  "
            f"{unique(TARGET, target(NEXT))}\n)",
        ],
        [
            Column("account_name", "Account"),
            Column("aws_account_id", "Account id", 130, links=[status_page_link()]),
            Column("aws_region", "Region", 120),
            Column("stage", "Stage", 150),
            Column(
                "Value #A",
                "Last success",
                150,
                unit="dateTimeFromNow",
                mappings=states.values({"0": ("never", RED)}),
                text_color=True,
            ),
            Column(
                "Value #B",
                "In intervals",
                110,
                decimals=1,
                mappings=states.values({"-1": ("its own time", "transparent"), str(NEVER): ("never", RED)}),
                thresholds=TOO_OLD,
            ),
            Column(
                "Value #C",
                "Last attempt",
                120,
                mappings=states.values({"0": ("not failed", GREEN), "1": ("failed", RED)}),
            ),
            Column("Value #D", "Reason", 150, mappings=states.reason_mapping()),
            Column("Value #E", "Took", 90, unit="s", decimals=2, unknown=True),
            Column("Value #F", "Next attempt", 150, unit="dateTimeFromNow"),
        ],
        f"When each stage last succeeded, also as a multiple of {INTERVAL}, and why it fails. From 3 "
        "intervals on the data is old. *never* is since the exporter started. Versions are asked for in their own time.",
        f"{NO_EXPORTER} *Took* is unknown before the first attempt. Stages that are not enabled have no row.",
        sort=[("In intervals", True)],
        height=10,
    )
    yield timeline(
        "Stages that failed the longest, and why",
        [
            (
                largest(
                    40,
                    "aws_account_id, aws_region, stage",
                    f"min by (aws_account_id, aws_region, stage) (\n  {reasons()}\n)",
                    over_range("count_over_time", "target", REASON),
                ),
                "{{aws_account_id}} {{aws_region}} {{stage}}",
            )
        ],
        "The 40 targets and stages that failed for most of the time that is shown, with the reason of the last attempt.",
        "A gap means that the last attempt did not fail, or that the exporter was not scraped.",
        states.reason_mapping(),
        height=9,
        no_value="no stage failed while the exporter was scraped",
        well=True,
    )
    age = f"(time() - ({of_scans} > 0))\n  / on ({TARGET}) group_left ()\n  {interval()}"
    yield lines(
        "Age of the oldest data, in intervals",
        [(f"max by (stage) (\n  {age}\n)", "{{stage}}")],
        f"How old what is known is, as a multiple of {INTERVAL}, of the worst target. A saw between 0 "
        "and 1 is health; a line that climbs is a target that fails. Versions are not among it.",
        "Targets that never succeeded have no age.",
        thresholds=steps((0, GREEN), (3, RED)),
    )
    yield lines(
        "Age of half of the data, in intervals",
        [(f"quantile by (stage) (0.5,\n  {age}\n)", "{{stage}}")],
        "The same for the target in the middle: if this climbs too it is not one target, but the exporter or AWS.",
        "Targets that never succeeded have no age.",
        thresholds=steps((0, GREEN), (3, RED)),
    )
