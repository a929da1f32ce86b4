//! The table of problems.

use maud::{Markup, html};

use super::Page;
use super::parts::{badge, paged, sortable, unknown, when};
use crate::config::StatusPage;
use crate::http::status::problem::ProblemRow;
use crate::http::status::query::ProblemSort;
use crate::http::status::time::{between, span};
use crate::model::InstanceStatus;

impl Page<'_, '_> {
    pub(super) fn problems(&self) -> Markup {
        let problems = &self.view.problems;
        let link = |page| self.query.link("./#problems", |query| query.problems.page = page);
        html! {
            section aria-labelledby="problems" {
                h2 id="problems" { "Problems" }
                @if problems.total == 0 {
                    (self.no_problem())
                } @else {
                    (paged(problems, "problems", self.problem_table(), link))
                }
            }
        }
    }

    fn no_problem(&self) -> Markup {
        let products = &self.view.products;
        html! {
            p class="note" {
                @if self.query.narrows() {
                    "No problem matches the filter. " a href="./#problems" { "Without filters" }
                } @else if products.total.is_none() {
                    "Nothing is known yet, so no problem either."
                } @else if products.targets_unknown > 0 {
                    "No problem in what is known."
                } @else {
                    "Every product is AVAILABLE, and every stack instance that is known is CURRENT."
                }
            }
        }
    }

    fn problem_table(&self) -> Markup {
        let full = self.tells == StatusPage::Full;
        let now = self.view.answered_timestamp_seconds;
        html! {
            table class="cards" role="table" {
                caption {
                    "Products that are not AVAILABLE, and stack sets with instances that are not CURRENT"
                }
                thead role="rowgroup" {
                    tr role="row" {
                        (self.problem_head("Name", ProblemSort::Name))
                        (self.problem_head("Status", ProblemSort::Status))
                        (self.problem_head("Since", ProblemSort::Since))
                        (self.problem_head("Type", ProblemSort::Type))
                        (self.problem_head("Account", ProblemSort::Account))
                        (self.problem_head("Region", ProblemSort::Region))
                        @if full { th scope="col" role="columnheader" { "What AWS says" } }
                    }
                }
                tbody role="rowgroup" {
                    @for problem in &self.view.problems.rows { (row(problem, now, full)) }
                }
            }
            p class="note" {
                "Since: when the last operation on it began, by its record; – where no record is known. "
                "The console opens in the account that the browser is signed in to."
            }
        }
    }

    fn problem_head(&self, name: &str, sort: ProblemSort) -> Markup {
        let slice = &self.query.problems;
        let is_sorted = slice.sort == sort;
        let link = self.query.link("./#problems", |query| {
            query.problems.sort = sort;
            query.problems.descending = is_sorted && !slice.descending;
            query.problems.page = 1;
        });
        sortable(name, &link, is_sorted.then_some(slice.descending))
    }
}

fn row(problem: &ProblemRow<'_>, now: f64, full: bool) -> Markup {
    let name = if problem.name.is_empty() { "(no name)" } else { &problem.name };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" data-label="Name" {
                span class="name" { (name) }
                br;
                code { (problem.id) }
                @if let Some(url) = &problem.console_url {
                    br;
                    a href=(url) rel="noreferrer" { "AWS console" span class="hidden" { ": " (name) } }
                }
            }
            td role="cell" data-label="Status" {
                (badge(&problem.status))
                @if problem.stale { br; span class="stale" { "stale: seen before a failure" } }
                (instances(problem))
            }
            td role="cell" data-label="Since" { (since(problem, now)) }
            td role="cell" data-label="Type" { (kind(problem)) }
            td role="cell" data-label="Account" {
                @match problem.account {
                    Some(account) => span class="id" { (account) },
                    None => (unknown()),
                }
                @if let Some(name) = &problem.account_name { br; (name) }
                @if let Some(made) = &problem.vended_account {
                    br; span class="dim" { "makes account " span class="id" { (made) } }
                }
            }
            td role="cell" data-label="Region" class="whole" { (problem.region) }
            @if full { td role="cell" data-label="AWS says" class="said" { (said(problem)) } }
        }
    }
}

fn instances(problem: &ProblemRow<'_>) -> Markup {
    if !problem.is_stack_set {
        return html! {};
    }
    let Some(counts) = &problem.stack_instances else {
        return html! { br; span class="dim" { "instances " (unknown()) " not listed yet" } };
    };
    let total = counts.0.total();
    let not_current = counts
        .0
        .counts::<InstanceStatus>()
        .filter(|(status, many)| *status != "CURRENT" && *many > 0);
    html! {
        @for (status, many) in not_current { br; (many) " " (badge(status)) }
        br; span class="dim" { "of " (total) " instances" }
    }
}

fn since(problem: &ProblemRow<'_>, now: f64) -> Markup {
    html! {
        @match problem.since_timestamp_seconds {
            None => (unknown()),
            Some(at) => { (span(between(at, now))) br; span class="dim" { (when(at)) } }
        }
    }
}

/// Its type, and what it was launched from: by name, else by id.
fn kind(problem: &ProblemRow<'_>) -> Markup {
    html! {
        @if problem.kind.is_empty() { "(no type)" } @else { (problem.kind) }
        br;
        span class="dim" {
            @match (&problem.product_name, problem.product_id) {
                (Some(name), _) => (name),
                (None, Some(id)) => (id),
                (None, None) => "no product",
            }
            @if let Some(version) = problem.artifact_name.as_deref().or(problem.artifact_id) {
                ", " (version)
            }
        }
    }
}

fn said(problem: &ProblemRow<'_>) -> Markup {
    let operation = problem.last_operation.as_ref();
    let message = operation.and_then(|operation| operation.error_message);
    html! {
        @if let Some(text) = problem.status_message { p { (text) } }
        @if let Some(operation) = operation {
            p class="dim" {
                (operation.kind.unwrap_or("Last operation")) " "
                (operation.status.unwrap_or("unknown"))
                @if let Some(code) = operation.error_code { ": " (code) }
            }
        }
        // The record mostly says the same.
        @if let Some(text) = message.filter(|text| Some(*text) != problem.status_message) {
            p { (text) }
        }
        @if problem.status_message.is_none() && operation.is_none() { (unknown()) }
    }
}
