"""Panels as these dashboards want them: each says what it shows, and what its absence means."""

from grafana_foundation_sdk.builders import bargauge, common
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import heatmap as heatmaps
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.builders import stat as stats
from grafana_foundation_sdk.builders import statetimeline
from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .frame import DATASOURCE, runbook_link
from .states import GREEN, GREY, ORANGE, RED

UNKNOWN = "unknown"
# A test looks for this sentence: such a panel may be without data.
WELL = "Empty when all is well."


def steps(*pairs, unknown=GREY):
    """Thresholds. What is below the first number is no value, and grey."""
    return (
        build.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps(
            [model.Threshold(value=None, color=unknown)]
            + [model.Threshold(value=value, color=color) for value, color in pairs]
        )
    )


def good_below(warning, critical=None):
    """Green from 0, orange and red from these on."""
    pairs = [(0, GREEN), (warning, ORANGE if critical is not None else RED)]
    if critical is not None:
        pairs.append((critical, RED))
    return steps(*pairs)


def neutral():
    """For a number that is neither good nor bad by itself."""
    return steps((0, GREY))


def fixed(color):
    return build.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(color)


def described(panel, title, what, absent, unit, span, height, no_value, well):
    description = f"{what}\n\n{absent}" if absent else what
    if well:
        description += f"\n\n{WELL}"
    return (
        panel.title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .no_value(no_value)
        .span(span)
        .height(height)
    )


def asking(panel, queries, instant=False, table=False, form=None):
    """`queries` are pairs of an expression and a legend."""
    for number, (expression, legend) in enumerate(queries):
        query = (
            prometheus.Dataquery()
            .datasource(DATASOURCE)
            .expr(expression)
            .legend_format(legend)
            .ref_id(chr(ord("A") + number))
        )
        query.instant() if instant else query.range()
        if table:
            query.format(PromQueryFormat.TABLE)
        if form:
            query.format(form)
        panel.with_target(query)
    return panel


def stat(
    title,
    query,
    what,
    absent,
    thresholds,
    unit="short",
    span=3,
    height=4,
    mappings=None,
    legend=None,
    no_value=UNKNOWN,
    well=False,
    decimals=None,
    links=(),
    runbook=None,
):
    """A number as it is now. It asks for this instant only: the last of a range could be hours old."""
    links = [*links, *([runbook_link(runbook)] if runbook else [])]
    background = len(thresholds.build().steps) > 2 or bool(mappings)
    panel = described(stats.Panel(), title, what, absent, unit, span, height, no_value, well)
    panel.thresholds(thresholds)
    panel.color_scheme(build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    panel.color_mode(kinds.BigValueColorMode.BACKGROUND if background else kinds.BigValueColorMode.VALUE)
    panel.graph_mode(kinds.BigValueGraphMode.NONE)
    panel.text_mode(kinds.BigValueTextMode.VALUE)
    panel.justify_mode(kinds.BigValueJustifyMode.CENTER)
    panel.orientation(kinds.VizOrientation.AUTO)
    if mappings:
        panel.mappings([_value_map(mapping) for mapping in mappings])
    if decimals is not None:
        panel.decimals(decimals)
    if links:
        panel.data_links([_link(link) for link in links])
    return asking(panel, [(query, legend or title)], instant=True)


def lines(
    title,
    queries,
    what,
    absent,
    unit="short",
    span=12,
    height=8,
    stacked=False,
    colors=None,
    thresholds=None,
    no_value=UNKNOWN,
    well=False,
    minimum=0,
    decimals=None,
    log=False,
    steps_after=False,
    points=None,
    otherwise=None,
):
    """Numbers over time. Gaps stay gaps. `otherwise` is the colour of what `colors` does not name: one
    of the palette could be that of a state."""
    panel = described(timeseries.Panel(), title, what, absent, unit, span, height, no_value, well)
    # Stacked, the line of what is zero would lie on that of the one below and hide it.
    panel.line_width(0 if stacked else 2).fill_opacity(70 if stacked else 8).span_nulls(False)
    panel.show_points(kinds.VisibilityMode.AUTO)
    panel.color_scheme(
        fixed(otherwise) if otherwise else build.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC)
    )
    if minimum is not None:
        panel.min(minimum)
    if decimals is not None:
        panel.decimals(decimals)
    if steps_after:
        panel.line_interpolation(kinds.LineInterpolation.STEP_AFTER)
    if log:
        panel.scale_distribution(common.ScaleDistributionConfig().type(kinds.ScaleDistribution.LOG).log(10))
    panel.stacking(
        common.StackingConfig()
        .mode(kinds.StackingMode.NORMAL if stacked else kinds.StackingMode.NONE)
        .group("A")
    )
    if thresholds:
        panel.thresholds(thresholds)
        panel.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED)
        )
    else:
        panel.thresholds(steps((0, GREEN)))
    if points:
        panel.max_data_points(points)
    panel.legend(
        common.VizLegendOptions()
        .show_legend(True)
        .placement(kinds.LegendPlacement.BOTTOM)
        .display_mode(kinds.LegendDisplayMode.TABLE)
        .calcs(["last", "max"])
        .sort_by("Last")
        .sort_desc(True)
    )
    panel.tooltip(
        common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)
    )
    for name, color in (colors or {}).items():
        panel.override_by_name(
            name, [model.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})]
        )
    return asking(panel, queries)


