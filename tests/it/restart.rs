//! What is known is kept over a restart: served at once as old as it is, and looked at again for
//! what a still world costs.

mod killed;
mod prometheus;
mod transitions;

use std::fs;
use std::path::Path;
use std::time::Duration;

use servicecatalog_exporter::config::{Config, Refresh};
use servicecatalog_exporter::sim::{self, Fault, Operation, ProvisionedProduct, What, World};
use tempfile::TempDir;

use crate::support::clock::Hands;
use crate::support::exposition::Scrape;
use crate::support::{Rig, config};

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const WHO: Operation = Operation::GetCallerIdentity;
const INTERVAL: Duration = Duration::from_secs(300);

/// An exporter, its clock, and the directory in which it keeps what it knows.
struct Kept {
    rig: Rig,
    hands: Hands,
    config: Config,
    directory: TempDir,
}

impl Kept {
    async fn of(world: World) -> Self {
        Self::with(world, |_| ()).await
    }

    async fn with(world: World, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config();
        config.scan.stack_instances.refresh = Refresh::Changed;
        config.storage.path = Some(directory.path().to_owned());
        change(&mut config);
        let (rig, hands) = Rig::by_hand(world, |of_rig| *of_rig = config.clone()).await;
        Self { rig, hands, config, directory }
    }

    /// Another process in the place of this one, after `later`.
    async fn restarted(self, later: Duration) -> Self {
        self.hands.forward(later);
        let clock = self.hands.clock();
        let rig = self.rig.restarted(self.config.clone(), clock).await;
        Self { rig, ..self }
    }

    /// What is served before anything was scanned.
    async fn at_once(&self) -> Scrape {
        self.rig.simulator.forget_calls();
        let scrape = self.rig.scrape().await;
        assert_eq!(self.rig.simulator.count(SCAN), 0, "nothing was scanned for it");
        scrape
    }

    fn file(&self) -> std::path::PathBuf {
        self.directory.path().join("snapshot")
    }
}

/// The cached families and those of the last attempt: what a restart must not change.
fn lasting(scrape: &Scrape) -> Vec<String> {
    let changes = [
        "servicecatalog_aws_",
        "servicecatalog_exporter_",
        "servicecatalog_scans_",
        "servicecatalog_scan_failures_total",
        "servicecatalog_scan_next_attempt",
        "servicecatalog_provisioned_product_transitions_total",
        "process_",
    ];
    let samples = scrape.samples.iter();
    let lasting = samples.filter(|one| !changes.iter().any(|name| one.name.starts_with(name)));
    lasting.map(|sample| format!("{sample:?}")).collect()
}

