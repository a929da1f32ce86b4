"""Exporter health: how fresh what it knows is, what it asks of AWS, and how it fares itself."""

from .. import frame
from . import calls, events, freshness, now, process, scans, shards, storage


def build():
    board = frame.frame(
        "servicecatalog-exporter",
        "How servicecatalog-exporter fares: how fresh what it knows of each account and region is, why scans fail, "
        "what it asks of AWS and what that costs, and the process itself.",
        [
            frame.datasource(),
            frame.job(),
            frame.instance(),
            frame.account(),
            frame.region(),
            frame.status_page(),
            frame.runbooks(),
        ],
    )
    return frame.text(board, [now, freshness, scans, calls, events, storage, shards, process])
