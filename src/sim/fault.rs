//! Scripted faults: which call goes wrong, how, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use super::operation::Operation;
use super::random::Random;
use super::what::{Asked, What};

/// A fault: the calls that match every condition go wrong. Without conditions every call does.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Only calls of this operation.
    pub operation: Option<Operation>,
    /// Only calls of this account.
    pub account: Option<String>,
    /// Only calls in this region.
    pub region: Option<String>,
    /// Only calls about this provisioned product.
    pub product_id: Option<String>,
    /// Only calls about this: a product, a record, a role's ARN, a root or unit.
    pub about: Option<String>,
    /// Only this page of a list.
    pub page: Option<Page>,
    /// What goes wrong.
    pub what: What,
    /// How often.
    pub when: When,
}

impl Fault {
    /// `what`, on every call; narrow it with the other functions.
    #[must_use]
    pub fn new(what: What) -> Self {
        Fault {
            operation: None,
            account: None,
            region: None,
            product_id: None,
            about: None,
            page: None,
            what,
            when: When::Always,
        }
    }

    /// Only on `operation`.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Only for `account`.
    #[must_use]
    pub fn of_account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Only in `region`.
    #[must_use]
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Only for calls about the provisioned product `id`.
    #[must_use]
    pub fn for_product(mut self, id: impl Into<String>) -> Self {
        self.product_id = Some(id.into());
        self
    }

    /// Only for calls about `text`: the id of a product or record, the ARN of a role that is
    /// assumed, a root or unit of the organisation.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.about = Some(text.into());
        self
    }

    /// The role with that ARN may not be assumed.
    #[must_use]
    pub fn role_denied(arn: impl Into<String>) -> Self {
        Fault::new(What::Denied).on(Operation::AssumeRole).about(arn)
    }

    /// Only on that page.
    #[must_use]
    pub fn on_page(mut self, page: Page) -> Self {
        self.page = Some(page);
        self
    }

    /// Only the first `times` times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.when = When::Times(times);
        self
    }

    /// By chance, with that probability from 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.when = When::Probability(probability);
        self
    }

    /// Only calls that come faster than `per_second`, in each account, region and operation by
    /// itself: a bucket of `burst` tokens, full at first. A call that finds none is refused, and
    /// takes none. This is how AWS throttles.
    #[must_use]
    pub fn above_rate(mut self, per_second: f64, burst: f64) -> Self {
        self.when = When::AboveRate { per_second, burst };
        self
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        fn wanted<T: PartialEq + ?Sized>(condition: Option<&T>, value: Option<&T>) -> bool {
            condition.is_none() || condition == value
        }
        // What twists pages leaves calls alone that ask for none.
        (asked.page.is_some() || !self.what.twists_pages())
            && self.operation.is_none_or(|operation| operation == asked.operation)
            && wanted(self.account.as_deref(), Some(asked.account))
            && wanted(self.region.as_deref(), Some(asked.region))
            && wanted(self.product_id.as_deref(), asked.product_id)
            && wanted(self.about.as_deref(), asked.about)
            && self.page.is_none_or(|page| asked.page.is_some_and(|ordinal| page.is(ordinal)))
    }
}

/// A page of a list. A call with a token that is none of ours is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The one without a token.
    First,
    /// Any but the first.
    Later,
    /// The nth, from 1.
    Nth(usize),
}

impl Page {
    fn is(self, ordinal: usize) -> bool {
        match self {
            Page::First => ordinal == 1,
            Page::Later => ordinal > 1,
            Page::Nth(n) => ordinal == n,
        }
    }
}

/// How often a fault happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// On every call that matches.
    Always,
    /// On the first calls that match.
    Times(u32),
    /// On each call that matches with this probability; the sequence is the same in every run.
    Probability(f64),
    /// On each call that finds the bucket of its account, region and operation empty.
    AboveRate {
        /// Tokens that come in a second of the world's time.
        per_second: f64,
        /// Tokens that fit in, and are there at first.
        burst: f64,
    },
}

/// The faults of a world, in the order in which they were scripted.
#[derive(Debug, Clone)]
pub(super) struct Script {
    faults: Vec<(Fault, Buckets)>,
    random: Random,
}

/// The tokens that each account, region and operation has left, and when they were counted.
type Buckets = BTreeMap<(String, String, Operation), (f64, Duration)>;

impl Script {
    pub fn new() -> Self {
        Script { faults: Vec::new(), random: Random::new(0) }
    }

    pub fn add(&mut self, fault: Fault) {
        self.faults.push((fault, Buckets::new()));
    }

    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// What goes wrong with this call: the first fault that matches and happens.
    pub fn strike(&mut self, asked: &Asked<'_>) -> Option<What> {
        for (fault, buckets) in &mut self.faults {
            if !fault.matches(asked) {
                continue;
            }
            let happens = match &mut fault.when {
                When::Always => true,
                When::Times(0) => false,
                When::Times(left) => {
                    *left -= 1;
                    true
                }
                When::Probability(probability) => self.random.unit() < *probability,
                When::AboveRate { per_second, burst } => {
                    !takes_token(buckets, asked, *per_second, *burst)
                }
            };
            if happens {
                return Some(fault.what.clone());
            }
        }
        None
    }
}

fn takes_token(buckets: &mut Buckets, asked: &Asked<'_>, per_second: f64, burst: f64) -> bool {
    let key = (asked.account.to_owned(), asked.region.to_owned(), asked.operation);
    let (tokens, counted) = buckets.entry(key).or_insert((burst, asked.now));
    let passed = asked.now.saturating_sub(*counted).as_secs_f64();
    *tokens = (*tokens + passed * per_second).min(burst);
    *counted = asked.now;
    let takes = *tokens >= 1.0;
    if takes {
        *tokens -= 1.0;
    }
    takes
}
