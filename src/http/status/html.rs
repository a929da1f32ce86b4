//! The page itself. All text is escaped by the macro; nothing here counts anything.

mod filters;
mod parts;
mod problems;
mod targets;

use maud::{Markup, html};

use self::parts::{Link, badge, cell, number, when};
use super::cut;
use super::query::Query;
use super::time::span;
use super::view::{Products, StackInstances, View};
use crate::config::StatusPage;
use crate::http::landing::{JSON, places};
use crate::http::page::framed;
use crate::model::{InstanceStatus, ProductStatus};

/// Statuses that have a column of their own; AWS knows five.
const MOST_STATUSES: usize = 12;

/// What the parts of the page are made of.
struct Page<'v, 's> {
    view: &'v View<'s>,
    query: &'v Query,
    telemetry_path: &'v str,
    tells: StatusPage,
}

/// The page.
pub(super) fn page(
    view: &View<'_>,
    query: &Query,
    telemetry_path: &str,
    tells: StatusPage,
) -> String {
    let page = Page { view, query, telemetry_path, tells };
    let title = format!(
        "{} problems, {} targets failing – Service Catalog status",
        view.problems.total, view.summary.failing
    );
    framed(
        &title,
        html! {
            a class="skip" href="#content" { "Skip to the content" }
            (page.header())
            main id="content" tabindex="-1" {
                (page.banner())
                (page.filters())
                (page.targets())
                (page.counts())
                (page.problems())
            }
            (page.footer())
        },
    )
}

impl Page<'_, '_> {
    fn header(&self) -> Markup {
        let View { published_age, published_timestamp_seconds: published, .. } = self.view;
        html! {
            header {
                h1 { "Service Catalog status" }
                p class="published" {
                    @match (published, published_age) {
                        (Some(at), Some(age)) => {
                            "Published " (span(*age)) " ago, at " (when(*at)) ". "
                        }
                        _ => "Nothing was published yet. ",
                    }
                    a href=(self.query.link("./", |_| ())) { "Reload" }
                }
                nav aria-label="On this page" {
                    ul {
                        li { a href="#targets" { "Targets (" (self.view.targets.total) ")" } }
                        li { a href="#counts" { "Counts" } }
                        li { a href="#problems" { "Problems (" (self.view.problems.total) ")" } }
                    }
                }
            }
        }
    }

    /// Whether what the page shows can be relied on.
    fn banner(&self) -> Markup {
        let View { summary, targets_found, ready, .. } = self.view;
        let found = *targets_found == "wholly";
        let bad = summary.failing > 0 || summary.stale > 0 || !ready || !found;
        let open = summary.never_scanned > 0 || summary.limited > 0 || summary.targets == 0;
        let (class, sign, words) = match (bad, open) {
            (true, _) => ("banner bad", "✕", "The data is not complete, or not up to date"),
            (false, true) => ("banner warn", "▲", "Something is not known"),
            (false, false) => ("banner good", "✓", "All targets are scanned, and up to date"),
        };
        let of = summary.targets;
        html! {
            section class=(class) aria-labelledby="state" {
                h2 id="state" { span aria-hidden="true" { (sign) } " " (words) }
                ul {
                    @if summary.failing > 0 {
                        li {
                            strong { (summary.failing) " of " (of) " targets " (verb(summary.failing, "fails", "fail")) }
                            ": " a href="#targets" { "why, and what to do" }
                        }
                    }
                    @if summary.stale > 0 {
                        li {
                            strong { (summary.stale) " of " (of) " targets " (verb(summary.stale, "shows", "show")) " stale data" }
                            ": it was true once, and may not be now. The ages are below."
                        }
                    }
                    @if summary.never_scanned > 0 {
                        li { strong { (summary.never_scanned) " of " (of) " not scanned yet" } ": nothing is known of them." }
                    }
                    @if summary.limited > 0 {
                        li { strong { (summary.limited) " of " (of) " limited" } ": names, tags or records could not be read." }
                    }
                    @if !found {
                        li {
                            strong { "The list of targets is not complete" }
                            ": accounts or regions are being asked for, or could not be read. The log says why."
                        }
                    }
                    @if !ready {
                        li { strong { "Not ready" } ": not every target was tried once." }
                    }
                    @if !bad && !open {
                        li { (of) " " (verb(of, "target", "targets")) ", each with a complete product list." }
                    }
                    @if self.view.problems.total > 0 {
                        li {
                            a href="#problems" {
                                (self.view.problems.total) " "
                                (verb(self.view.problems.total as u64, "product needs", "products need")) " attention"
                            }
                            @if self.query.narrows() { " among what matches the filter" }
                            "."
                        }
                    }
                }
            }
        }
    }

    fn counts(&self) -> Markup {
        let View { products, stack_instances, targets, .. } = self.view;
        html! {
            section aria-labelledby="counts" {
                h2 id="counts" { "Counts by status" }
                @if self.query.narrows_targets() {
                    p class="note" { "Of the " (targets.total) " targets that match the filter." }
                }
                @if products.targets_unknown > 0 {
                    p class="note loud" {
                        "The products of " (products.targets_unknown) " of " (targets.total)
                        " targets are not known, and are not in these numbers."
                    }
                }
                (self.product_counts(products))
                (instance_counts(stack_instances))
            }
        }
    }

