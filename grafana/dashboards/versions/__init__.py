"""Version drift: which versions products run on, and which of them are behind."""

from .. import frame
from . import now, over_time, which


def build():
    board = frame.frame(
        "servicecatalog-versions",
        "Which versions of what is in the catalog the provisioned products run on: what is DEPRECATED or not active, "
        "and what is not on the newest. Needs `versions` in the configuration of the exporter.",
        [
            frame.datasource(),
            frame.job(),
            frame.account(),
            frame.region(),
            frame.product_type(),
            frame.catalog_product(),
            frame.instance(),
            frame.status_page(),
            frame.runbooks(),
        ],
        since="now-30d",
    )
    return frame.text(board, [now, which, over_time])
