//! How a target stands, and why.

use std::time::Duration;

use super::attempts;
use super::case::{Case, many};
use super::facts::{Fact, Facts};
use super::question::Question;
use crate::config::HumanDuration;
use crate::http::plain;
use crate::http::status::target::{Health, Looked, TargetRow, usual_operation};
use crate::http::status::time::{between, span};
use crate::model::{Kept, Operation, Reason};
use crate::snapshot::{Stage, StageError, StageOutcome, StageResult, TargetState};

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    NeverScanned,
    /// The last attempt failed at the products or the stack instances.
    Failing,
    /// Nothing failed, and yet the products are not known.
    Dropped,
    Stale,
    Limited,
    Ok,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NeverScanned => "never_scanned",
            Self::Failing => "failing",
            Self::Dropped => "dropped",
            Self::Stale => "stale",
            Self::Limited => "limited",
            Self::Ok => "ok",
        }
    }
}

/// Why a stage failed.
#[derive(Clone, Copy)]
pub(super) struct Failure<'s> {
    stage: Stage,
    reason: Reason,
    operation: Operation,
    error: Option<&'s StageError>,
}

impl<'s> Failure<'s> {
    fn of(state: &'s TargetState, stage: Stage) -> Option<Self> {
        let StageResult::Failed(reason) = state.stage(stage).result else { return None };
        Some(Self::because(stage, reason, state.stage(stage).error.as_deref()))
    }

    pub(super) fn of_outcome(outcome: &'s StageOutcome) -> Option<Self> {
        Some(Self::because(outcome.stage, outcome.failure?, outcome.error.as_deref()))
    }

    fn because(stage: Stage, reason: Reason, error: Option<&'s StageError>) -> Self {
        let operation = error.map_or_else(|| usual_operation(stage), |error| error.operation);
        Self { stage, reason, operation, error }
    }

    pub(super) fn remedy(&self) -> String {
        self.reason.remedy(self.operation)
    }

    /// The action that a policy must allow, if that is what is missing.
    fn missing_action(&self) -> Option<&'static str> {
        let denied = matches!(self.reason, Reason::AccessDenied | Reason::ScpDenied)
            || (self.reason == Reason::Credentials && self.operation == Operation::AssumeRole);
        denied.then(|| self.operation.iam_action())
    }
}

/// `access_denied, from ScanProvisionedProducts (AccessDeniedException, request id …)`.
pub(super) fn words(failure: &Failure<'_>) -> String {
    let (reason, operation) = (failure.reason.as_str(), failure.operation.as_str());
    let mut detail = Vec::new();
    if let Some(error) = failure.error {
        if !error.code.is_empty() {
            detail.push(plain(&error.code).into_owned());
        }
        if !error.request_id.is_empty() {
            detail.push(format!("request id {}", plain(&error.request_id)));
        }
    }
    match detail.is_empty() {
        true => format!("{reason}, from {operation}"),
        false => format!("{reason}, from {operation} ({})", detail.join(", ")),
    }
}

/// The target that is asked about.
pub(super) struct Target<'c, 's> {
    pub(super) case: &'c Case<'s>,
    pub(super) state: &'s TargetState,
    pub(super) kept: Option<Kept>,
    pub(super) verdict: Verdict,
    looked: Looked<'s>,
}

impl<'c, 's> Target<'c, 's> {
    pub(super) fn find(case: &'c Case<'s>, question: &Question) -> Option<Self> {
        let is_it = |state: &TargetState| {
            state.account.as_ref() == Some(&question.account) && state.region == question.region
        };
        let place = case.snapshot.targets.iter().position(|state| is_it(state))?;
        let state: &TargetState = case.snapshot.targets.get(place)?;
        let kept = case.kept.get(place).copied().flatten();
        let looked = Looked::at(state, case.snapshot, case.now);
        let verdict = match looked.health {
            Health::Failing => Verdict::Failing,
            Health::NeverScanned => Verdict::NeverScanned,
            _ if state.products().is_none() => Verdict::Dropped,
            Health::Stale => Verdict::Stale,
            Health::Limited => Verdict::Limited,
            Health::Ok => Verdict::Ok,
        };
        Some(Self { case, state, kept, verdict, looked })
    }

