//! Rounds: the world changes, things go wrong, scans run, and everything that is served meanwhile
//! is judged. Everything by chance, from one seed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use servicecatalog_exporter::sim::{Call, Fault, Operation, Organization, Simulator, What};
use tokio::task::JoinSet;

use super::deck::Deck;
use super::exporter::{Exporter, Settings, Watch};
use super::growth::Growth;
use super::judge::Witness;
use super::scrapers::{Scrapers, Scraping};
use super::truth::{History, Place};
use super::world::{members, places, shake, stack_sets, step};
use crate::support::exposition::Scrape;
use crate::support::http;

/// Every so many rounds all is well, and what is served is what is.
const REST_EVERY: usize = 4;

/// Nothing takes this long unless it is stuck, in seconds: the machine may be busy for minutes.
const PATIENCE: f64 = 180.0;

/// What is not given back in this time is held for good.
const GIVEN_BACK: Duration = Duration::from_secs(60);

/// Rounds until every fault must have struck, however short the run is.
const MOST_EXTRA_ROUNDS: usize = 80;

pub struct Soak {
    seed: u64,
    rng: Rng,
    simulator: Simulator,
    exporter: Exporter,
    scraping: Scraping,
    scrapers: Scrapers,
    /// Of the scrapes that the driver makes itself.
    witness: Witness,
    deck: Deck,
    growth: Growth,
    round: usize,
    /// Of things that the world did not have before.
    serial: usize,
    faults: Vec<Fault>,
    most_to_aws: usize,
    _heart: JoinSet<()>,
}

/// What takes longer than this between two beats is explained by the machine, not the exporter.
const BEAT: Duration = Duration::from_millis(50);
const STALL: Duration = Duration::from_millis(400);

/// Beats in the runtime that AWS is simulated in, and takes down when it could not.
async fn beat(watch: Watch, history: Arc<Mutex<History>>) {
    loop {
        let (began, since) = (Instant::now(), watch.now());
        // poll: the machine, whether it has time
        tokio::time::sleep(BEAT).await;
        if began.elapsed() > STALL {
            history.lock().unwrap().stalled(since, watch.now());
        }
    }
}

impl Soak {
    pub fn new(seed: u64, rng: Rng, simulator: Simulator, exporter: Exporter) -> Self {
        let history: Arc<Mutex<History>> = Arc::default();
        let keep = exporter.keep.as_secs_f64();
        let mut heart = JoinSet::new();
        heart.spawn(beat(exporter.watch.clone(), Arc::clone(&history)));
        let scraping = Scraping {
            address: exporter.address,
            watch: exporter.watch.clone(),
            history,
            complaints: Arc::default(),
        };
        Self {
            seed,
            rng,
            simulator,
            exporter,
            scraping,
            scrapers: Scrapers::new(keep),
            witness: Witness::new(keep),
            deck: Deck::new(),
            growth: Growth::default(),
            round: 0,
            serial: 0,
            faults: Vec::new(),
            most_to_aws: 0,
            _heart: heart,
        }
    }

    /// Goes on for that long, and until every fault has struck.
    pub async fn run(mut self, length: Duration) {
        let end = Instant::now() + length;
        self.remember();
        self.rest().await;
        let mut extra = 0;
        while Instant::now() < end || !self.deck.is_through() {
            self.round().await;
            if self.round.is_multiple_of(REST_EVERY) {
                self.rest().await;
                self.leave_and_return().await;
                if self.exporter.can_jump() {
                    self.expire(Operation::ScanProvisionedProducts).await;
                    self.expire(Operation::ListStackInstancesForProvisionedProduct).await;
                }
            }
            extra += usize::from(Instant::now() >= end);
            assert!(extra < MOST_EXTRA_ROUNDS, "not every fault strikes: {:?}", self.deck);
        }
        self.rest().await;
        self.scrapers.stop().await;
        let memory = self.growth.of_memory();
        println!(
            "soak: seed {}, {} rounds, {} faults struck, {} scrapes judged, at most {} connections \
             to AWS, {} stalls of the machine lately; {memory:?}; held at first {:?}, at last {:?}",
            self.seed,
            self.round,
            self.deck.strikes(),
            self.scrapers.judged() + self.witness.scrapes,
            self.most_to_aws,
            self.scraping.history.lock().unwrap().stalls(),
            self.growth.0.first(),
            self.growth.0.last(),
        );
        memory.unwrap();
        assert!(!self.exporter.panicked(), "{}", self.exporter.log());
        assert!(self.scrapers.judged() > 10, "hardly anything was scraped");
    }

