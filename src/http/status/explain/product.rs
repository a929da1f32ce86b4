//! One product: whether the list holds it, what is shown of it, and how old its instances are.

use std::time::Duration;

use serde::Serialize;

use super::case::many;
use super::facts::{Fact, Facts};
use super::target::Target;
use crate::config::HumanDuration;
use crate::families::{Fate, Own, fate};
use crate::http::plain;
use crate::http::status::cut;
use crate::http::status::problem::ProblemRow;
use crate::http::status::target::said;
use crate::model::{InstanceStatus, PerInstance, Product, StatusName as _};
use crate::snapshot::{Cause, Stage, StageResult, Standing, Unsettled};

/// What is known of the product.
#[derive(Debug, Serialize)]
pub(super) struct ProductAnswer<'s> {
    id: String,
    /// `unknown` while the list is, `not_listed`, `shown`, `not_wanted` (healthy, with
    /// `per_product: problems`), `cut` by a limit, or `listed` where the plan is not known.
    verdict: &'static str,
    /// As the status page has it; null if it is not in the list, or that is not known.
    row: Option<ProblemRow<'s>>,
    listing: Option<ListingAnswer>,
    /// Its stack instances that have a series each.
    instance_series: Option<u64>,
    /// Those that would, but for a limit.
    instance_series_left_out: Option<u64>,
}

/// The listing of a stack set.
#[derive(Debug, Serialize)]
struct ListingAnswer {
    /// Null: never, or dropped.
    listed_timestamp_seconds: Option<f64>,
    /// When that was last said to be still true, by a listing or a list.
    confirmed_timestamp_seconds: Option<f64>,
    /// Why it was made: `never_listed`, `unsettled`, `hinted` or `turn`.
    cause: Option<&'static str>,
    last_failed: bool,
    last_refused: bool,
    /// Why the next scan makes another; null if only its turn could be a reason.
    next_cause: Option<&'static str>,
}

pub(super) fn explain<'s>(target: &Target<'_, 's>, id: &str) -> (ProductAnswer<'s>, Vec<Fact>) {
    let state = target.state;
    let mut answer = ProductAnswer {
        id: cut(id).into_owned(),
        verdict: "unknown",
        row: None,
        listing: None,
        instance_series: None,
        instance_series_left_out: None,
    };
    let Some(catalog) = state.products() else { return (answer, Vec::new()) };
    let Some(product) = catalog.product(id) else {
        answer.verdict = "not_listed";
        return (answer, Vec::new());
    };
    let per_product = target.case.snapshot.terms.per_product;
    let fate = target.kept.map(|kept| fate(state, per_product, &kept, id));
    answer.verdict = match fate.map(|fate| fate.own) {
        Some(Own::Shown) => "shown",
        Some(Own::Cut) => "cut",
        Some(Own::NotWanted) => "not_wanted",
        None => "listed",
    };
    answer.row =
        Some(ProblemRow::of_product(product, state, target.case.snapshot, target.case.full));
    if product.is_stack_set() {
        answer.listing = Some(ListingAnswer::of(target, product));
        answer.instance_series = fate.map(|fate| fate.instances);
        answer.instance_series_left_out = fate.map(|fate| fate.instances_left_out);
    }
    let mut facts = Facts::default();
    say_row(&mut facts, &answer);
    if let Some(since) = state.status_since(id) {
        let since = target.case.when(since);
        facts.say("status_since", format!("first seen in this status at {since}"));
    }
    say_series(&mut facts, target, fate);
    if product.is_stack_set() {
        say_listing(&mut facts, target, product, fate);
    }
    say_names(&mut facts, target, product);
    (answer, facts.into_lines())
}

