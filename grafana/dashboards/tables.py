"""Tables, and what their columns look like."""

from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model

from .panels import UNKNOWN, asking, described, fixed, steps
from .states import GREEN, GREY, ORANGE, RED, values


class Column:
    """A column of a table: where it comes from, and how it looks."""

    def __init__(
        self,
        source,
        name,
        width=None,
        unit=None,
        mappings=None,
        thresholds=None,
        links=(),
        unknown=False,
        decimals=None,
        text_color=False,
    ):
        self.source = source
        self.name = name
        self.properties = []
        if width:
            self._set("custom.width", width)
        if unit:
            self._set("unit", unit)
        if decimals is not None:
            self._set("decimals", decimals)
        words = list(mappings or [])
        if unknown:
            # A cell without a value: not the text of a table without rows.
            self._set("noValue", UNKNOWN)
            words += values({"-1": (UNKNOWN, GREY if text_color else "transparent")})
        if words:
            self._set("mappings", words)
        if thresholds:
            self._set("thresholds", thresholds)
            self._set("color", {"mode": "thresholds"})
        if mappings:
            # Words, though the value be a number.
            self._set("custom.align", "left")
        if mappings or thresholds:
            kind = "color-text" if text_color else "color-background"
            cell = {"type": kind} if text_color else {"type": kind, "mode": "basic"}
            self._set("custom.cellOptions", cell)
        if links:
            self._set("links", list(links))

    def _set(self, what, value):
        self.properties.append(model.DynamicConfigValue(id_val=what, value=value))


# Of an age as a multiple of the time between two scans, in a column.
TOO_OLD = {
    "mode": "absolute",
    "steps": [
        {"value": None, "color": "transparent"},
        {"value": 2, "color": ORANGE},
        {"value": 3, "color": RED},
    ],
}


def count_steps(color, start=1):
    """Thresholds of a column: no colour below."""
    return {
        "mode": "absolute",
        "steps": [{"value": None, "color": "transparent"}, {"value": start, "color": color}],
    }


def table(
    title,
    queries,
    columns,
    what,
    absent,
    sort=(),
    span=24,
    height=10,
    no_value=UNKNOWN,
    well=False,
    unit="short",
):
    """Rows as they are now. Several queries make one row where their labels are the same.

    Where there may be hundreds of rows every query has them all, with -1 for what is unknown: if one
    query finds nothing, Grafana compares every row with every other, and the browser stands still."""
    panel = described(tables.Panel(), title, what, absent, unit, span, height, no_value, well)
    panel.show_header(True).cell_height(kinds.TableCellHeight.SM)
    panel.filterable(True)
    panel.thresholds(steps((0, GREEN)))
    panel.color_scheme(fixed("text"))
    shown = [column for column in columns if column.name]
    rename = {column.source: column.name for column in shown}
    if len(queries) > 1:
        panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
        # Grafana calls the value so where the other queries found nothing.
        rename.setdefault("Value", rename.get("Value #A", "Value"))
    panel.with_transformation(
        model.DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": {"Time": True}
                | {column.source: True for column in columns if not column.name},
                "includeByName": {},
                "indexByName": {column.source: index for index, column in enumerate(shown)},
                "renameByName": rename,
            },
        )
    )
    # Grafana sorts by one column at a time and keeps the order of what is equal: the last one decides.
    for name, descending in sort:
        panel.with_transformation(
            model.DataTransformerConfig(
                id_val="sortBy", options={"fields": {}, "sort": [{"field": name, "desc": descending}]}
            )
        )
    for column in shown:
        if column.properties:
            panel.override_by_name(column.name, column.properties)
    return asking(panel, [(query, "__auto") for query in queries], instant=True, table=True)