    pub(super) fn row(&self) -> TargetRow<'s> {
        TargetRow::of(&self.looked, self.case.snapshot, self.case.now)
    }

    /// The stages that run.
    fn stages(&self) -> impl Iterator<Item = Stage> {
        let optional = self.case.snapshot.optional_stages.iter().copied();
        Stage::REQUIRED.into_iter().chain(optional)
    }

    fn failures(&self) -> impl Iterator<Item = Failure<'s>> {
        let state = self.state;
        self.stages().filter_map(move |stage| Failure::of(state, stage))
    }

    pub(super) fn missing_iam_actions(&self) -> Vec<&'static str> {
        let mut actions = Vec::new();
        for action in self.failures().filter_map(|failure| failure.missing_action()) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        actions
    }

    /// One to three sentences.
    pub(super) fn summary(&self) -> Vec<String> {
        let mut sentences = match self.trouble() {
            trouble if trouble.is_empty() => vec![self.good_news()],
            trouble => trouble,
        };
        let cut = self.kept.map_or(0, |kept| kept.dropped);
        if cut > 0 {
            let series =
                many(cut, "series of its own is", "series of single products and instances are");
            sentences.push(format!(
                "{series} left out by metrics.max_series or metrics.max_instance_series; the \
                 sums are whole."
            ));
        }
        sentences
    }

    /// What is wrong, if anything is.
    pub(super) fn trouble(&self) -> Vec<String> {
        match self.verdict {
            Verdict::NeverScanned => vec![
                format!("It was never scanned to an end: {}.", self.what_comes()),
                "Until then its products are unknown, which is no zero: their series are absent."
                    .to_owned(),
            ],
            Verdict::Failing | Verdict::Limited => {
                let Some(failure) = self.failures().next() else { return Vec::new() };
                let stage = failure.stage.as_str();
                let last = self.case.when(self.state.last_attempt());
                let first = format!(
                    "The stage {stage} fails, last in the attempt of {last}: {}.",
                    words(&failure)
                );
                vec![first, format!("What to do: {}.", failure.remedy()), self.data(failure.stage)]
            }
            Verdict::Dropped => {
                vec![self.data(Stage::Products), capital(&format!("{}.", self.what_comes()))]
            }
            Verdict::Stale => vec![
                format!(
                    "Nothing failed, but its product list was not renewed for more than three \
                     intervals: {}.",
                    self.what_comes()
                ),
                self.data(Stage::Products),
            ],
            Verdict::Ok => Vec::new(),
        }
    }

    fn good_news(&self) -> String {
        let listed = self.state.products_asked().map_or(0.0, |asked| asked.unix);
        let products = self.state.products().map_or(0, |catalog| catalog.len());
        format!(
            "All is well: the complete list of {} is of {}, and {}.",
            many(products, "product", "products"),
            self.case.when(listed),
            self.what_comes()
        )
    }

    /// The attempt that runs, or the next one.
    fn what_comes(&self) -> String {
        match self.state.running() {
            Some(begun) => format!("an attempt runs since {}", self.case.when(begun.unix)),
            None if self.state.next_attempt > self.case.now.unix => {
                format!("the next attempt is due {}", self.case.when(self.state.next_attempt))
            }
            None => "the next attempt is due".to_owned(),
        }
    }

    /// What is served of a stage that fails.
    fn data(&self, stage: Stage) -> String {
        match stage {
            Stage::Products => self.product_data(),
            Stage::StackInstances => {
                let unknown = self.state.stack_sets_unknown();
                let sets = self.state.products().map_or(0, |catalog| catalog.stack_sets());
                format!(
                    "Its products are up to date; of {} the instances of {unknown} are not known, \
                     and those of the others are as old as their listings.",
                    many(sets, "stack set", "stack sets")
                )
            }
            Stage::NamesAndTags | Stage::Records | Stage::Versions => {
                "Products and stack instances do not suffer from it.".to_owned()
            }
        }
    }

    fn product_data(&self) -> String {
        let keep = self.case.snapshot.terms.serve_stale_for;
        match (self.state.products_asked(), self.state.stage(Stage::Products).last_success) {
            (Some(asked), _) => format!(
                "What is served of its products is from {}; without a complete list it is dropped \
                 at {}.",
                self.case.when(asked.unix),
                self.case.when_up(asked.uptime.saturating_add(keep))
            ),
            (None, last) if last > 0.0 => format!(
                "Its products are unknown, and their series absent: the last complete list, of \
                 {}, was dropped after scan.serve_stale_for ({}).",
                self.case.when(last),
                HumanDuration(keep)
            ),
            (None, _) => "Its products are unknown, and their series absent: there never was a \
                 complete list."
                .to_owned(),
        }
    }

    /// How long the target is left alone because it is denied, if it is.
    fn pause(&self) -> Option<Duration> {
        let failure = Failure::of(self.state, Stage::Products)?;
        let pause = between(self.state.last_attempt(), self.state.next_attempt);
        let longer = pause > self.state.interval.mul_f64(1.5);
        (failure.reason.is_permanent() && longer).then_some(pause)
    }

    pub(super) fn facts(&self) -> Vec<Fact> {
        let mut facts = Facts::default();
        self.say_data(&mut facts);
        self.say_schedule(&mut facts);
        self.say_stages(&mut facts);
        self.say_limits(&mut facts);
        if self.state.scans() == 0 && self.state.is_tried() {
            let last = self.case.when(self.state.last_attempt());
            facts.say(
                "taken_up",
                format!("from the process before, whose last attempt began {last}"),
            );
        }
        for attempt in self.state.attempts() {
            facts.say("attempt", attempts::line(attempt, self.case));
        }
        facts.into_lines()
    }

    fn say_data(&self, facts: &mut Facts) {
        let Some(catalog) = self.state.products() else {
            return facts.say("product_list", "unknown");
        };
        let Some(asked) = self.state.products_asked() else { return };
        let keep = self.case.snapshot.terms.serve_stale_for;
        facts.say(
            "product_list",
            format!(
                "{}; the list is complete and of {}",
                many(catalog.len(), "product", "products"),
                self.case.when(asked.unix)
            ),
        );
        facts.say(
            "dropped_at",
            format!(
                "{}, unless a later list comes before (scan.serve_stale_for)",
                self.case.when_up(asked.uptime.saturating_add(keep))
            ),
        );
        let oldest = self.state.listings().map(|(_, listing)| listing.asked.uptime).min();
        let oldest = oldest.map_or_else(String::new, |oldest| {
            format!("; the oldest listing is of {}", self.case.when_up(oldest))
        });
        let unknown = self.state.stack_sets_unknown();
        let sets = many(catalog.stack_sets(), "stack set", "stack sets");
        facts.say("stack_sets", format!("{sets}, {unknown} of them unknown{oldest}"));
    }

    fn say_schedule(&self, facts: &mut Facts) {
        let interval = HumanDuration(self.state.interval);
        if let Some(begun) = self.state.running() {
            facts.say("running", format!("an attempt runs since {}", self.case.when(begun.unix)));
        }
        let next = self.case.when(self.state.next_attempt);
        facts.say("next_attempt", format!("{next}; the interval is {interval}"));
        if let Some(pause) = self.pause() {
            facts.say(
                "backed_off",
                format!(
                    "denied three times in a row or more, so it is asked less often: {} after the \
                     last attempt; POST /-/scan asks at once, where web.enable_lifecycle is on",
                    span(pause)
                ),
            );
        }
        if self.state.skipped() > 0 {
            let skipped = many(self.state.skipped(), "scan was", "scans were");
            facts.say("skipped", format!("{skipped} left out because the one before still ran"));
        }
        let calls = self.row().calls;
        facts.say(
            "calls",
            format!(
                "{} of AWS since the start, {} failed, {} of these throttled",
                calls.requests, calls.failures, calls.throttles
            ),
        );
    }

    fn say_stages(&self, facts: &mut Facts) {
        for stage in Stage::ALL {
            let state = self.state.stage(stage);
            let last = match state.last_success {
                0.0 => "never with success".to_owned(),
                unix => format!("last with success in the attempt of {}", self.case.when(unix)),
            };
            let says = match state.result {
                _ if !self.stages().any(|one| one == stage) => {
                    "off in the configuration".to_owned()
                }
                StageResult::NotYet => "not ended yet".to_owned(),
                StageResult::Succeeded => format!("succeeded, {last}"),
                StageResult::Failed(_) => {
                    let failed = many(state.failures, "time", "times");
                    let paused = match self.state.is_paused(stage, self.case.now) {
                        true => ", and is not asked for half an hour after a denial",
                        false => "",
                    };
                    format!("failed {failed} since the start, {last}{paused}")
                }
            };
            facts.say("stage", format!("{}: {says}", stage.as_str()));
            let Some(failure) = self.failures().find(|failure| failure.stage == stage) else {
                continue;
            };
            facts.say("why", words(&failure));
            if let Some(error) = failure.error.filter(|error| !error.message.is_empty()) {
                facts.say("message", plain(&error.message));
            }
            facts.say("what_to_do", failure.remedy());
            if let Some(action) = failure.missing_action() {
                facts.say("missing_iam_action", action);
            }
        }
    }

    fn say_limits(&self, facts: &mut Facts) {
        let terms = &self.case.snapshot.terms;
        if let Some(kept) = self.kept {
            let says = match kept.dropped {
                0 => "no series is left out by a limit".to_owned(),
                left_out => format!(
                    "{} left out: metrics.max_series is {} for the process, \
                     metrics.max_instance_series {} for a target",
                    many(left_out, "series is", "series are"),
                    terms.max_series,
                    terms.max_instance_series
                ),
            };
            facts.say("limit", says);
        }
        let Some(catalog) = self.state.products() else { return };
        if catalog.no_id() > 0 {
            let products = many(catalog.no_id(), "product has", "products have");
            facts.say("no_id", format!("{products} no id, and so no series of their own"));
        }
        if catalog.duplicates() > 0 {
            let items = many(catalog.duplicates(), "item", "items");
            facts.say("duplicates", format!("{items} came twice and count once"));
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
