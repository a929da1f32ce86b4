"""Product and stack set: one provisioned product, its states over time and its stack instances."""

from .. import frame
from . import instances, now, over_time


def build():
    board = frame.frame(
        "servicecatalog-product",
        "One provisioned product of AWS Service Catalog: what state it was in when, what it was launched from, and, "
        "of a stack set, in which accounts and regions its instances are not CURRENT.",
        [
            frame.datasource(),
            frame.job(),
            frame.account(),
            frame.region(),
            frame.product_type(),
            frame.product(),
            frame.instance(),
            frame.status_page(),
            frame.runbooks(),
        ],
        since="now-7d",
    )
    return frame.text(board, [now, over_time, instances])