impl ProductAnswer<'_> {
    /// One or two sentences on it, then what is wrong with its target.
    pub(super) fn summary(&self, target: &Target<'_, '_>) -> Vec<String> {
        let asked = target.state.products_asked().map(|asked| target.case.when(asked.unix));
        let (id, asked) = (plain(&self.id), asked.unwrap_or_default());
        let name = self.row.as_ref().map_or_else(String::new, |row| {
            format!("{id} ({}) is {}", plain(&row.name), plain(&row.status))
        });
        let terms = &target.case.snapshot.terms;
        let mut sentences = vec![match self.verdict {
            "unknown" => format!("Whether there is a {id} is not known, as no product list is."),
            "not_listed" => format!(
                "{id} is not in the product list, which is complete and of {asked}: it is \
                 terminated, or another account's or region's, so it has no series."
            ),
            "cut" => format!(
                "{name}, but it is one of those that metrics.max_series ({}) left out: it counts \
                 in the sums only.",
                terms.max_series
            ),
            "not_wanted" => format!(
                "{name} and has no problem; with metrics.per_product: problems only those have \
                 series of their own."
            ),
            "shown" => format!("{name} in the complete list of {asked}, and its series are there."),
            _ => format!("{name} in the complete list of {asked}."),
        }];
        sentences.extend(self.listing.as_ref().map(|listing| listing.sentence(target)));
        sentences.extend(target.trouble());
        sentences
    }
}

impl ListingAnswer {
    fn of(target: &Target<'_, '_>, product: &Product) -> Self {
        let (state, case) = (target.state, target.case);
        let standing = state.standing(&product.id);
        let always = case.snapshot.terms.max_age.is_none().then_some("refresh_always");
        Self {
            listed_timestamp_seconds: state.listing(&product.id).map(|listing| listing.asked.unix),
            confirmed_timestamp_seconds: standing.map(|known| case.unix_of(known.confirmed)),
            cause: standing.map(|known| word(known.cause)),
            last_failed: state.has_listing_failed(&product.id),
            last_refused: state.was_refused(&product.id),
            next_cause: state.cause(product).map(word).or(always),
        }
    }

    fn sentence(&self, target: &Target<'_, '_>) -> String {
        let failed =
            if self.last_failed { ", and the last attempt to list them failed" } else { "" };
        match self.listed_timestamp_seconds {
            Some(listed) => {
                format!("Its instances were listed at {}{failed}.", target.case.when(listed))
            }
            None => format!("Its instances are not known{failed}."),
        }
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::NeverListed => "never_listed",
        Cause::Unsettled => "unsettled",
        Cause::Hinted => "hinted",
        Cause::Turn => "turn",
    }
}

fn say_row(facts: &mut Facts, answer: &ProductAnswer<'_>) {
    let Some(row) = &answer.row else { return };
    facts.say("product", format!("{}, a {}", plain(&row.name), plain(&row.kind)));
    facts.say("status", plain(&row.status));
    if let Some(message) = row.status_message {
        facts.say("status_message", plain(message));
    }
    if let Some(operation) = &row.last_operation {
        let kind = operation.kind.map_or("operation".into(), plain);
        let status = operation.status.map_or("of no status".into(), plain);
        facts.say("last_operation", format!("{kind}: {status}"));
        if let Some(message) = operation.error_message {
            facts.say("operation_error", plain(message));
        }
    }
    if let Some(console) = &row.console_url {
        facts.say("console", console);
    }
}

fn say_series(facts: &mut Facts, target: &Target<'_, '_>, fate: Option<Fate>) {
    let terms = &target.case.snapshot.terms;
    let Some(fate) = fate else { return };
    let says = match fate.own {
        Own::Shown => "of its own: yes".to_owned(),
        Own::Cut => format!(
            "of its own: left out by metrics.max_series ({}); raise it, or set \
             metrics.per_product: problems",
            terms.max_series
        ),
        Own::NotWanted => {
            "of its own: none, since it has no problem (metrics.per_product: problems)".to_owned()
        }
    };
    facts.say("series", says);
}

