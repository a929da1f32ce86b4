"""The process itself."""

from .. import states
from ..families import RELOADED
from ..panels import lines, steps, timeline
from ..promql import daemon, daemon_rate, process, scraped
from ..states import GREEN, RED
from .common import NO_EXPORTER

TITLE = "The process"


def panels():
    yield timeline(
        "Up",
        [(scraped("up"), "{{instance}}")],
        "Whether Prometheus could scrape each process.",
        "A gap means that Prometheus did not try: it was down, or knew of no such process. One that was never scraped "
        "with success in the time that is shown is not here.",
        states.boolean_mapping("down", "up"),
        span=12,
        height=6,
    )
    yield timeline(
        "Configuration",
        [(daemon(f"{RELOADED}_successful"), "{{instance}}")],
        "Whether the last attempt to load the configuration succeeded. Otherwise the one before goes on.",
        "A gap means that the process was not scraped.",
        states.boolean_mapping("refused", "good"),
        span=12,
        height=6,
    )
    yield lines(
        "Duration of a scrape",
        [(scraped("scrape_duration_seconds"), "{{instance}}")],
        "How long Prometheus needs to read /metrics. The exporter answers from memory and never calls AWS meanwhile. "
        "Red is half of the 10 seconds after which Prometheus gives up by default.",
        NO_EXPORTER,
        unit="s",
        span=8,
        thresholds=steps((0, GREEN), (5, RED)),
    )
    yield lines(
        "Series",
        [
            (scraped("scrape_samples_post_metric_relabeling"), "{{instance}}"),
        ],
        "Series of each scrape that Prometheus keeps. `metrics.per_product`, `metrics.per_instance` and "
        "`metrics.max_series` bound them.",
        NO_EXPORTER,
        span=8,
        decimals=0,
    )
    yield lines(
        "New series",
        [(scraped("scrape_series_added"), "{{instance}}")],
        "Series that were not in the scrape before. They come with products and instances that change, and with "
        "restarts; a steady stream costs memory in Prometheus.",
        NO_EXPORTER,
        span=8,
        decimals=0,
    )
    yield lines(
        "Size of /metrics",
        [(daemon("servicecatalog_exporter_exposition_size_bytes"), "{{instance}}")],
        "What is published of all targets, uncompressed.",
        NO_EXPORTER,
        unit="bytes",
        span=8,
    )
    yield lines(
        "HTTP requests answered",
        [
            (
                f"sum by (handler, code) (\n  {daemon_rate('servicecatalog_exporter_http_requests_total')}\n)",
                "{{handler}} {{code}}",
            )
        ],
        "Requests a second by what was asked and how it was answered. 503 of metrics means that all places were taken.",
        "From the first such answer on.",
        unit="reqps",
        span=16,
    )
    yield lines(
        "CPU",
        [(process(daemon_rate("process_cpu_seconds_total")), "{{instance}}")],
        "Seconds of CPU time a second: 1 is one core.",
        NO_EXPORTER,
        unit="none",
        span=6,
        decimals=3,
    )
    yield lines(
        "Memory",
        [(process(daemon("process_resident_memory_bytes")), "{{instance}}")],
        "Resident memory of each process.",
        NO_EXPORTER,
        unit="bytes",
        span=6,
    )
    yield lines(
        "Open files",
        [(f"{process(daemon('process_open_fds'))}\n/ {daemon('process_max_fds')}", "{{instance}}")],
        "Which part of its limit of open files a process uses. Every connection is one.",
        NO_EXPORTER,
        unit="percentunit",
        span=6,
        thresholds=steps((0, GREEN), (0.8, RED)),
    )
    yield lines(
        "Running for",
        [(f"time() - {process(daemon('process_start_time_seconds'))}", "{{instance}}")],
        "Time since each process started. A saw is a process that restarts.",
        NO_EXPORTER,
        unit="s",
        span=6,
    )
