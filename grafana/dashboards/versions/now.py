"""How many products are behind, and whether that is known."""

from ..families import OF_VERSIONS, STALE, SUCCEEDED
from ..panels import good_below, neutral, stat, steps
from ..promql import VERSION, counted, target
from ..states import GREEN, ORANGE, RED
from .drift import BEHIND, CREATED, DEPRECATED, INACTIVE, KNOWN, NO_VERSIONS, many_on, on, products

TITLE = "Drift now"


def panels():
    yield stat(
        "On a DEPRECATED one",
        many_on(DEPRECATED),
        "Products on a version whose guidance is DEPRECATED: its owner does not want it to be launched any more.",
        NO_VERSIONS,
        steps((0, GREEN), (1, ORANGE)),
        runbook="ProductsOnDeprecatedVersion",
    )
    yield stat(
        "On an inactive one",
        many_on(INACTIVE),
        "Products on a version that is not active: it cannot be launched, or AWS does not list it any more.",
        NO_VERSIONS,
        good_below(1),
        runbook="ProductsOnDeprecatedVersion",
    )
    yield stat(
        "Not on the newest",
        many_on(BEHIND, of=CREATED),
        "Products for which there is a newer version. That alone is no fault.",
        NO_VERSIONS,
        neutral(),
    )
    yield stat(
        "On the newest",
        f"1 - (\n{many_on(BEHIND, of=CREATED)}\n)\n/ sum (\n  {on(CREATED)}\n)",
        "Which part of the products is on the newest version of what it was launched from, of those whose versions are "
        "known.",
        f"{NO_VERSIONS} There is no part of nothing.",
        steps((0, RED), (0.5, ORANGE), (0.9, GREEN)),
        unit="percentunit",
        decimals=0,
    )
    yield stat(
        "Products by version",
        f"sum({products()})",
        "All products of which AWS says what they were launched from, whether their versions are known or not.",
        "Unknown without `versions`, and while no product is known.",
        neutral(),
    )
    yield stat(
        "Versions unknown",
        f"sum (\n  {products()}\n  unless on ({VERSION})\n  {KNOWN}\n)\nor\n0 * sum({products()})",
        "Products of whose versions nothing is known: not asked yet, or not allowed. **No number beside it counts them.**",
        "Unknown without `versions`, and while no product is known.",
        steps((0, GREEN), (1, ORANGE)),
        runbook="AccessDenied",
    )
    failed = target(STALE, OF_VERSIONS)
    yield stat(
        "Targets failing",
        counted(f"{failed} == 1", failed),
        "Targets where asking for versions failed last. What was known of them stays for three times `versions.refresh`.",
        "Unknown without `versions`.",
        steps((0, GREEN), (1, ORANGE)),
        runbook="ScanFailing",
    )
    asked = target(SUCCEEDED, OF_VERSIONS)
    yield stat(
        "Asked last",
        f"time() - min({asked} > 0)",
        "How long ago the target that is furthest behind was asked for versions with success. Each product is asked for "
        "once in `versions.refresh`, a day by default, so a day is usual.",
        "Unknown without `versions`, and before the first success.",
        neutral(),
        unit="s",
        decimals=0,
    )