def timeline(
    title, queries, what, absent, mappings, span=24, height=8, no_value=UNKNOWN, well=False, points=None
):
    """States over time, a lane each. Where nothing is drawn nothing is known."""
    panel = described(statetimeline.Panel(), title, what, absent, "short", span, height, no_value, well)
    panel.mappings([_value_map(mapping) for mapping in mappings])
    panel.thresholds(steps())
    panel.color_scheme(build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    if points:
        panel.max_data_points(points)
    panel.show_value(kinds.VisibilityMode.AUTO).merge_values(True).row_height(0.85)
    panel.align_value(kinds.TimelineValueAlignment.LEFT)
    panel.fill_opacity(80).line_width(0).span_nulls(False)
    panel.legend(
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(kinds.LegendDisplayMode.LIST)
        .placement(kinds.LegendPlacement.BOTTOM)
        .calcs([])
    )
    panel.tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.SINGLE).sort(kinds.SortOrder.NONE))
    return asking(panel, queries)


def bars(
    title,
    queries,
    what,
    absent,
    thresholds,
    unit="short",
    span=12,
    height=8,
    no_value=UNKNOWN,
    well=False,
    colors=None,
):
    """The largest of many, as they are now."""
    panel = described(bargauge.Panel(), title, what, absent, unit, span, height, no_value, well)
    panel.min(0).thresholds(thresholds)
    panel.color_scheme(build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    panel.orientation(kinds.VizOrientation.HORIZONTAL)
    panel.display_mode(kinds.BarGaugeDisplayMode.BASIC)
    panel.value_mode(kinds.BarGaugeValueMode.TEXT)
    panel.name_placement(kinds.BarGaugeNamePlacement.LEFT)
    panel.show_unfilled(True).sizing(kinds.BarGaugeSizing.AUTO).min_viz_height(16).min_viz_width(8)
    for name, color in (colors or {}).items():
        panel.override_by_name(
            name, [model.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})]
        )
    return asking(panel, queries, instant=True)


def heatmap(title, query, what, absent, unit="short", y_unit="s", span=12, height=8, no_value=UNKNOWN):
    """A histogram over time."""
    panel = described(heatmaps.Panel(), title, what, absent, unit, span, height, no_value, False)
    panel.calculate(False)
    panel.color(
        heatmaps.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .fill("dark-orange")
        .exponent(0.5)
        .steps(64)
        .reverse(False)
    )
    panel.y_axis(heatmaps.YAxisConfig().unit(y_unit).axis_placement(kinds.AxisPlacement.LEFT).reverse(False))
    panel.cell_values(heatmaps.CellValues().unit(unit))
    panel.filter_values(heatmaps.FilterValueRange().le(1e-9))
    panel.rows_frame(heatmaps.RowsHeatmapOptions().layout(kinds.HeatmapCellLayout.AUTO))
    panel.tooltip(
        heatmaps.HeatmapTooltip()
        .mode(kinds.TooltipDisplayMode.SINGLE)
        .y_histogram(False)
        .show_color_scale(True)
    )
    panel.show_value(kinds.VisibilityMode.NEVER).cell_gap(1).show_legend()
    return asking(panel, [(query, "{{le}}")], form=PromQueryFormat.HEATMAP)


def _link(link):
    built = build.DashboardLink(link["title"]).type(model.DashboardLinkType.LINK).url(link["url"])
    return built.target_blank(link.get("targetBlank", False))


def _value_map(mapping):
    return model.ValueMap(
        options={
            value: model.ValueMappingResult(text=result["text"], color=result["color"], index=result["index"])
            for value, result in mapping["options"].items()
        }
    )
