"""Fleet overview: what is unhealthy, where, and whether the numbers can be believed."""

from .. import frame
from . import changes, history, honesty, now, stack_sets, trends, where


def build():
    board = frame.frame(
        "servicecatalog-fleet",
        "The provisioned products and stack instances of AWS Service Catalog in all accounts and regions: "
        "what needs a hand, where it is, and how old that knowledge is.",
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
    )
    return frame.text(board, [honesty, now, where, changes, trends, stack_sets], closed=[history])
