//! Targets that stay have no gap: in every single scrape, whatever else is reloaded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::support::exposition::Sample;

/// The targets that no reload touches.
const STAY: [usize; 3] = [0, 1, 2];

fn of_those_that_stay(scrape: &Scrape) -> impl Iterator<Item = &Sample> {
    let stay = STAY.map(Fleet::account);
    scrape.samples.iter().filter(move |s| stay.iter().any(|a| a == s.label("aws_account_id")))
}

type Series = (String, BTreeMap<String, String>);

/// What must be in every scrape: products with their values, and counters that never go back.
#[derive(Clone, Default)]
struct Seen {
    products: BTreeMap<Series, u64>,
    counters: BTreeMap<Series, f64>,
    scrapes: u64,
}

impl Seen {
    fn take(&mut self, scrape: &Scrape) {
        let mut products = BTreeMap::new();
        let mut counters = BTreeMap::new();
        for sample in of_those_that_stay(scrape) {
            let series = (sample.name.clone(), sample.labels.clone());
            if sample.name == PRODUCTS {
                products.insert(series, sample.value.to_bits());
            } else if sample.name.ends_with("_total") {
                counters.insert(series, sample.value);
            }
        }
        if self.scrapes == 0 {
            self.products.clone_from(&products);
        }
        assert_eq!(products, self.products, "scrape {}", self.scrapes);
        for (series, before) in &self.counters {
            let now = counters.get(series);
            assert!(now >= Some(before), "{series:?}: {before}, then {now:?}");
        }
        self.counters = counters;
        self.scrapes += 1;
    }
}

/// The `n`th of ten configurations that differ in all but the targets that stay.
fn configuration(n: usize) -> (Vec<usize>, usize, String) {
    let others: Vec<usize> = (3..8).filter(|other| (n * 7 + other * 3) % 5 < 2).collect();
    let accounts: Vec<usize> = match n % 2 {
        0 => STAY.into_iter().chain(others).collect(),
        // The order is no property of a target.
        _ => others.into_iter().chain(STAY).collect(),
    };
    let minutes = 2 + n % 7;
    let (rate, burst, at_once, in_flight) = (n * 5, 3 + n, 1 + n % 3, 4 + n * 3);
    let shown = ["all", "problems"][n % 2];
    let yaml = format!(
        "{}scan: {{interval: {minutes}m}}\nmetrics: {{per_product: {shown}}}\naws: \
         {{max_requests_per_second: {rate}, burst: {burst}, concurrency: {at_once}, \
         max_in_flight: {in_flight}, attempt_timeout: {}s}}\n",
        targets(&accounts),
        4 + n,
    );
    (accounts, minutes * 60, yaml)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_reloads_leave_no_gap_in_the_series_of_the_targets_that_stay() {
    let (accounts, _, yaml) = configuration(0);
    let watch = Watch::start(&yaml, &["--web.enable-lifecycle"]).await;
    let first = watch.shows(&accounts).await;
    let mut seen = Seen::default();
    seen.take(&first);
    assert!(seen.products.values().any(|bits| *bits != 0) && seen.counters.len() > 9);
    let done = Arc::new(AtomicBool::new(false));
    let (address, told) = (watch.address, Arc::clone(&done));
    let (count, mut scrapes) = tokio::sync::watch::channel(0);
    let scraping = tokio::spawn(async move {
        while !told.load(Ordering::Relaxed) {
            seen.take(&scrape(address).await);
            count.send_replace(seen.scrapes);
        }
        seen
    });
    let mut scans = 1.0;
    for n in 1..=10 {
        let (accounts, interval, yaml) = configuration(n);
        watch.reload(&yaml).await;
        let here = [("aws_account_id", &*Fleet::account(0))];
        let expected = Some(interval as f64);
        let applied = watch.scrape_until(|scrape| {
            scrape.value("servicecatalog_scan_interval_seconds", &here) == expected
        });
        applied.await;
        // However slow the machine is, each configuration is seen a few times.
        let seen = *scrapes.borrow() + 5;
        scrapes.wait_for(|scrapes| *scrapes >= seen).await.expect("no scrape lacks anything");
        watch.shows(&accounts).await;
        if n % 3 == 0 {
            // While it is scanned, a target stays as well.
            assert_eq!(http::post(watch.address, "/-/scan", &[]).await.status, 202);
            scans += 1.0;
        }
    }
    let last = watch.scrape_until(|scrape| {
        STAY.iter().all(|n| {
            let account = Fleet::account(*n);
            scrape.value(SCANS, &[("aws_account_id", &*account)]) == Some(scans)
        })
    });
    let last = last.await;
    done.store(true, Ordering::Relaxed);
    let seen = scraping.await.expect("no scrape lacks anything");
    println!("{} scrapes during ten reloads", seen.scrapes);
    assert!(seen.scrapes > 50, "only {} scrapes", seen.scrapes);
    for n in STAY {
        let account = Fleet::account(n);
        let role = fleet().role_arn(&account);
        assert_eq!(watch.simulator.count_of_role(&role), 1, "the credentials are kept");
        let assumed = [("aws_account_id", &*account), ("operation", "AssumeRole")];
        assert_eq!(last.sum("servicecatalog_aws_requests_total", &assumed), 1.0);
    }
    assert_eq!(last.sum("servicecatalog_scan_failures_total", &[]), 0.0);
    assert_eq!(last.sum("servicecatalog_scans_skipped_total", &[]), 0.0);
}