fn demo() -> World {
    let mut world = World::demo(1, 1_700_000_000);
    world.freeze(true);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_everything_is_served_at_once_as_it_was_and_as_old_as_it_is() {
    let kept = Kept::of(demo()).await;
    kept.rig.scan().await;
    kept.hands.forward(INTERVAL);
    kept.rig.scan().await;
    let before = kept.rig.scrape().await;
    let kept = kept.restarted(Duration::from_secs(90)).await;
    let after = kept.at_once().await;
    assert_eq!(lasting(&after), lasting(&before));
    assert!(lasting(&after).len() > 100);
    assert_eq!(after.value("servicecatalog_exporter_ready", &[]), Some(1.0));
    assert_eq!(after.sum("servicecatalog_scans_total", &[]), 0.0, "a counter begins anew");
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_scan_after_a_restart_costs_what_a_still_world_costs() {
    let kept = Kept::of(World::sized(61, 12, 21)).await;
    kept.rig.scan().await;
    assert_eq!(kept.rig.simulator.count(LIST), 24);
    kept.rig.simulator.forget_calls();
    kept.hands.forward(INTERVAL);
    kept.rig.scan().await;
    let still = (kept.rig.simulator.count(SCAN), kept.rig.simulator.count(LIST));
    assert_eq!(still, (4, 4), "a sixth of twelve stack sets of two pages");
    let kept = kept.restarted(INTERVAL).await;
    kept.rig.simulator.forget_calls();
    kept.rig.scan().await;
    assert_eq!((kept.rig.simulator.count(SCAN), kept.rig.simulator.count(LIST)), still);
    assert_eq!(kept.rig.simulator.count(WHO), 1, "and asks once whose account it is");
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_storage_a_restart_begins_with_nothing() {
    let kept = Kept::with(demo(), |config| config.storage.path = None).await;
    kept.rig.scan().await;
    let kept = kept.restarted(INTERVAL).await;
    let scrape = kept.at_once().await;
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[]), 0.0);
    assert!(scrape.all("servicecatalog_exporter_storage_write_failures_total", &[]).is_empty());
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_before_a_restart_is_stale_and_has_its_reason_after_it() {
    let kept = Kept::of(demo()).await;
    kept.rig.scan().await;
    kept.rig.simulator.inject(Fault::new(What::Denied).on(SCAN));
    kept.hands.forward(INTERVAL);
    kept.rig.scan().await;
    let kept = kept.restarted(INTERVAL).await;
    let scrape = kept.at_once().await;
    assert_eq!(scrape.value("servicecatalog_scan_stale", &[("stage", "products")]), Some(1.0));
    assert_eq!(scrape.failure("products"), Some("access_denied"));
    let why = format!("/api/v1/explain?account={}&region={}", sim::ACCOUNT, sim::REGION);
    let why = crate::support::http::get(kept.rig.address, &why, &[]).await.text();
    for said in ["from the process before, whose last attempt began", "\"verdict\":\"failing\""] {
        assert!(why.contains(said), "{said} in {why}");
    }
    assert!(scrape.sum("servicecatalog_provisioned_products", &[]) > 0.0);
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_aws_is_down_a_restarted_exporter_serves_what_is_known_until_it_is_too_old() {
    let kept = Kept::of(demo()).await;
    kept.rig.scan().await;
    let before = kept.rig.scrape().await;
    kept.rig.simulator.inject(Fault::new(What::InternalFailure));
    let kept = kept.restarted(Duration::from_secs(1_800)).await;
    kept.rig.attempt().await;
    let scrape = kept.rig.scrape().await;
    let products = "servicecatalog_provisioned_products";
    assert_eq!(scrape.sum(products, &[]), before.sum(products, &[]));
    assert_eq!(scrape.value("servicecatalog_scan_stale", &[("stage", "products")]), Some(1.0));
    let kept = kept.restarted(Duration::from_secs(1_800)).await;
    let scrape = kept.at_once().await;
    assert!(scrape.all(products, &[]).is_empty(), "an hour has passed");
    assert_eq!(scrape.failure("products"), Some("server_error"));
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_damaged_or_foreign_is_set_aside_and_nothing_else_happens() {
    let kept = Kept::of(demo()).await;
    kept.rig.scan().await;
    let mut kept = kept.restarted(INTERVAL).await;
    for bad in ["", "hello", "servicecatalog-exporter snapshot 9 0 0\n{}"] {
        // The last writing comes with the end, so the process is ended first.
        let path = kept.file();
        let aside = path.with_extension("damaged");
        let (rig, hands, config) = (kept.rig, kept.hands, kept.config);
        let nothing = Config { storage: Default::default(), ..config.clone() };
        let rig = rig.restarted(nothing, hands.clock()).await;
        fs::write(&path, bad).unwrap();
        let rig = rig.restarted(config.clone(), hands.clock()).await;
        kept = Kept { rig, hands, config, directory: kept.directory };
        let scrape = kept.at_once().await;
        assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[]), 0.0);
        assert_eq!(fs::read_to_string(&aside).unwrap(), bad);
        let scrape = kept.rig.scan_and_scrape().await;
        assert!(scrape.sum("servicecatalog_provisioned_products", &[]) > 0.0);
        assert_eq!(scrape.value(FAILURES, &[]), Some(0.0));
    }
    kept.rig.stop().await;
}

const FAILURES: &str = "servicecatalog_exporter_storage_write_failures_total";

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_written_costs_nothing_but_what_is_kept() {
    let kept = Kept::of(demo()).await;
    // A directory in the place of the file that is written, which no user can open as one.
    fs::create_dir(kept.directory.path().join("snapshot.new")).unwrap();
    kept.rig.scan().await;
    let failed = crate::support::foreign::until("the writing failed", async || {
        let scrape = kept.rig.scrape().await;
        (scrape.value(FAILURES, &[]) >= Some(1.0)).then_some(scrape)
    });
    let scrape = failed.await;
    assert!(scrape.sum("servicecatalog_provisioned_products", &[]) > 0.0);
    assert_eq!(scrape.value(WRITTEN, &[]), Some(0.0));
    assert!(scrape.all("servicecatalog_exporter_storage_size_bytes", &[]).is_empty());
    kept.rig.stop().await;
}

const WRITTEN: &str = "servicecatalog_exporter_storage_last_write_success_timestamp_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_holds_no_secret_and_nothing_that_may_quote_one() {
    let mut world = World::empty(sim::ACCOUNT, sim::REGION);
    let product = ProvisionedProduct::tainted(1).saying("password=hunter2 is too short");
    world.add(sim::ACCOUNT, sim::REGION, product);
    let kept = Kept::of(world).await;
    kept.rig.scan().await;
    let file = kept.file();
    let kept = kept.restarted(INTERVAL).await;
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("TAINTED"), "{text}");
    for secret in ["hunter2", sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY, "endpoint"] {
        assert!(!text.contains(secret), "{secret}");
    }
    kept.rig.stop().await;
}

