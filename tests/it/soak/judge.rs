//! A witness reads one scrape after the other and says what is wrong with it, given all that was
//! true and all that went wrong. It has the law from METRICS.md.

mod flags;
mod listings;
mod sums;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use servicecatalog_exporter::sim::Operation;

use super::truth::{
    History, INFO, Lines, OF_THE_LIST, OF_THE_SEARCH, Place, Set, Truth, Version, milli,
    served_line,
};
use crate::support::exposition::{Sample, Scrape};

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;

/// What expired may be served that much longer, in seconds: publications are paced by what the
/// last one took, which is much on a busy machine. That it is dropped at all, [`Soak`] waits for.
///
/// [`Soak`]: super::driver::Soak
const LAG: f64 = 20.0;

/// When a scrape was made, by the exporter's clock, seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub asked: f64,
    pub answered: f64,
    /// The clock went as clocks do for a while before: what expired has been dropped by now.
    pub steady: bool,
}

/// Remembers what it was told; reads scrapes in the order in which they were made.
#[derive(Debug)]
pub struct Witness {
    /// `serve_stale_for`, in seconds.
    keep: f64,
    seen: BTreeMap<Place, Seen>,
    /// What may not go back: counters, and times.
    /// By account and series.
    reached: HashMap<(String, String), f64>,
    /// The scrapes that held data.
    pub scrapes: u64,
}

/// What was known of a target.
#[derive(Debug, Default)]
struct Seen {
    /// When the attempt began whose list is served, and what it can be.
    list: Option<(f64, Vec<Version>)>,
    /// Stack set → when it was listed, and what it was then.
    sets: BTreeMap<String, (f64, Set)>,
    /// The attempt whose flags were judged.
    flags: f64,
}

/// What a scrape says of one target.
struct View<'s> {
    place: &'s Place,
    samples: Vec<&'s Sample>,
    lines: Lines,
}

/// The list that is served.
struct Served {
    /// What it can be: all of these say the same.
    truths: Vec<Arc<Truth>>,
    /// It may belong to the attempt that runs.
    is_ahead: bool,
}

impl Witness {
    pub fn new(keep: f64) -> Self {
        Self { keep, seen: BTreeMap::new(), reached: HashMap::new(), scrapes: 0 }
    }

    /// What is wrong with a scrape.
    pub fn judge(&mut self, history: &History, scrape: &Scrape, times: Times) -> Vec<String> {
        let leaves = |account: &str| history.is_leaving(account, times.asked);
        self.seen.retain(|place, _| !leaves(&place.0));
        self.reached.retain(|(account, _), _| !leaves(account));
        let mut wrong = self.goes_back(scrape, &leaves);
        let mut by_place: BTreeMap<Place, Vec<&Sample>> = BTreeMap::new();
        for sample in &scrape.samples {
            let (account, region) = (sample.label("aws_account_id"), sample.label("aws_region"));
            if !account.is_empty() && region != "aws-global" && !leaves(account) {
                let place = (account.to_owned(), region.to_owned());
                by_place.entry(place).or_default().push(sample);
            }
        }
        let known: BTreeSet<&Place> = history.places().collect();
        for place in known.iter().filter(|place| !by_place.contains_key(**place)) {
            if self.seen.contains_key(*place) {
                wrong.push(format!("{place:?} has no series any more"));
            }
        }
        for (place, samples) in by_place {
            if !known.contains(&place) {
                wrong.push(format!("{place:?} is no target"));
                continue;
            }
            let view = View::new(&place, samples);
            let mut seen = self.seen.remove(&place).unwrap_or_default();
            let said = self.target(&mut seen, history, &view, times);
            wrong.extend(said.into_iter().map(|what| format!("{}/{}: {what}", place.0, place.1)));
            self.seen.insert(place, seen);
        }
        self.scrapes += u64::from(!self.seen.is_empty());
        wrong
    }

