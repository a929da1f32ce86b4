"""What states are called, which number stands for them in a query, and their colours.

The numbers grow with the trouble, so that `max` and a sorted column show the worst. The colours
differ in brightness too, and the text always stands beside them."""

GREEN = "#73BF69"
BLUE = "#5794F2"
PURPLE = "#B877D9"
ORANGE = "#FF9830"
YELLOW = "#FADE2A"
RED = "#C4162A"
GREY = "#8E8E8E"

PRODUCT_CODES = {
    "AVAILABLE": 1,
    "UNDER_CHANGE": 2,
    "PLAN_IN_PROGRESS": 3,
    "TAINTED": 5,
    "ERROR": 6,
}
PRODUCT_OTHER = 4
PRODUCT_COLORS = {
    "AVAILABLE": GREEN,
    "UNDER_CHANGE": BLUE,
    "PLAN_IN_PROGRESS": PURPLE,
    "TAINTED": ORANGE,
    "ERROR": RED,
}

INSTANCE_CODES = {"CURRENT": 1, "OUTDATED": 3, "INOPERABLE": 4}
INSTANCE_OTHER = 2
INSTANCE_COLORS = {"CURRENT": GREEN, "OUTDATED": ORANGE, "INOPERABLE": RED}

# The most telling first, as METRICS.md has them: a stage that fails for several exports that one.
REASONS = [
    "throttled",
    "scp_denied",
    "access_denied",
    "credentials",
    "region_disabled",
    "timeout",
    "network",
    "server_error",
    "invalid_response",
    "limit",
    "other",
]
REASON_COLORS = {
    "throttled": YELLOW,
    "scp_denied": GREY,
    "access_denied": RED,
    "credentials": RED,
    "region_disabled": GREY,
    "timeout": ORANGE,
    "network": ORANGE,
    "server_error": BLUE,
    "invalid_response": PURPLE,
    "limit": PURPLE,
    "other": RED,
}
REASON_CODES = {reason: number for number, reason in enumerate(REASONS, start=1)}


def product_mapping():
    return _mapping(PRODUCT_CODES, PRODUCT_COLORS, PRODUCT_OTHER)


def instance_mapping():
    return _mapping(INSTANCE_CODES, INSTANCE_COLORS, INSTANCE_OTHER)


def reason_mapping():
    """0 is for a table: nothing failed."""
    options = {"0": ("none", "transparent")}
    options |= {str(code): (reason, REASON_COLORS[reason]) for reason, code in REASON_CODES.items()}
    return values(options)


def boolean_mapping(no, yes, no_color=RED, yes_color=GREEN):
    return values({"0": (no, no_color), "1": (yes, yes_color)})


def text_mapping(colors):
    """Colours for a column that says the state in words."""
    return values({text: (text, color) for text, color in colors.items()})


def values(options):
    return [
        {
            "type": "value",
            "options": {
                value: {"text": text, "color": color, "index": index}
                for index, (value, (text, color)) in enumerate(options.items())
            },
        }
    ]


def _mapping(codes, colors, other):
    options = {str(code): (status, colors[status]) for status, code in codes.items()}
    options[str(other)] = ("a status that is not known here", GREY)
    return values(dict(sorted(options.items(), key=lambda option: int(option[0]))))
