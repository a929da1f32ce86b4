"""The pieces that the queries of all dashboards are made of."""

REPLICA = "instance, pod, endpoint, container, node"
TARGET = "job, namespace, aws_account_id, aws_region"
PRODUCT = TARGET + ", provisioned_product_id"
CATALOG_PRODUCT = TARGET + ", product_id"
VERSION = CATALOG_PRODUCT + ", provisioning_artifact_id"

BUILD = "servicecatalog_exporter_build_info"

_DAEMON = 'job=~"$job", instance=~"$instance"'
_TARGET = _DAEMON + ', aws_account_id=~"$account", aws_region=~"$region"'
_PRODUCT = _TARGET + ', provisioned_product_type=~"$type"'
_GROUP = _PRODUCT + ', product_id=~"$catalog_product"'
_ONE_PRODUCT = _TARGET + ', provisioned_product_id=~"$product"'
_VERSION = _TARGET + ', product_id=~"$catalog_product"'

# What interval() is, for people.
INTERVAL = "the time between two scans (the longest of the last 15 minutes)"


def _selector(name, matchers, extra):
    return f"{name}{{{matchers}{', ' + extra if extra else ''}}}"


def equals(label, value):
    return f'{label}="{value}"'


def differs(label, value):
    return f'{label}!="{value}"'


def one_of(label, values):
    return f'{label}=~"{"|".join(values)}"'


def none_of(label, values):
    return f'{label}!~"{"|".join(values)}"'


def daemon(name, extra=""):
    """A family of the process: each instance has its own."""
    return _selector(name, _DAEMON, extra)


def scraped(name):
    """What Prometheus itself says of a scrape, of processes that were seen in the time that is shown.

    Without a chosen job `up` is that of everything that is scraped."""
    seen = f"last_over_time({daemon(BUILD)}[$__range] @ end())"
    return f"({daemon(name)} and on (job, instance) {seen})"


def process(expression):
    """Of families that every program has, those of the exporter."""
    return f"({expression} and on (job, instance) {daemon(BUILD)})"


def target(name, extra=""):
    """A family of a target, an account and region."""
    return one(_selector(name, _TARGET, extra))


def target_rate(name, extra=""):
    """How fast a counter of a target grows, per second."""
    return f"max without ({REPLICA}) (rate({_selector(name, _TARGET, extra)}[$__rate_interval]))"


def daemon_rate(name, extra=""):
    """How fast a counter of the process grows, per second."""
    return f"rate({daemon(name, extra)}[$__rate_interval])"


def every_target():
    """A series for each target, whatever replicas call it."""
    return target("servicecatalog_scan_interval_seconds")


def interval():
    """The time between two scans that an age is measured by, once for a target.

    With `scan.pace: adaptive` it changes from scan to scan, and what was fresh is not old because it
    became shorter."""
    name = _selector("servicecatalog_scan_interval_seconds", _TARGET, "")
    return unique(TARGET, f"max without ({REPLICA}) (max_over_time({name}[15m]))")


def version(name, extra=""):
    """A family of versions of catalog products."""
    return one(_selector(name, _VERSION, extra))


def product(name, extra=""):
    """A family of provisioned products, of the chosen types."""
    return one(_selector(name, _PRODUCT, extra))


def group(name, extra=""):
    """A family that counts products by type and catalog product."""
    return one(_selector(name, _GROUP, extra))


def group_rate(name, extra=""):
    """How fast a counter by type and catalog product grows, per second."""
    return f"max without ({REPLICA}) (rate({_selector(name, _GROUP, extra)}[$__rate_interval]))"


def one_product(name, extra=""):
    """A family of provisioned products, of the chosen one only."""
    return one(_selector(name, _ONE_PRODUCT, extra))


def over_range(function, family, name, extra=""):
    """A function of what a family was in the whole time that the dashboard shows."""
    matchers = {
        "target": _TARGET,
        "group": _GROUP,
        "version": _VERSION,
        "product": _PRODUCT,
        "one_product": _ONE_PRODUCT,
    }[family]
    inner = f"{function}({_selector(name, matchers, extra)}[$__range] @ end())"
    return f"max without ({REPLICA}) ({inner})"


def one(selector):
    """One series of the many that replicas and rollouts make of it."""
    return f"max without ({REPLICA}) ({selector})"


def unique(labels, expression):
    """The right side of a join: replicas may disagree on a name."""
    return f"topk by ({labels}) (1, {expression})"


def with_account_name(expression):
    """Adds what the account is called."""
    names = unique(TARGET, target("servicecatalog_target_info"))
    return f"({expression})\n* on ({TARGET}) group_left (account_name)\n  {names}"


def with_catalog(expression, catalog=True):
    """Adds what a product was launched from; with the filter for catalog products if there is one."""
    extra = 'product_id=~"$catalog_product"' if catalog else ""
    info = unique(PRODUCT, product("servicecatalog_provisioned_product_info", extra))
    labels = "product_id, product_name, provisioning_artifact_name, vended_account_id"
    return f"({expression})\n* on ({PRODUCT}) group_left ({labels})\n  {info}"


def largest(number, labels, expression, over):
    """Of what may be hundreds of lines, those that were most in the whole time: the same at every step."""
    return (
        f"{expression}\nand on ({labels})\n" f"topk({number},\n  sum by ({labels}) (\n    {over}\n  ) > 0\n)"
    )


def told(expression, everything):
    """-1, which a table shows as unknown, for those of everything of which nothing is known."""
    return f"{expression}\nor\n-1 + 0 * {everything}"


def counted(what, of):
    """How many there are of something that is absent when there is none, as long as the whole is known."""
    return f"count({what})\nor\n0 * count({of})"


def state(codes, series, otherwise=None):
    """One number for a set of series of which one is 1: the code of that one.

    `series(matcher)` selects by status; `otherwise` is the code of one that nobody knew."""
    parts = [f"{code} * ({series(equals('status', status))} == 1)" for status, code in codes.items()]
    if otherwise is not None:
        parts.append(f"{otherwise} * ({series(none_of('status', codes))} == 1)")
    return "\n  or\n  ".join(parts)
