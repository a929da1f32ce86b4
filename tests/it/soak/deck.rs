//! Everything that can go wrong, dealt out at random and none left out.

use std::collections::BTreeSet;

use bytes::Bytes;
use fastrand::Rng;
use servicecatalog_exporter::sim::{Call, Fault, Fleet, Operation, Outcome, Page, What};

use super::truth::Place;

/// One of each, and several of what a stranger on the way may answer.
fn every() -> Vec<What> {
    let raw = |status, content: &str, body: &'static str| What::Raw {
        status,
        headers: vec![("Content-Type".to_owned(), content.to_owned())],
        body: Bytes::from_static(body.as_bytes()),
    };
    vec![
        What::Throttle,
        What::ThrottleAsValidation,
        What::InternalFailure,
        What::ServiceUnavailable,
        What::MalformedJson,
        What::HugeBody,
        What::Hang,
        What::Drip,
        What::Reset,
        What::RepeatedToken,
        What::TokenCycle,
        What::EmptyPage,
        What::NullToken,
        What::EmptyToken,
        What::OverlappingPages,
        What::Denied,
        What::DeniedByScp,
        What::Expired,
        What::Skewed,
        What::OptInRequired,
        What::UnrecognizedClient,
        What::NotFound,
        What::InvalidParameters,
        raw(200, "application/x-amz-json-1.1", ""),
        raw(200, "application/x-amz-json-1.1", "{}"),
        raw(200, "text/html", "<html>Please log in</html>"),
        raw(502, "text/html", "<html>Bad gateway</html>"),
        raw(403, "text/plain", "no"),
    ]
}

/// The name of a kind of fault. There is no other: this does not compile when one is added, and
/// [`every`] must have it then.
fn kind(what: &What) -> &'static str {
    match what {
        What::Throttle => "Throttle",
        What::ThrottleAsValidation => "ThrottleAsValidation",
        What::InternalFailure => "InternalFailure",
        What::ServiceUnavailable => "ServiceUnavailable",
        What::MalformedJson => "MalformedJson",
        What::HugeBody => "HugeBody",
        What::Hang => "Hang",
        What::Drip => "Drip",
        What::Reset => "Reset",
        What::RepeatedToken => "RepeatedToken",
        What::TokenCycle => "TokenCycle",
        What::EmptyPage => "EmptyPage",
        What::NullToken => "NullToken",
        What::EmptyToken => "EmptyToken",
        What::OverlappingPages => "OverlappingPages",
        What::Denied => "Denied",
        What::DeniedByScp => "DeniedByScp",
        What::Expired => "Expired",
        What::Skewed => "Skewed",
        What::OptInRequired => "OptInRequired",
        What::UnrecognizedClient => "UnrecognizedClient",
        What::NotFound => "NotFound",
        What::InvalidParameters => "InvalidParameters",
        What::Raw { .. } => "Raw",
    }
}

const KINDS: usize = 24;

/// The faults, shuffled.
#[derive(Debug)]
pub struct Deck {
    cards: Vec<What>,
    /// What is out, and has not struck.
    dealt: Vec<What>,
    /// What was out and did not strike: dealt again, so that it does.
    missed: Vec<What>,
    struck: BTreeSet<&'static str>,
    strikes: u64,
}

impl Deck {
    pub fn new() -> Self {
        Self {
            cards: Vec::new(),
            dealt: Vec::new(),
            missed: Vec::new(),
            struck: BTreeSet::new(),
            strikes: 0,
        }
    }

    /// The next fault: of any of these places, by chance.
    pub fn deal(&mut self, rng: &mut Rng, places: &[Place], sets: &[String]) -> Fault {
        if let Some(what) = self.missed.pop() {
            self.dealt.push(what.clone());
            let on = if what == What::EmptyPage { Page::First } else { Page::Later };
            let fault = Fault::new(what.clone()).on(Operation::ScanProvisionedProducts);
            return if is_of_pages(&what) { fault.on_page(on) } else { fault };
        }
        if self.cards.is_empty() {
            self.cards = every();
            rng.shuffle(&mut self.cards);
        }
        let what = self.cards.pop().expect("the deck was filled");
        self.dealt.push(what.clone());
        aimed(rng, what, places, sets)
    }

    /// A round is over in which these calls were made.
    pub fn collect(&mut self, calls: &[Call]) {
        for call in calls {
            if let Outcome::Faulted(what) = &call.outcome {
                self.struck.insert(kind(what));
                self.strikes += 1;
            }
        }
        let missed = self.dealt.drain(..).filter(|what| !self.struck.contains(kind(what)));
        self.missed.extend(missed);
    }