    /// How a scrape differs from what is true now, which is everything when all is well.
    pub fn differs_from_now(&self, history: &History, scrape: &Scrape) -> Vec<String> {
        let mut wrong = Vec::new();
        for place in history.places() {
            let of_place = scrape.samples.iter().filter(|sample| {
                (sample.label("aws_account_id"), sample.label("aws_region")) == (&place.0, &place.1)
            });
            let view = View::new(place, of_place.collect());
            let Some(now) = history.now(place) else { continue };
            if view.lines != now.truth.lines {
                let how = view.differs_least([&now.truth].into_iter());
                wrong.push(format!("{place:?} is not served as it is: {how}"));
            }
            let said = listings::read(&view, &mut wrong);
            let said: BTreeMap<_, _> = said.into_iter().map(|(id, (_, set))| (id, set)).collect();
            if said != now.truth.sets {
                let sets = &now.truth.sets;
                wrong.push(format!("instances of {place:?} are {sets:?} and served as {said:?}"));
            }
        }
        wrong
    }

    /// Says what went back that never may: a count, or the time of what was last achieved.
    fn goes_back(&mut self, scrape: &Scrape, leaves: &dyn Fn(&str) -> bool) -> Vec<String> {
        const ENDS: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];
        const TIMES: [&str; 3] = [
            "servicecatalog_scan_last_success_timestamp_seconds",
            "servicecatalog_scan_last_attempt_timestamp_seconds",
            "servicecatalog_organization_discovery_last_success_timestamp_seconds",
        ];
        let mut wrong = Vec::new();
        for sample in &scrape.samples {
            let counts = ENDS.iter().any(|end| sample.name.ends_with(end));
            let account = sample.label("aws_account_id");
            if (counts || TIMES.contains(&&*sample.name)) && !leaves(account) {
                let key = (account.to_owned(), format!("{}{:?}", sample.name, sample.labels));
                let reached = self.reached.entry(key).or_insert(sample.value);
                if sample.value < *reached {
                    wrong.push(format!("{sample:?} went back from {reached}"));
                }
                *reached = reached.max(sample.value);
            }
        }
        wrong
    }

    fn target(
        &self,
        seen: &mut Seen,
        history: &History,
        view: &View<'_>,
        times: Times,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        flags::judge(seen, history, view, times, &mut wrong);
        let served = self.list(seen, history, view, times, &mut wrong);
        if let Some(served) = &served {
            self.listings(seen, history, view, served, times, &mut wrong);
            beside(history, view, served, &mut wrong);
        } else if !seen.sets.is_empty() {
            seen.sets.clear();
        }
        sums::judge(view, served.as_ref().map(|served| &*served.truths[0]), &mut wrong);
        wrong
    }

    /// The served list is exactly one that was true when an attempt asked for it.
    fn list(
        &self,
        seen: &mut Seen,
        history: &History,
        view: &View<'_>,
        times: Times,
        wrong: &mut Vec<String>,
    ) -> Option<Served> {
        let begun = view.of_stage("last_success_timestamp_seconds", "products").unwrap_or(0.0);
        let attempt = view.scan("last_attempt_timestamp_seconds").unwrap_or(0.0);
        if view.scan("provisioned_products").is_none() {
            if begun > 0.0 && times.answered - begun < self.keep {
                wrong.push(format!("the list of {begun} was dropped too early, at {times:?}"));
            }
            if !view.lines.is_empty() {
                wrong.push(format!("no list is served, but {:?}", view.lines.first_key_value()));
            }
            return None;
        }
        let same = |versions: &[Version]| -> Vec<Version> {
            versions.iter().filter(|version| version.truth.lines == view.lines).cloned().collect()
        };
        let between = |from| -> Vec<Version> {
            history.between(view.place, from, times.answered).cloned().collect()
        };
        let truths = |versions: Vec<Version>| versions.into_iter().map(|v| v.truth).collect();
        let of_success = match &seen.list {
            Some((at, versions)) if *at == begun => versions.clone(),
            _ if begun > 0.0 => between(begun),
            _ => Vec::new(),
        };
        let matching = same(&of_success);
        if !matching.is_empty() {
            if times.steady && times.asked - begun >= self.keep + LAG {
                wrong.push(format!("the list of {begun} is served at {times:?}, which is too old"));
            }
            seen.list = Some((begun, matching.clone()));
            // What was not true yet when that attempt began may be the next one's.
            let is_ahead = matching.iter().all(|version| version.from > begun);
            return Some(Served { truths: truths(matching), is_ahead });
        }
        // Or that of the attempt that runs, which began after the last one that ended.
        let of_running = between(attempt);
        let matching = same(&of_running);
        if !matching.is_empty() {
            return Some(Served { truths: truths(matching), is_ahead: true });
        }
        wrong.push(format!(
            "the served list was never true, neither at {begun} (last success) nor after {attempt} \
             (last attempt). {}",
            view.differs_least(of_success.iter().chain(&of_running).map(|version| &version.truth))
        ));
        None
    }
}

