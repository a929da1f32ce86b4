//! Why a series is there, old or missing: what is known of one account and region, and of one
//! product of it, in sentences for people and in keys for scripts.
//!
//! The sentences are made here alone; the command prints them. Whoever adds to what is known of a
//! target adds a fact: a stable word, and what is to be said.

mod attempts;
mod case;
mod elsewhere;
mod facts;
mod product;
mod question;
mod target;

use http::{Response, StatusCode};
use serde::Serialize;

use self::attempts::AttemptRow;
use self::case::Case;
use self::facts::Fact;
use self::product::ProductAnswer;
use self::question::Question;
use self::target::Target;
use super::target::TargetRow;
use super::{Front, refusal};
use crate::config::StatusPage;
use crate::http::{Body, JSON_TYPE, Shown, typed};

/// Sentences of a summary, at most.
const MOST_SENTENCES: usize = 3;

/// An answer. The names of its fields are the keys of the JSON.
#[derive(Debug, Serialize)]
struct Explanation<'s> {
    version: &'s str,
    answered_timestamp_seconds: f64,
    /// When the snapshot was taken; null before the first.
    published_timestamp_seconds: Option<f64>,
    account: &'s str,
    region: &'s str,
    /// How the target stands: `not_a_target`, `never_scanned`, `failing`, `dropped`, `stale`,
    /// `limited` or `ok`.
    verdict: &'static str,
    /// One to three sentences.
    summary: Vec<String>,
    facts: Vec<Fact>,
    /// What a policy must allow that AWS denied.
    missing_iam_actions: Vec<&'static str>,
    /// As the status page has it; null if it is none of this process.
    target: Option<TargetRow<'s>>,
    running_since_timestamp_seconds: Option<f64>,
    /// Series of the target that the limits left out.
    series_dropped_by_limit: Option<u64>,
    /// The last ones, the newest first.
    attempts: Vec<AttemptRow<'s>>,
    /// What was asked for, if that was a product.
    product: Option<ProductAnswer<'s>>,
}

impl Front {
    /// Why the series of a target or product are there, old or missing.
    pub(in crate::http) fn explain(&self, shown: &impl Shown, query: &str) -> Response<Body> {
        if self.tells == StatusPage::Off {
            return refusal(StatusCode::NOT_FOUND, "web.status_page is off");
        }
        let question = match Question::read(query) {
            Ok(question) => question,
            Err(error) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let (snapshot, kept) = shown.planned();
        let (now, full) = (shown.now(), self.tells == StatusPage::Full);
        let case = Case { snapshot: &snapshot, kept: &kept, now, full };
        match serde_json::to_string(&explanation(&case, &question, &self.version)) {
            Ok(text) => typed(StatusCode::OK, JSON_TYPE, Body::from(text)),
            Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
}

fn explanation<'s>(case: &Case<'s>, question: &'s Question, version: &'s str) -> Explanation<'s> {
    let taken = case.snapshot.taken.unix;
    let mut answer = Explanation {
        version,
        answered_timestamp_seconds: case.now.unix,
        published_timestamp_seconds: (taken > 0.0).then_some(taken),
        account: question.account.as_str(),
        region: question.region.as_str(),
        verdict: "not_a_target",
        summary: Vec::new(),
        facts: Vec::new(),
        missing_iam_actions: Vec::new(),
        target: None,
        running_since_timestamp_seconds: None,
        series_dropped_by_limit: None,
        attempts: Vec::new(),
        product: None,
    };
    let Some(target) = Target::find(case, question) else {
        (answer.summary, answer.facts) = elsewhere::explain(case, question);
        return answer;
    };
    answer.verdict = target.verdict.as_str();
    answer.missing_iam_actions = target.missing_iam_actions();
    answer.running_since_timestamp_seconds = target.state.running().map(|begun| begun.unix);
    answer.series_dropped_by_limit = target.kept.map(|kept| kept.dropped);
    answer.attempts = target.state.attempts().map(AttemptRow::of).collect();
    answer.target = Some(target.row());
    if let Some(id) = &question.product {
        let (product, facts) = product::explain(&target, id);
        answer.summary = product.summary(&target);
        answer.facts = facts;
        answer.product = Some(product);
    } else {
        answer.summary = target.summary();
    }
    answer.summary.truncate(MOST_SENTENCES);
    answer.facts.extend(target.facts());
    answer
}
