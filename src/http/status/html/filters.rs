//! The form: what to show, filled from what is there.

use maud::{Markup, html};

use super::Page;
use crate::config::Choice as _;
use crate::http::status::query::{ProblemSort, word};

/// More than this are typed, not chosen.
const MOST_CHOICES: usize = 500;

/// What the form sets itself; everything else that the query says goes along.
const SET_HERE: [&str; 10] =
    ["account", "region", "target", "status", "type", "q", "sort", "order", "page", "target_page"];

impl Page<'_, '_> {
    pub(super) fn filters(&self) -> Markup {
        let (query, choices) = (self.query, &self.view.choices);
        let accounts = choices.accounts.iter().map(|(id, name)| {
            let name = name.chars().take(60).collect::<String>();
            (*id, if name.is_empty() { (*id).to_owned() } else { format!("{id} {name}") })
        });
        let sorts = ProblemSort::words().map(|one| (one, one.to_owned()));
        let rest = query.pairs().into_iter().filter(|(name, _)| !SET_HERE.contains(name));
        html! {
            form method="get" action="./#problems" aria-label="Filter" {
                (text("q", "Product", "name or id", &query.q))
                (choose("status", "Status", &query.status, choices.statuses.iter().map(|one| (*one, one.to_string())).collect()))
                (choose("type", "Type", &query.kind, choices.types.iter().map(|one| (*one, one.to_string())).collect()))
                (text("target", "Target", "name or account", &query.target))
                (choose("account", "Account", &query.account, accounts.collect()))
                (choose("region", "Region", &query.region, choices.regions.iter().map(|one| (*one, one.to_string())).collect()))
                div {
                    label for="sort" { "Sort problems by" }
                    select id="sort" name="sort" {
                        @for (value, name) in sorts {
                            option value=(value) selected[value == word(query.problems.sort)] { (name) }
                        }
                    }
                }
                div {
                    label for="order" { "Order" }
                    select id="order" name="order" {
                        option value="asc" selected[!query.problems.descending] { "ascending" }
                        option value="desc" selected[query.problems.descending] { "descending" }
                    }
                }
                @for (name, value) in rest { input type="hidden" name=(name) value=(value); }
                div class="buttons" {
                    button type="submit" { "Apply" }
                    @if query.narrows() { a href="./" { "Without filters" } }
                }
            }
            @if !query.ignored.is_empty() {
                p class="note loud" {
                    "Not understood, so the default counts: "
                    @for (nth, name) in query.ignored.iter().enumerate() {
                        @if nth > 0 { ", " } code { (name) }
                    }
                    "."
                }
            }
        }
    }
}

fn text(name: &str, label: &str, hint: &str, value: &str) -> Markup {
    html! {
        div {
            label for=(name) { (label) " " span class="dim" { (hint) } }
            input type="search" id=(name) name=(name) value=(value) maxlength="200" autocomplete="off";
        }
    }
}

/// A choice among `all`, of which `chosen` is shown even if it is not there.
fn choose(name: &str, label: &str, chosen: &str, all: Vec<(&str, String)>) -> Markup {
    if all.len() > MOST_CHOICES {
        return text(name, label, "exactly", chosen);
    }
    let is_there = chosen.is_empty() || all.iter().any(|(value, _)| *value == chosen);
    html! {
        div {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                option value="" { "all" }
                @if !is_there { option value=(chosen) selected { (chosen) " (none)" } }
                @for (value, words) in &all {
                    option value=(value) selected[*value == chosen] { (words) }
                }
            }
        }
    }
}
