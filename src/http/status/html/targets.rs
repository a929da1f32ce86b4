//! The table of targets.

use maud::{Markup, html};

use super::parts::{number, paged, sortable, unknown, when};
use super::{Page, verb};
use crate::http::status::query::TargetSort;
use crate::http::status::target::{Health, StageRow, TargetRow};
use crate::http::status::time::{between, span};

impl Page<'_, '_> {
    pub(super) fn targets(&self) -> Markup {
        let targets = &self.view.targets;
        let link = |page| self.query.link("./#targets", |query| query.targets.page = page);
        html! {
            section aria-labelledby="targets" {
                h2 id="targets" { "Targets" }
                @if targets.total == 0 {
                    p class="note loud" {
                        @if self.query.narrows_targets() { "No target matches the filter." }
                        @else { "There is no target yet." }
                    }
                } @else {
                    (paged(targets, "targets", self.target_table(), link))
                }
            }
        }
    }

    fn target_table(&self) -> Markup {
        let now = self.view.answered_timestamp_seconds;
        html! {
            table class="cards" role="table" {
                caption { "Accounts and regions that are scanned, those that fail first unless sorted otherwise" }
                thead role="rowgroup" {
                    tr role="row" {
                        (self.target_head("Account", TargetSort::Account))
                        (self.target_head("Region", TargetSort::Region))
                        (self.target_head("State", TargetSort::State))
                        (self.target_head("Age of the data", TargetSort::Age))
                        (self.target_head("Products", TargetSort::Products))
                        (self.target_head("Calls", TargetSort::Calls))
                        th scope="col" role="columnheader" { "Next attempt" }
                    }
                }
                tbody role="rowgroup" {
                    @for target in &self.view.targets.rows { (row(target, now)) }
                }
            }
        }
    }

    fn target_head(&self, name: &str, sort: TargetSort) -> Markup {
        let slice = &self.query.targets;
        let is_sorted = slice.sort == sort;
        // What is asked of numbers first is where they are large.
        let numbers = [TargetSort::Age, TargetSort::Products, TargetSort::Calls].contains(&sort);
        let descending = if is_sorted { !slice.descending } else { numbers };
        let link = self.query.link("./#targets", |query| {
            query.targets.sort = sort;
            query.targets.descending = descending;
            query.targets.page = 1;
        });
        sortable(name, &link, is_sorted.then_some(slice.descending))
    }
}

fn row(target: &TargetRow<'_>, now: f64) -> Markup {
    html! {
        tr role="row" class=[(target.state == Health::Failing).then_some("failing")] {
            th scope="row" role="rowheader" data-label="Account" {
                @match target.account {
                    Some(account) => strong class="id" { (account) },
                    None => { (unknown()) " " span class="dim" { "AWS has not said yet" } }
                }
                @if let Some(name) = &target.account_name { br; (name) }
                @if let Some(name) = &target.target_name { br; span class="dim" { "target " (name) } }
            }
            td role="cell" data-label="Region" class="whole" { (target.region) }
            td role="cell" data-label="State" class="wide" { (state(target, now)) }
            td role="cell" data-label="Age" { (ages(target)) }
            td role="cell" data-label="Products" {
                (number(target.products))
                @if let Some(sets) = target.stack_sets.filter(|sets| *sets > 0) {
                    br;
                    span class="dim" {
                        (sets) " " (verb(sets, "stack set", "stack sets"))
                        @if let Some(unknown) = target.stack_sets_unknown.filter(|many| *many > 0) {
                            ", " strong { (unknown) " unknown" }
                        }
                    }
                }
            }
            td role="cell" data-label="Calls" {
                (target.calls.requests)
                @if target.calls.failures > 0 {
                    br; span class="dim" { (target.calls.failures) " failed" }
                }
                @if target.calls.throttles > 0 {
                    br; strong { (target.calls.throttles) " throttled" }
                }
            }
            td role="cell" data-label="Next attempt" {
                @match target.next_attempt_timestamp_seconds {
                    None => (unknown()),
                    Some(next) if next > now => { "in " (span(between(now, next))) }
                    Some(_) => "due",
                }
            }
        }
    }
}

fn state(target: &TargetRow<'_>, now: f64) -> Markup {
    let (class, sign) = match target.state {
        Health::Failing => ("badge bad", "✕"),
        Health::Stale => ("badge warn", "▲"),
        Health::NeverScanned => ("badge odd", "?"),
        Health::Limited => ("badge busy", "◐"),
        Health::Ok => ("badge good", "✓"),
    };
    html! {
        span class=(class) { span aria-hidden="true" { (sign) } " " (target.state.words()) }
        @if target.stale && target.state != Health::Stale {
            " " span class="badge warn" { span aria-hidden="true" { "▲" } " stale data" }
        }
        @if target.state == Health::Failing && target.products.is_none() {
            p { "Nothing is known of this target." }
        }
        @for stage in target.failed() { (failure(stage, now)) }
    }
}

fn failure(stage: &StageRow<'_>, now: f64) -> Markup {
    html! {
        div class="failure" {
            p {
                strong { (stage.stage.replace('_', " ")) ": " (stage.reason.unwrap_or_default()) }
                @match stage.last_success_timestamp_seconds {
                    Some(last) => { ", last succeeded " (span(between(last, now))) " ago" }
                    None => ", never succeeded",
                }
                " (" (stage.failures) " failed)"
            }
            @if let Some(remedy) = &stage.remedy { p { "What to do: " (remedy) } }
            @if let Some(error) = &stage.error {
                p class="said" {
                    (error.operation) ": "
                    @if let Some(code) = error.code { (code) ": " }
                    (error.message.unwrap_or("no message"))
                    @if let Some(id) = error.request_id { " (request id " code { (id) } ")" }
                }
            }
        }
    }
}

fn ages(target: &TargetRow<'_>) -> Markup {
    let age = |seconds: f64| span(between(0.0, seconds));
    html! {
        @match target.products_age_seconds {
            None => (unknown()),
            Some(seconds) => span class=[target.stale.then_some("stale")] { (age(seconds)) },
        }
        @if let Some(seconds) = target.stack_instances_age_seconds {
            br; span class="dim" { "oldest listing " (age(seconds)) }
        }
        @if target.stale && let Some(at) = target.products_timestamp_seconds {
            br; span class="dim" { "from " (when(at)) }
        }
    }
}