    fn product_counts(&self, products: &Products<'_>) -> Markup {
        let known = products.by_status.as_ref();
        let columns: Vec<&str> = match known {
            Some(counts) => counts.0.counts::<ProductStatus>().map(|(status, _)| status).collect(),
            None => vec!["AVAILABLE", "UNDER_CHANGE", "TAINTED", "ERROR", "PLAN_IN_PROGRESS"],
        };
        let columns = columns.get(..MOST_STATUSES).unwrap_or(&columns);
        let count = |counts: Option<&super::view::ProductCounts>, status: &str| {
            let mut all = counts?.0.counts::<ProductStatus>();
            Some(all.find(|(one, _)| *one == status).map_or(0, |(_, many)| many))
        };
        let types = products.by_type.iter().flatten();
        html! {
            div class="scroll" tabindex="0" role="region" aria-label="Products by status" {
                table class="numbers" role="table" {
                    caption { "Provisioned products" }
                    thead role="rowgroup" {
                        tr role="row" {
                            th scope="col" role="columnheader" { "Type" }
                            @for status in columns {
                                th scope="col" role="columnheader" { (badge(status)) }
                            }
                            th scope="col" role="columnheader" { "Total" }
                        }
                    }
                    tbody role="rowgroup" {
                        @for (kind, counts) in types {
                            tr role="row" {
                                th scope="row" role="rowheader" {
                                    @if kind.is_empty() { "(no type)" } @else { (cut(kind)) }
                                }
                                @for status in columns {
                                    @let many = count(Some(counts), status);
                                    (cell(status, self.linked(many, kind, status)))
                                }
                                (cell("Total", number(Some(counts.0.total()))))
                            }
                        }
                    }
                    tfoot role="rowgroup" {
                        tr role="row" {
                            th scope="row" role="rowheader" { "All types" }
                            @for status in columns {
                                (cell(status, self.linked(count(known, status), "", status)))
                            }
                            (cell("Total", number(products.total)))
                        }
                    }
                }
            }
            @if products.total.is_none() {
                p class="note" { "– is unknown: there is no complete product list of any of these targets." }
            }
            @if let Some(many) = products.without_id.filter(|many| *many > 0) {
                p class="note" { (many) " of them have no id, and are only counted." }
            }
        }
    }

    /// A count, with a link to what it counts where that is listed below.
    fn linked(&self, many: Option<u64>, kind: &str, status: &str) -> Markup {
        let is_listed = many.is_some_and(|many| many > 0) && status != "AVAILABLE";
        let link = || {
            self.query.link("./#problems", |query| {
                query.kind = kind.to_owned();
                query.status = status.to_owned();
                query.problems.page = 1;
            })
        };
        html! {
            @if is_listed { a href=(link()) { (number(many)) } } @else { (number(many)) }
        }
    }

    fn footer(&self) -> Markup {
        let json = self.query.link(&format!(".{}", JSON.0), |_| ());
        let links = places(self.telemetry_path).map(|(path, name, meaning)| Link {
            href: format!(".{path}"),
            name,
            meaning,
        });
        html! {
            footer {
                nav aria-label="Other places" {
                    ul {
                        @for Link { href, name, meaning } in &links {
                            li { a href=(href) { (name) } " " span class="dim" { (meaning) } }
                        }
                        li { a href=(json) { (JSON.1) } " " span class="dim" { (JSON.2) } }
                    }
                }
                p class="dim" {
                    "servicecatalog-exporter " (self.view.version) ". Times are UTC. This page does not reload by itself."
                    @if self.tells == StatusPage::Summary {
                        " What AWS says of single products is left out ("
                        code { "web.status_page: summary" } ")."
                    }
                }
            }
        }
    }
}

fn instance_counts(instances: &StackInstances) -> Markup {
    let known = instances.by_status.as_ref();
    let columns: Vec<(&str, Option<u64>)> = match known {
        Some(counts) => {
            let counts = counts.0.counts::<InstanceStatus>();
            counts.take(MOST_STATUSES).map(|(status, many)| (status, Some(many))).collect()
        }
        None => ["CURRENT", "OUTDATED", "INOPERABLE"].map(|status| (status, None)).to_vec(),
    };
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Stack instances by status" {
            table class="numbers" role="table" {
                caption { "Stack instances" }
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { "Stack sets" }
                        @for (status, _) in &columns {
                            th scope="col" role="columnheader" { (badge(status)) }
                        }
                        th scope="col" role="columnheader" { "Total" }
                    }
                }
                tbody role="rowgroup" {
                    tr role="row" {
                        (cell("Stack sets", number(instances.stack_sets)))
                        @for (status, many) in &columns { (cell(status, number(*many))) }
                        (cell("Total", number(instances.total)))
                    }
                }
            }
        }
        @if let Some(unknown) = instances.stack_sets_unknown.filter(|unknown| *unknown > 0) {
            p class="note loud" {
                "The instances of " (unknown) " " (verb(unknown, "stack set", "stack sets"))
                " are not known, and are not in these numbers."
            }
        } @else if instances.total.is_none() {
            p class="note" { "– is unknown: no stack set was listed yet." }
        }
    }
}

fn verb<'w>(many: u64, one: &'w str, more: &'w str) -> &'w str {
    if many == 1 { one } else { more }
}