/// Names are what a search said, and records those of the last operation.
fn beside(history: &History, view: &View<'_>, served: &Served, wrong: &mut Vec<String>) {
    for info in view.all(INFO) {
        let id = info.label("provisioned_product_id");
        for (place, label) in OF_THE_SEARCH.into_iter().enumerate() {
            let name = info.label(label);
            if !name.is_empty() && !history.was_named(id, place, name) {
                wrong.push(format!("no search ever said {label}={name} of {id}"));
            }
        }
    }
    for (what, family) in [
        ("created", "servicecatalog_provisioned_product_last_record_created_timestamp_seconds"),
        ("updated", "servicecatalog_provisioned_product_last_record_updated_timestamp_seconds"),
    ] {
        for sample in view.all(family) {
            let id = sample.label("provisioned_product_id");
            let time = milli(sample.value);
            let was = served.truths.iter().any(|truth| {
                truth.records.get(id).is_some_and(|record| {
                    history.was_told(id, record, |(created, updated)| {
                        time == if what == "created" { created } else { updated }
                    })
                })
            });
            if !was {
                wrong.push(format!("the last record of {id} was never {what} at {time}"));
            }
        }
    }
}

impl<'s> View<'s> {
    fn new(place: &'s Place, samples: Vec<&'s Sample>) -> Self {
        let listed = samples.iter().filter(|sample| OF_THE_LIST.contains(&&*sample.name));
        let lines = listed.map(|sample| (served_line(sample), milli(sample.value))).collect();
        Self { place, samples, lines }
    }

    fn all(&self, family: &str) -> impl Iterator<Item = &'s Sample> {
        self.samples.iter().copied().filter(move |sample| sample.name == family)
    }

    /// `servicecatalog_scan_<family>`, which has one series.
    fn scan(&self, family: &str) -> Option<f64> {
        let family = format!("servicecatalog_scan_{family}");
        self.samples.iter().find(|sample| sample.name == family).map(|sample| sample.value)
    }

    /// `servicecatalog_scan_<family>` of a stage.
    fn of_stage(&self, family: &str, stage: &str) -> Option<f64> {
        let family = format!("servicecatalog_scan_{family}");
        let mut all = self.samples.iter();
        let found = all.find(|sample| sample.name == family && sample.label("stage") == stage);
        found.map(|sample| sample.value)
    }

    /// How the served list differs from that which is the most like it.
    fn differs_least<'t>(&self, truths: impl Iterator<Item = &'t Arc<Truth>>) -> String {
        let differences = |truth: &Truth| -> Vec<String> {
            let missing =
                truth.lines.iter().filter(|(line, value)| self.lines.get(*line) != Some(*value));
            let missing =
                missing.map(|(line, value)| format!("true and not served: {line} {value}"));
            let more =
                self.lines.iter().filter(|(line, value)| truth.lines.get(*line) != Some(*value));
            let more = more.map(|(line, value)| format!("served and not true: {line} {value}"));
            missing.chain(more).collect()
        };
        let nearest = truths.map(|truth| differences(truth)).min_by_key(Vec::len);
        let Some(nearest) = nearest else { return "Nothing is known of that time.".into() };
        let many = nearest.len();
        format!("{many} differences in thousandths:\n    {}", nearest[..many.min(8)].join("\n    "))
    }
}
