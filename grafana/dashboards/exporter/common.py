"""What the rows about the exporter have in common."""

from .. import states
from ..families import REASON
from ..promql import equals, largest, over_range, target

NO_EXPORTER = "Unknown if no exporter is scraped."
NO_CALLS = "Unknown before the first call."


def reasons():
    """A number for why a stage failed."""
    return "\n  or\n  ".join(
        f"{code} * {target(REASON, equals('reason', reason))}" for reason, code in states.REASON_CODES.items()
    )


def of_most(factor, rate, counter, extra=""):
    """The targets of which a counter grew most in the whole time."""
    return largest(
        10,
        "aws_account_id, aws_region",
        f"{factor}sum by (aws_account_id, aws_region) (\n  {rate}\n)",
        over_range("increase", "target", counter, extra),
    )