    /// Something changes, something goes wrong, and every target is scanned.
    async fn round(&mut self) {
        self.round += 1;
        self.faults.clear();
        self.change();
        for _ in 0..self.rng.usize(2..8) {
            self.go_wrong();
        }
        if self.rng.u8(..8) == 0 {
            self.let_credentials_end();
        }
        if self.rng.u8(..3) == 0 {
            self.simulator.set_latency(Duration::from_millis(self.rng.u64(1..40)));
        }
        if self.rng.u8(..5) == 0 {
            self.exporter.jump(Duration::from_secs(self.rng.u64(5..30)));
        }
        if self.rng.u8(..4) == 0 {
            self.reload().await;
        }
        let asked = self.scraping.watch.now();
        self.ask_for_scans().await;
        let mut changes = self.rng.usize(..3);
        loop {
            let scrape = self.scrape().await;
            if self.are_scanned(&scrape, "last_attempt_timestamp_seconds", asked) {
                break;
            }
            if changes > 0 {
                // In the middle of what is listed.
                changes -= 1;
                self.change();
            }
            self.pause(asked, "every target is scanned", &scrape).await;
        }
        self.all_is_well();
        self.deck.collect(&self.simulator.calls());
        self.simulator.forget_calls();
    }

    /// Everything is served as it is, and nothing is held that was not held before.
    async fn rest(&mut self) {
        // Reading scrapes is most of the work: a busy machine has rest too.
        self.scrapers.stop().await;
        self.fail_if(Vec::new());
        let asked = self.scraping.watch.now();
        self.ask_for_scans().await;
        loop {
            let scrape = self.scrape().await;
            if ["products", "stack_instances"].iter().all(|stage| {
                self.are_scanned(&scrape, &format!("last_success_timestamp_seconds/{stage}"), asked)
            }) {
                let history = self.scraping.history.lock().unwrap();
                let wrong = self.witness.differs_from_now(&history, &scrape);
                drop(history);
                self.fail_if(wrong);
                break;
            }
            self.pause(asked, "every target is scanned with success", &scrape).await;
        }
        let since = Instant::now();
        loop {
            let held = self.exporter.holds();
            self.most_to_aws = self.most_to_aws.max(held.to_aws);
            if self.growth.is_back(&held) && held.to_aws <= 64 {
                self.growth.0.push(held);
                break;
            }
            if since.elapsed() > GIVEN_BACK {
                let before = &self.growth.0;
                self.fail_if(vec![format!("held before: {before:?}, and now: {held:?}")]);
            }
            // poll: what a process holds gives no event
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.scrapers.start(&self.scraping);
    }

    /// An account leaves the organisation, and comes back as one that nobody knows.
    async fn leave_and_return(&mut self) {
        self.faults.clear();
        let account = members()[self.rng.usize(..members().len())].0.clone();
        let since = self.scraping.watch.now();
        self.scraping.history.lock().unwrap().leaves(&account);
        self.simulator.with_world(|world| {
            world.organization_mut().unwrap().remove_account(&account);
        });
        loop {
            let scrape = self.scrape().await;
            let of_account = [("aws_account_id", &*account)];
            if scrape.all("servicecatalog_scans_total", &of_account).is_empty() {
                break;
            }
            self.pause(since, "an account that left is not shown any more", &scrape).await;
        }
        let back = self.scraping.watch.now();
        self.scraping.history.lock().unwrap().returns(&account, back);
        self.simulator.with_world(|world| {
            let organization = world.organization_mut().unwrap();
            organization.add_account(Organization::ROOT, &account, "returned");
        });
        loop {
            let scrape = self.scrape().await;
            let family = "last_success_timestamp_seconds/stack_instances";
            if self.are_scanned(&scrape, family, back) {
                break;
            }
            self.pause(since, "an account that came back is scanned", &scrape).await;
        }
    }

    /// One account denies that operation for longer than its data is kept: what only that operation
    /// could confirm is dropped, and nothing else.
    async fn expire(&mut self, operation: Operation) {
        self.faults.clear();
        let account = members()[self.rng.usize(..members().len())].0.clone();
        self.inject(Fault::new(What::Denied).on(operation).of_account(&account));
        self.exporter.jump(self.exporter.keep + Duration::from_secs(1));
        let asked = self.scraping.watch.now();
        self.ask_for_scans().await;
        let lists = operation == Operation::ScanProvisionedProducts;
        loop {
            let scrape = self.scrape().await;
            let is_right = |place: &Place| {
                let place = [("aws_account_id", &*place.0), ("aws_region", &*place.1)];
                let has = |family: &str| !scrape.all(family, &place).is_empty();
                let expired = place[0].1 == account;
                let list = !(expired && lists);
                has("servicecatalog_scan_provisioned_products") == list
                    && has("servicecatalog_provisioned_product_info") == list
                    && (!expired || !has("servicecatalog_provisioned_product_stack_instances"))
            };
            if members().iter().all(is_right)
                && self.are_scanned(&scrape, "last_attempt_timestamp_seconds", asked)
            {
                break;
            }
            self.pause(asked, "what expired is dropped, and nothing else", &scrape).await;
        }
        self.all_is_well();
    }

    /// The world makes a step. No list goes on over it: its tokens end.
    fn change(&mut self) {
        let (rng, serial) = (&mut self.rng, &mut self.serial);
        let history = &self.scraping.history;
        let watch = &self.scraping.watch;
        self.simulator.with_world(|world| {
            step(world, serial);
            shake(world, rng, serial);
            world.expire_tokens();
            let now = watch.now();
            let mut history = history.lock().unwrap();
            history.tokens_expired(now);
            history.record(world, &places(), now);
        });
    }

    /// Takes down what the world is at first.
    fn remember(&mut self) {
        let history = &self.scraping.history;
        self.simulator.with_world(|world| {
            // Whatever was scanned before was this.
            history.lock().unwrap().record(world, &places(), 0.0);
        });
    }

    fn go_wrong(&mut self) {
        let sets = self.simulator.with_world(|world| stack_sets(world));
        let fault = self.deck.deal(&mut self.rng, &members(), &sets);
        self.inject(fault);
    }

    fn inject(&mut self, fault: Fault) {
        let now = self.scraping.watch.now();
        self.scraping.history.lock().unwrap().begins(fault.clone(), now);
        self.simulator.inject(fault.clone());
        self.faults.push(fault);
    }

    /// Credentials of all roles end before their time, as when a session is revoked.
    fn let_credentials_end(&mut self) {
        let told = Fault::new(What::Expired);
        let now = self.scraping.watch.now();
        self.scraping.history.lock().unwrap().begins(told.clone(), now);
        self.faults.push(told);
        self.simulator.with_world(|world| world.advance(Duration::from_secs(13 * 60 * 60)));
    }

    fn all_is_well(&mut self) {
        self.simulator.clear_faults();
        self.simulator.set_latency(Duration::ZERO);
        let now = self.scraping.watch.now();
        self.scraping.history.lock().unwrap().all_end(now);
    }

    /// Reads the configuration again: another one, or one that is refused and changes nothing.
    async fn reload(&mut self) {
        let settings = Settings {
            interval: self.rng.u64(1..3),
            concurrency: self.rng.u32(1..6),
            max_attempts: self.rng.u32(1..4),
        };
        let Some((file, good)) = self.exporter.file(settings) else { return };
        let broken = self.rng.u8(..3) == 0;
        let new = file.with_extension("new");
        std::fs::write(&new, if broken { "scan: {interval: never}\n" } else { &good }).unwrap();
        std::fs::rename(&new, file).unwrap();
        let answer = http::post(self.exporter.address, "/-/reload", &[]).await;
        if (answer.status == 200) == broken {
            self.fail_if(vec![format!("a reload answered {}: {}", answer.status, answer.text())]);
        }
    }

    async fn ask_for_scans(&self) {
        let answer = http::post(self.exporter.address, "/-/scan", &[]).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Scrapes, and judges that.
    async fn scrape(&mut self) -> Scrape {
        let began = self.scraping.watch.begins();
        let answer = http::get(self.exporter.address, "/metrics", &[("Accept-Encoding", "gzip")]);
        let answer = answer.await;
        let times = self.scraping.watch.times(began);
        let scrape = Scrape::read(&answer.text());
        let history = self.scraping.history.lock().unwrap();
        let wrong = self.witness.judge(&history, &scrape, times);
        drop(history);
        self.fail_if(wrong);
        scrape
    }

    /// Whether that time of every target is after `asked`; `family` may name a stage behind a `/`.
    fn are_scanned(&self, scrape: &Scrape, family: &str, asked: f64) -> bool {
        let (family, stage) = family.split_once('/').unwrap_or((family, ""));
        let family = format!("servicecatalog_scan_{family}");
        let scanned = scrape.samples.iter().filter(|sample| {
            sample.name == family && sample.label("stage") == stage && sample.value > asked
        });
        let scanned = scanned.map(|sample| {
            (sample.label("aws_account_id").to_owned(), sample.label("aws_region").to_owned())
        });
        let scanned: BTreeSet<Place> = scanned.collect();
        places().iter().all(|place| scanned.contains(place))
    }

    async fn pause(&self, since: f64, wanted: &str, scrape: &Scrape) {
        if self.scraping.watch.now() - since > PATIENCE {
            let told = ["servicecatalog_scan_", "servicecatalog_scans_"];
            let said = scrape.text.lines().filter(|line| {
                told.iter().any(|family| line.starts_with(family)) && !line.contains("duration")
            });
            let said: Vec<&str> = said.collect();
            self.fail_if(vec![format!(
                "waited from {since} in vain until {wanted}; scans say\n{}",
                said.join("\n")
            )]);
        }
        // poll: another process publishes, and says so nowhere else
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// Fails with all that is needed to see why, and to see it again.
    fn fail_if(&self, mut wrong: Vec<String>) {
        wrong.append(&mut self.scraping.complaints.lock().unwrap());
        if wrong.is_empty() {
            return;
        }
        let about = |call: &&Call| {
            let of = |part: &Option<String>| wrong[0].contains(part.as_deref().unwrap_or("?"));
            of(&call.account) && of(&call.region)
        };
        let mut calls = self.simulator.calls();
        if calls.iter().any(|call| about(&call)) {
            calls.retain(|call| about(&call));
        }
        let calls: Vec<String> = calls
            .iter()
            .rev()
            .take(60)
            .map(|call| {
                let Call { operation, account, region, about, outcome, at, .. } = call;
                let page = call.page_token.as_ref().map_or("", |_| "a later page");
                format!("{at:?} {operation:?} {account:?} {region:?} {about:?} {page} {outcome:?}")
            })
            .collect();
        panic!(
            "in round {} of the seed {} (again with {}={}), after {} stalls of the machine:\n{}\nfaults of this round: {:#?}\nthe \
             last calls (of that target), the latest first:\n{}\nthe end of its log:\n{}",
            self.round,
            self.seed,
            super::SEED,
            self.seed,
            self.scraping.history.lock().unwrap().stalls(),
            wrong.join("\n"),
            self.faults,
            calls.join("\n"),
            self.exporter.log(),
        );
    }
}
