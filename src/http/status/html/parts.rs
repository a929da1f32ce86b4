//! Small pieces that recur.

use maud::{Markup, html};

use crate::http::status::time::utc;
use crate::http::status::view::Rows;

/// A link with what is behind it.
pub(super) struct Link {
    pub(super) href: String,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
}

/// A number; what is not known is no zero.
pub(super) fn number(many: Option<u64>) -> Markup {
    html! {
        @match many {
            Some(many) => (many),
            None => (unknown()),
        }
    }
}

/// A cell that says its column itself where there is no room for columns.
pub(super) fn cell(column: &str, what: Markup) -> Markup {
    html! { td role="cell" data-label=(column) { (what) } }
}

/// What stands where nothing is known.
pub(super) fn unknown() -> Markup {
    html! { span class="unknown" { span aria-hidden="true" { "–" } span class="hidden" { "unknown" } } }
}

/// A Unix time, in UTC.
pub(super) fn when(unix: f64) -> Markup {
    html! {
        @match utc(unix) {
            Some(time) => time datetime=(time) { (time.replace('T', " ").replace('Z', " UTC")) },
            None => (unknown()),
        }
    }
}

/// A status: its word, a sign and a colour, of which the word alone would do.
pub(super) fn badge(status: &str) -> Markup {
    let (class, sign) = match status {
        "AVAILABLE" | "CURRENT" => ("badge good", "✓"),
        "UNDER_CHANGE" | "PLAN_IN_PROGRESS" => ("badge busy", "↻"),
        "TAINTED" | "OUTDATED" => ("badge warn", "▲"),
        "ERROR" | "INOPERABLE" => ("badge bad", "✕"),
        _ => ("badge odd", "?"),
    };
    html! { span class=(class) { span aria-hidden="true" { (sign) } " " (status) } }
}

/// The head of a column that can be sorted by. `sorted` is how it is now: descending or not.
pub(super) fn sortable(name: &str, link: &str, sorted: Option<bool>) -> Markup {
    let (aria, sign) = match sorted {
        None => (None, ""),
        Some(false) => (Some("ascending"), " ▲"),
        Some(true) => (Some("descending"), " ▼"),
    };
    html! {
        th scope="col" role="columnheader" aria-sort=[aria] {
            a href=(link) { (name) span aria-hidden="true" { (sign) } }
        }
    }
}

/// A table between two ways to its other pages; `link` makes one to a page.
pub(super) fn paged<T>(
    rows: &Rows<T>,
    what: &str,
    table: Markup,
    link: impl Fn(usize) -> String,
) -> Markup {
    if !rows.is_there() {
        return html! {
            p class="note loud" {
                "There is no such page of " (what) ": there "
                @if rows.pages == 1 { "is one page." } @else { "are " (rows.pages) "." }
                " " a href=(link(1)) { "To the first page" }
            }
        };
    }
    html! {
        (pager(rows, what, "above", &link))
        (table)
        (pager(rows, what, "below", &link))
    }
}

/// Where one is among the pages, and the way to the others.
fn pager<T>(rows: &Rows<T>, what: &str, place: &str, link: impl Fn(usize) -> String) -> Markup {
    if rows.pages == 1 {
        return html! {};
    }
    let first = rows.page.saturating_sub(1) * rows.rows_per_page;
    let ways = [
        ("First", 1, rows.page > 1),
        ("Previous", rows.page.saturating_sub(1), rows.page > 1),
        ("Next", rows.page + 1, rows.page < rows.pages),
        ("Last", rows.pages, rows.page < rows.pages),
    ];
    html! {
        nav class="pager" aria-label={ "Pages of " (what) ", " (place) " the table" } {
            span { (first + 1) "–" (first + rows.rows.len()) " of " (rows.total) ", page " (rows.page) " of " (rows.pages) }
            ul {
                @for (name, page, _) in ways.into_iter().filter(|(_, _, there)| *there) {
                    li { a href=(link(page)) { (name) span class="hidden" { " page of " (what) } } }
                }
            }
        }
    }
}
