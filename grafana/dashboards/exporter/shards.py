"""Who scans what."""

from .. import states
from ..families import DISCOVERY, READY, RELOADED
from ..panels import lines, neutral, stat, steps, timeline
from ..promql import daemon, process, unique
from ..states import GREEN, GREY, ORANGE, RED
from ..tables import Column, table
from .common import NO_EXPORTER

TITLE = "Organisation and shards"


def panels():
    success = daemon(f"{DISCOVERY}_success")
    read = daemon(f"{DISCOVERY}_last_success_timestamp_seconds")
    here = daemon(READY)
    none = f"-1 + 0 * count({here})"
    never = f"-2 + 0 * count({success})"
    not_there = states.values({"-2": ("never read", RED), "-1": ("no organisation", GREY)})
    yield timeline(
        "Reading the organisation",
        [(f"{success}\nor on (job, instance)\n2 + 0 * {here}", "{{instance}}")],
        "Whether the last attempt to read the accounts of the organisation succeeded. While it fails the last list "
        "goes on.",
        "A gap means that the process was not scraped.",
        states.values(
            {"0": ("failed", RED), "1": ("read", GREEN), "2": ("no organisation is configured", GREY)}
        ),
        span=12,
        height=6,
    )
    yield stat(
        "Accounts last read",
        f"-2 + 0 * count({read} == 0)\nor\ntime() - min({read})\nor\n{none}",
        "How long ago the process that is furthest behind read the accounts. They are read once in "
        "`organization.refresh`, an hour by default, so an hour is usual.",
        NO_EXPORTER,
        neutral(),
        unit="s",
        decimals=0,
        mappings=not_there,
        span=6,
        height=6,
        runbook="OrganizationDiscoveryFailing",
    )
    yield stat(
        "Accounts of the organisation",
        f"max({daemon('servicecatalog_organization_accounts')})\nor\n{never}\nor\n{none}",
        "ACTIVE accounts of the organisation that the configuration includes.",
        NO_EXPORTER,
        neutral(),
        mappings=not_there,
        span=6,
        height=6,
    )
    keys = "job, instance"
    yield table(
        "Processes and shards",
        [
            f"max by ({keys}, version, revision) ({daemon('servicecatalog_exporter_build_info')})",
            f"max by ({keys}) ({daemon(READY)})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_shard_ordinal')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_total_shards')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_targets')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_targets_configured')})",
            f"max by ({keys}) ({daemon('servicecatalog_exporter_config_hash')})",
            f"max by ({keys}) ({daemon(RELOADED + '_successful')})",
            f"1000 * max by ({keys}) ({daemon(RELOADED + '_success_timestamp_seconds')})",
            f"1000 * max by ({keys}) ({process(daemon('process_start_time_seconds'))})",
        ],
        [
            Column("instance", "Instance"),
            Column("version", "Version", 90),
            Column("revision", "Revision", 140),
            Column(
                "Value #B",
                "Ready",
                80,
                mappings=states.boolean_mapping("no", "yes"),
                text_color=True,
                unknown=True,
            ),
            Column("Value #C", "Shard", 80),
            Column("Value #D", "Of", 60),
            Column("Value #E", "Targets", 90),
            Column("Value #F", "Configured", 110),
            Column("Value #G", "Configuration", 150, unit="hex"),
            Column(
                "Value #H",
                "Last load",
                110,
                mappings=states.boolean_mapping("refused", "good"),
                text_color=True,
                unknown=True,
            ),
            Column("Value #I", "Loaded", 150, unit="dateTimeFromNow"),
            Column("Value #J", "Started", 150, unit="dateTimeFromNow"),
            Column("job", "Job"),
            Column("Value #A", None),
        ],
        "What runs: versions, shards from 0, the targets that each process scans of those that are configured, and "
        "the configuration as a number. Processes that should be alike but differ in it have different files.",
        "A process that is down is missing here: see the first panel.",
        sort=[("Instance", False)],
        height=7,
    )
    yield lines(
        "Targets of all shards and configured",
        [
            (
                f"sum by (job) (\n  max by (job, servicecatalog_shard) (\n    {_by_shard('servicecatalog_exporter_targets')}\n  )\n)",
                "{{job}}: scanned",
            ),
            (f"max by (job) ({daemon('servicecatalog_exporter_targets_configured')})", "{{job}}: configured"),
        ],
        "The targets that the shards scan together, replicas of a shard counted once, and those that are configured. "
        "If fewer are scanned a shard is missing.",
        NO_EXPORTER,
        decimals=0,
        steps_after=True,
    )
    yield lines(
        "Different configurations",
        [
            (
                f'count by (job) (\n  count_values by (job) ("hash", {daemon("servicecatalog_exporter_config_hash")})\n)',
                "{{job}}",
            )
        ],
        "How many different configurations the processes of a job have. More than one is usual while a change rolls "
        "out, and a fault if it stays.",
        NO_EXPORTER,
        thresholds=steps((0, GREEN), (2, ORANGE)),
        decimals=0,
        steps_after=True,
    )


def _by_shard(family):
    """The family with the number of its shard as a label."""
    ordinal = (
        f'count_values without () ("servicecatalog_shard", {daemon("servicecatalog_exporter_shard_ordinal")})'
    )
    return f"{daemon(family)}\n    * on (job, instance) group_left (servicecatalog_shard)\n    " + unique(
        "job, instance", ordinal
    )