    /// How often a fault struck.
    pub fn strikes(&self) -> u64 {
        self.strikes
    }

    /// Whether every kind has struck.
    pub fn is_through(&self) -> bool {
        self.struck.len() == KINDS
    }
}

fn is_of_pages(what: &What) -> bool {
    matches!(
        what,
        What::RepeatedToken
            | What::TokenCycle
            | What::EmptyPage
            | What::NullToken
            | What::EmptyToken
            | What::OverlappingPages
    )
}

/// Whether a stage that is not required rests for half an hour because of it.
fn is_denial(what: &What) -> bool {
    matches!(
        what,
        What::Denied
            | What::DeniedByScp
            | What::Expired
            | What::Skewed
            | What::OptInRequired
            | What::UnrecognizedClient
    )
}

fn aimed(rng: &mut Rng, what: What, places: &[Place], sets: &[String]) -> Fault {
    use Operation::{
        AssumeRole, DescribeRecord, GetCallerIdentity, ListAccounts,
        ListStackInstancesForProvisionedProduct as List, ScanProvisionedProducts as Scan,
        SearchProvisionedProducts as Search,
    };
    let on: &[Operation] = match &what {
        what if is_of_pages(what) => &[Scan, Scan, Scan, List, List, Search, ListAccounts],
        What::NotFound | What::InvalidParameters => &[Scan, List, List, List, DescribeRecord],
        // An answer over 8 MiB is that of a service, and not of STS.
        What::HugeBody | What::MalformedJson | What::Raw { .. } => {
            &[Scan, Scan, List, List, Search]
        }
        what if is_denial(what) => &[Scan, Scan, List, List, AssumeRole, ListAccounts],
        _ => &[
            Scan,
            Scan,
            Scan,
            List,
            List,
            List,
            Search,
            DescribeRecord,
            AssumeRole,
            GetCallerIdentity,
            ListAccounts,
        ],
    };
    let operation = on[rng.usize(..on.len())];
    let (throttles, pages) =
        (matches!(what, What::Throttle | What::ThrottleAsValidation), is_of_pages(&what));
    let mut fault = Fault::new(what).on(operation);
    match operation {
        AssumeRole => {
            if rng.bool() {
                let account = &places[rng.usize(..places.len())].0;
                fault = fault.about(Fleet::default().role_arn(account));
            }
        }
        GetCallerIdentity | ListAccounts => {}
        _ => {
            let place = &places[rng.usize(..places.len())];
            match rng.u8(..10) {
                0 => {}
                1..4 => fault = fault.of_account(&place.0),
                4 => fault = fault.in_region(&place.1),
                _ => fault = fault.of_account(&place.0).in_region(&place.1),
            }
            if operation == List && rng.u8(..4) == 0 && !sets.is_empty() {
                fault = Fault { account: None, region: None, ..fault };
                fault = fault.for_product(&sets[rng.usize(..sets.len())]);
            }
            if rng.u8(..4) == 0 {
                let page = [Page::First, Page::Later, Page::Nth(2)][rng.usize(..3)];
                fault = fault.on_page(page);
            }
        }
    }
    let hangs = matches!(fault.what, What::Hang | What::Drip);
    match rng.u8(..10) {
        // Each of these costs the time of an attempt.
        0..8 if hangs => fault.times(rng.u32(1..4)),
        0..2 => fault.times(rng.u32(1..4)),
        2..4 if !pages => fault.with_probability(0.1 + 0.8 * rng.f64()),
        4..6 if throttles => fault.above_rate(3.0, 2.0),
        _ => fault,
    }
}

#[test]
fn every_fault_that_the_simulator_has_is_in_the_deck() {
    let kinds: BTreeSet<_> = every().iter().map(kind).collect();
    assert_eq!(kinds.len(), KINDS);
}

#[test]
fn what_was_dealt_and_did_not_strike_is_dealt_again() {
    let (mut deck, mut rng) = (Deck::new(), Rng::with_seed(1));
    let places = [("123456789012".to_owned(), "eu-central-1".to_owned())];
    let first = deck.deal(&mut rng, &places, &[]);
    deck.collect(&[]);
    let again = deck.deal(&mut rng, &places, &[]);
    assert_eq!(kind(&again.what), kind(&first.what));
    let struck = Call { outcome: Outcome::Faulted(again.what.clone()), ..Call::default() };
    deck.collect(&[struck]);
    assert_ne!(kind(&deck.deal(&mut rng, &places, &[]).what), kind(&first.what));
    assert!(!deck.is_through());
}
