"""What the four dashboards have in common: variables, links, and what becomes of them as JSON."""

import json

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.common import DataSourceRef

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "servicecatalog"
DASHBOARDS = {
    "servicecatalog-fleet": "Service Catalog / Fleet overview",
    "servicecatalog-product": "Service Catalog / Product and stack set",
    "servicecatalog-versions": "Service Catalog / Versions",
    "servicecatalog-exporter": "Service Catalog / Exporter health",
}

_TARGETS = 'servicecatalog_target_info{job=~"$job", instance=~"$instance"'
_PRODUCTS = '{job=~"$job", instance=~"$instance", aws_account_id=~"$account", aws_region=~"$region"'


def _query(name, label, query, regex="", multi=True, all_value=".+", what=""):
    variable = (
        build.QueryVariable(name)
        .label(label)
        .description(what)
        .datasource(DATASOURCE)
        # A classic query, as Grafana's editor calls text that is shown as it stands.
        .query({"qryType": 5, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"})
        .definition(query)
        .regex(regex)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(multi)
        .include_all(multi)
    )
    if multi:
        return variable.all_value(all_value).current(
            model.VariableOption(selected=True, text=["All"], value=["$__all"])
        )
    return variable.current(model.VariableOption(selected=False, text="", value=""))


def _textbox(name, label, what, value):
    option = model.VariableOption(selected=True, text=value, value=value)
    return (
        build.TextBoxVariable(name)
        .label(label)
        .description(what)
        .default_value(value)
        .current(option)
        .options([option])
        # Older versions of Grafana show them beside the others.
        .hide(model.VariableHide.IN_CONTROLS_MENU)
    )


def datasource():
    return (
        build.DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that scrapes the exporter.")
        .type("prometheus")
        .current(model.VariableOption(selected=True, text="default", value="default"))
    )


def job():
    return _query(
        "job",
        "Job",
        "label_values(servicecatalog_exporter_build_info, job)",
        what="The scrape job of the exporter.",
    )


def instance():
    return _query(
        "instance",
        "Instance",
        'label_values(servicecatalog_exporter_build_info{job=~"$job"}, instance)',
        what="Processes of the exporter. With shards, one of them knows a part of the targets only.",
    )


def account():
    # Shown by name, chosen by id. Grafana reads both out of the text of a series.
    joined = f'label_join({_TARGETS}}}, "account", " ", "account_name", "aws_account_id")'
    return _query(
        "account",
        "Account",
        f"query_result(max by (account, aws_account_id) ({joined}))",
        regex=r'/\{account="\s*(?<text>[\s\S]*)",aws_account_id="(?<value>[^"]*)"\}/',
        what="AWS accounts that are scanned, by name where the configuration or the organisation gives one.",
    )


def region():
    return _query(
        "region",
        "Region",
        f'label_values({_TARGETS}, aws_account_id=~"$account"}}, aws_region)',
        what="Regions that are scanned.",
    )


def product_type():
    return _query(
        "type",
        "Type",
        f"label_values(servicecatalog_provisioned_products{_PRODUCTS}}}, provisioned_product_type)",
        what="Types of provisioned products. Targets and scans have none, so their panels ignore it.",
    )


def catalog_product():
    info = f'servicecatalog_provisioned_product_info{_PRODUCTS}, provisioned_product_type=~"$type", product_id!=""}}'
    joined = f'label_join({info}, "catalog", " ", "product_name", "product_id")'
    return _query(
        "catalog_product",
        "Catalog product",
        f"query_result(max by (catalog, product_id) ({joined}))",
        regex=r'/\{catalog="\s*(?<text>[\s\S]*)",product_id="(?<value>[^"]*)"\}/',
        # Products whose launch failed may have none.
        all_value=".*",
        what="What products were launched from, by name where `enrich.names_and_tags` is on. "
        "Stack instances, targets and scans have none, so their panels ignore it.",
    )


def product():
    info = f'servicecatalog_provisioned_product_info{_PRODUCTS}, provisioned_product_type=~"$type"}}'
    joined = f'label_join({info}, "name", " ", "provisioned_product_name", "provisioned_product_id")'
    return _query(
        "product",
        "Product",
        f"query_result(max by (name, provisioned_product_id) ({joined}))",
        regex=r'/\{name="\s*(?<text>[\s\S]*)",provisioned_product_id="(?<value>[^"]*)"\}/',
        multi=False,
        what="One provisioned product. Those that were there at the end of the time range are listed; "
        "with `metrics.per_product: problems` only those that have a problem.",
    )


def status_page():
    return _textbox(
        "status_page",
        "Status page",
        "Where the exporter's status page is, as a browser reaches it.",
        "http://localhost:10419",
    )


def runbooks():
    return _textbox(
        "runbooks",
        "Runbooks",
        "The folder with the runbooks of the alerts.",
        "https://runbooks.example.com/servicecatalog-exporter",
    )


# What a link into another dashboard brings along, beside the row's own values.
KEPT = (
    "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
    "&${status_page:queryparam}&${runbooks:queryparam}&${__url_time_range}"
)


def field(name):
    """The value of a column, in a link from its row."""
    return f'${{__data.fields["{name}"]}}'


def product_link(account="Account id", region="Region", product="Product id"):
    return {
        "title": "This product over time",
        "url": f"/d/servicecatalog-product?var-account={field(account)}&var-region={field(region)}"
        f"&var-product={field(product)}&{KEPT}",
    }


def status_page_link(account="Account id", region="Region", product=None):
    url = f"${{status_page}}/?account={field(account)}&region={field(region)}"
    if product:
        url += f"&q={field(product)}"
    return {"title": "On the status page, with what AWS says", "url": url, "targetBlank": True}


def fleet_link(variable, column, title):
    return {"title": title, "url": f"/d/servicecatalog-fleet?var-{variable}={field(column)}&{KEPT}"}


def runbook_link(alert, title="Runbook"):
    return {
        "title": title,
        "url": f"${{runbooks}}/ServiceCatalog{alert}.md",
        "targetBlank": True,
    }


def exporter_link(account="Account id", region="Region"):
    return {
        "title": "How its scans went",
        "url": f"/d/servicecatalog-exporter?var-account={field(account)}&var-region={field(region)}&{KEPT}",
    }


def frame(uid, description, variables, since="now-6h"):
    """An empty dashboard with everything around the panels."""
    board = (
        build.Dashboard(DASHBOARDS[uid])
        .uid(uid)
        .description(description)
        .tags([TAG, "aws", "prometheus"])
        .version(1)
        .readonly()
        .timezone("browser")
        .refresh("1m")
        .time(since, "now")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .variables(variables)
    )
    for other, title in DASHBOARDS.items():
        if other != uid:
            board.link(
                build.DashboardLink(title.partition(" / ")[2])
                .type(model.DashboardLinkType.LINK)
                .icon("dashboard")
                .tooltip("The same accounts, regions and time")
                .url(f"/d/{other}")
                .include_vars(True)
                .keep_time(True)
            )
    for title, url, tooltip in (
        (
            "Status page",
            "${status_page}/",
            "What the exporter knows now, with the errors in the words of AWS",
        ),
        ("Runbooks", "${runbooks}/", "What to do about each alert"),
    ):
        board.link(
            build.DashboardLink(title)
            .type(model.DashboardLinkType.LINK)
            .icon("external link")
            .tooltip(tooltip)
            .url(url)
            .target_blank(True)
        )
    return board


def text(board, rows, closed=()):
    """The dashboard as the file that is shipped, with the panels of these modules row by row."""
    for module in rows:
        board.with_row(build.Row(module.TITLE))
        for panel in module.panels():
            board.with_panel(panel)
    for module in closed:
        row = build.Row(module.TITLE).collapsed(True)
        for panel in module.panels():
            row.with_panel(panel)
        board.with_row(row)
    content = board.build()
    number = 0
    for panel in content.panels:
        number += 1
        panel.id_val = number
        for inner in getattr(panel, "panels", None) or []:
            number += 1
            inner.id_val = number
    # No id: Grafana gives its own, and finds the dashboard by its uid.
    written = {"id": None, **json.loads(json.dumps(content, cls=JSONEncoder))}
    return json.dumps(written, indent=2, ensure_ascii=False) + "\n"
