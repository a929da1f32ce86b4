"""Whether hints of changes come, and what becomes of them."""

from .. import states
from ..families import EVENTS, READY
from ..panels import lines, neutral, stat, timeline
from ..promql import daemon, daemon_rate
from ..states import GREEN, GREY, RED
from .common import NO_EXPORTER

TITLE = "Events"
# The queue answers within 20 seconds, also that there is nothing.
SILENCE = 120


def panels():
    here = daemon(READY)
    answered = daemon(f"{EVENTS}_last_receive_success_timestamp_seconds")
    none = f"-1 + 0 * count({here})"
    never = f"-2 + 0 * count({answered})"
    received = daemon_rate(f"{EVENTS}_received_total")
    yield timeline(
        "Reading the queue",
        [(f"(time() - {answered} < bool {SILENCE})\nor on (job, instance)\n2 + 0 * {here}", "{{instance}}")],
        "Whether the queue of events answered within two minutes, with messages or without. While it does not, what "
        "happens is seen by the next scan.",
        "A gap means that the process was not scraped.",
        states.values(
            {"0": ("no answer", RED), "1": ("answers", GREEN), "2": ("no queue is configured", GREY)}
        ),
        span=12,
        height=6,
    )
    yield stat(
        "Last answer",
        f"-2 + 0 * count({answered} == 0)\nor\ntime() - min({answered})\nor\n{none}",
        "How long ago the queue last answered the process that waits longest.",
        NO_EXPORTER,
        neutral(),
        unit="s",
        decimals=0,
        mappings=states.values({"-2": ("never", RED), "-1": ("no queue", GREY)}),
        span=6,
        height=6,
        runbook="EventsNotReceived",
    )
    yield stat(
        "Lag",
        f"max({daemon(f'{EVENTS}_lag_seconds')})\nor\n{never}\nor\n{none}",
        "How long the newest message of the last ones that came had been in the queue, at most of all processes.",
        NO_EXPORTER,
        neutral(),
        unit="s",
        decimals=1,
        mappings=states.values({"-2": ("no message yet", GREY), "-1": ("no queue", GREY)}),
        span=6,
        height=6,
    )
    yield lines(
        "Messages received",
        [(f"60 * sum({received})\nor\n0 * count({here})", "received")],
        "Messages a minute that were read from the queue, whatever they say. None without a queue.",
        NO_EXPORTER,
        unit="opm",
        span=8,
    )
    yield lines(
        "Messages ignored, by reason",
        [(f"60 * sum by (reason) ({daemon_rate(f'{EVENTS}_ignored_total')})", "{{reason}}")],
        "Messages a minute that let no target be scanned. Some always are: events of other stacks, of targets of "
        "another shard, and those that come twice. Many that are malformed are somebody else's.",
        "Nothing is here without a queue.",
        unit="opm",
        span=8,
        no_value="no queue is configured, or nothing came",
        well=True,
    )
    yield lines(
        "Queue not read, by reason",
        [(f"60 * sum by (reason) ({daemon_rate(f'{EVENTS}_receive_failures_total')})", "{{reason}}")],
        "Attempts a minute to read the queue, or to take messages from it, that failed.",
        "From the second failure of a reason on.",
        unit="opm",
        span=8,
        colors=states.REASON_COLORS,
        no_value="none seen in this time; a rate misses the first of each reason",
        well=True,
    )