/// A world of one product in that account.
fn of_account(account: &str) -> World {
    let mut world = World::empty(account, sim::REGION);
    world.add_principal(sim::ACCESS_KEY_ID, account, &format!("arn:aws:iam::{account}:user/me"));
    world.add(account, sim::REGION, ProvisionedProduct::healthy(1).at(account, sim::REGION));
    world
}

const OTHER: &str = "999999999999";

fn copy(from: &Path, to: &Path) {
    for name in ["snapshot", "ended"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_of_another_account_is_forgotten_before_anything_is_scanned() {
    for empty in [false, true] {
        let kept = Kept::of(of_account(sim::ACCOUNT)).await;
        kept.rig.scan().await;
        let directory = kept.directory;
        kept.rig.stop().await;

        let mut world = of_account(OTHER);
        if empty {
            world.catalog_mut(OTHER, sim::REGION).products_mut().clear();
        }
        let kept = Kept::with(world, |config| {
            copy(directory.path(), config.storage.path.as_deref().unwrap());
        })
        .await;
        let mine = [("aws_account_id", sim::ACCOUNT)];
        let scrape = kept.at_once().await;
        assert_eq!(scrape.sum("servicecatalog_provisioned_products", &mine), 1.0);
        let scrape = kept.rig.scan_and_scrape().await;
        assert!(scrape.all("servicecatalog_scan_success", &mine).is_empty(), "empty: {empty}");
        let theirs = [("aws_account_id", OTHER)];
        assert_eq!(
            scrape.value("servicecatalog_scan_provisioned_products", &theirs),
            Some(if empty { 0.0 } else { 1.0 })
        );
        kept.rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_aws_does_not_tell_is_told_by_its_products_or_not_at_all() {
    for (account, empty) in [(sim::ACCOUNT, false), (OTHER, false), (OTHER, true)] {
        let kept = Kept::of(of_account(sim::ACCOUNT)).await;
        kept.rig.scan().await;
        let directory = kept.directory;
        kept.rig.stop().await;

        let mut world = of_account(account);
        if empty {
            world.catalog_mut(account, sim::REGION).products_mut().clear();
        }
        world.inject(Fault::new(What::Denied).on(WHO));
        let kept = Kept::with(world, |config| {
            copy(directory.path(), config.storage.path.as_deref().unwrap());
        })
        .await;
        kept.rig.attempt().await;
        let scrape = kept.rig.scrape().await;
        let named: Vec<_> = scrape
            .all("servicecatalog_scan_provisioned_products", &[])
            .iter()
            .map(|sample| sample.label("aws_account_id").to_owned())
            .collect();
        let expected: &[&str] = if empty { &[] } else { &[account] };
        assert_eq!(named, expected, "of {account}, empty: {empty}");
        kept.rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_exporter_of_the_same_directory_is_refused() {
    use servicecatalog_exporter::app::{App, Source};
    use servicecatalog_exporter::scan::Ticks;
    let kept = Kept::of(demo()).await;
    let refused = App::bind(kept.config.clone(), Source::Ambient, Ticks::Timer).unwrap_err();
    assert!(refused.to_string().contains("another process uses this directory"), "{refused}");
    kept.rig.stop().await;
}