fn say_listing(facts: &mut Facts, target: &Target<'_, '_>, product: &Product, fate: Option<Fate>) {
    let (state, case) = (target.state, target.case);
    if let Some(listing) = state.listing(&product.id) {
        let counts = listing.value.counts();
        let counts = counts.counts::<InstanceStatus>().filter(|(_, count)| *count > 0);
        let counts = counts.map(|(status, count)| format!("{count} {}", plain(status)));
        let counts: Vec<String> = counts.take(8).collect();
        let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        facts.say("instances", counts);
        let cause = state.standing(&product.id).map_or("", |known| why(known.cause));
        facts.say("listed", format!("at {}, because {cause}", case.when(listing.asked.unix)));
    } else {
        facts.say("instances", "unknown");
    }
    if let Some(Standing { confirmed, .. }) = state.standing(&product.id) {
        let until = confirmed.saturating_add(case.snapshot.terms.serve_stale_for);
        facts.say(
            "confirmed",
            format!(
                "at {}, by that listing or a later product list; dropped at {} unless it is again",
                case.when_up(confirmed),
                case.when_up(until)
            ),
        );
    }
    facts.say("next_listing", next_listing(target, product));
    if state.was_refused(&product.id) {
        facts.say(
            "refused",
            "AWS said that it knows no such stack set, or denies it; the next product list tells \
             whether the product is gone",
        );
    }
    if let Some(Fate { instances, instances_left_out, .. }) = fate {
        let of_limit = match instances_left_out {
            0 => String::new(),
            more => format!(", {more} left out by a limit"),
        };
        let kind = match case.snapshot.terms.per_instance {
            PerInstance::All => "every one",
            PerInstance::Problems => "those not CURRENT",
            PerInstance::None => "none",
        };
        let series = many(instances, "has a series", "have a series each");
        facts.say("instance_series", format!("{series} (metrics.per_instance: {kind}){of_limit}"));
    }
}

fn why(cause: Cause) -> &'static str {
    match cause {
        Cause::NeverListed => "no listing of it was known",
        Cause::Unsettled => "something had changed, or spoke against the one before",
        Cause::Hinted => "a message of the queue of events named it",
        Cause::Turn => "it was its turn",
    }
}

/// Whether the next scan lists the stack set, and why; or when at the latest.
fn next_listing(target: &Target<'_, '_>, product: &Product) -> String {
    let (state, case) = (target.state, target.case);
    let next = "with the next scan";
    let Some(standing) = state.standing(&product.id) else {
        return format!("{next}, since no listing of it is known");
    };
    match (state.unsettled(product), case.snapshot.terms.max_age) {
        (Some(unsettled), _) => format!("{next}, since {}", against(unsettled)),
        (None, None) => format!("{next}, as with every one (scan.stack_instances.refresh: always)"),
        (None, Some(max_age)) => {
            let turn = standing.begun.saturating_add(max_age).saturating_add(state.interval);
            format!(
                "nothing speaks against the last one, so when it is its turn: by {} at the latest \
                 (scan.stack_instances.max_age {} and one interval)",
                case.when_up(turn.max(Duration::ZERO)),
                HumanDuration(max_age)
            )
        }
    }
}

fn against(unsettled: Unsettled) -> &'static str {
    match unsettled {
        Unsettled::Failed => "the last attempt to list it failed",
        Unsettled::InMotion => "the product is changing",
        Unsettled::UnknownStatus => "the product has a status that this version does not know",
        Unsettled::OtherStatus => "the product had another status when it was listed",
        Unsettled::OtherRecord => "the product had another last operation when it was listed",
        Unsettled::NotCurrent => "it has instances that are not CURRENT",
    }
}

fn say_names(facts: &mut Facts, target: &Target<'_, '_>, product: &Product) {
    let (state, runs) = (target.state, &target.case.snapshot.optional_stages);
    if runs.contains(&Stage::NamesAndTags) {
        let failed = matches!(state.stage(Stage::NamesAndTags).result, StageResult::Failed(_));
        let says = match (state.names_of(&product.id), failed) {
            (Some(names), false) => format!("known: {}", product_and_version(names)),
            (Some(names), true) => {
                format!(
                    "{}; of an earlier search, since the last failed",
                    product_and_version(names)
                )
            }
            (None, true) => "unknown, since the search for them failed".to_owned(),
            (None, false) => "unknown: no search has found the product".to_owned(),
        };
        facts.say("names", says);
    }
    let is_of_interest = product.status.as_str() != "AVAILABLE";
    if is_of_interest && runs.contains(&Stage::Records) && state.record_of(product).is_none() {
        facts.say("record", "that of the last operation is not known yet, or could not be read");
    }
}

fn product_and_version(names: &crate::model::ProductNames) -> String {
    let name = |text| said(text).map_or("no name".into(), |text| plain(text).into_owned());
    let (product, version): (String, String) = (name(&names.product), name(&names.artifact));
    format!("{} {}", cut(&product), cut(&version))
}
