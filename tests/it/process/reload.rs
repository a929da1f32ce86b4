//! Reading the configuration again, in a running exporter that watches several accounts: by a
//! signal, because the file changed, because somebody asks.

mod gapless;
mod identities;
mod lifecycle;
mod refused;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use servicecatalog_exporter::sim::{Fleet, REGION, Simulator, World};

use super::program::{Program, scrape, scrape_until};
use super::{scanning, soon};
use crate::support::exposition::Scrape;
use crate::support::foreign::until;
use crate::support::http;

const PRODUCTS: &str = "servicecatalog_provisioned_products";
const SUCCESSFUL: &str = "servicecatalog_exporter_config_last_reload_successful";
const LOADED_AT: &str = "servicecatalog_exporter_config_last_reload_success_timestamp_seconds";
const HASH: &str = "servicecatalog_exporter_config_hash";
const SCANS: &str = "servicecatalog_scans_total";

/// What every role wants to hear, and nobody else may.
const SECRET: &str = "open-sesame-17";

/// What a change of the file is noticed within.
const NOTICED: Duration = Duration::from_secs(10);

fn fleet() -> Fleet {
    Fleet {
        accounts: 8,
        external_id: Some(SECRET.into()),
        account_factory: false,
        ..Fleet::default()
    }
}

/// A target for each of these accounts, in the region of the fleet.
fn targets(accounts: &[usize]) -> String {
    let target = |n: &usize| {
        let arn = fleet().role_arn(&Fleet::account(*n));
        format!(
            "  - {{name: account-{n}, role_arn: '{arn}', external_id: {SECRET}, \
             regions: [eu-central-1]}}\n"
        )
    };
    format!("targets:\n{}", accounts.iter().map(target).collect::<String>())
}

/// An exporter of a file, and the world that it watches.
struct Watch {
    simulator: Simulator,
    program: Program,
    address: SocketAddr,
    file: PathBuf,
}

impl Watch {
    /// Starts it with that configuration, and waits until every target was scanned.
    async fn start(yaml: &str, args: &[&str]) -> Self {
        Self::of(World::fleet(&fleet()), args, |home| {
            std::fs::write(home.join("exporter.yml"), yaml).unwrap();
        })
        .await
    }

    /// The same with `exporter.yml` made by `prepare` in the folder that it is given.
    async fn of(world: World, args: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let simulator = Simulator::start(world).await.unwrap();
        let program = scanning(&simulator, args);
        let file = program.file("mounted/README", "").with_file_name("exporter.yml");
        prepare(file.parent().unwrap());
        let program = program.arg("--config.file").arg(&file).start();
        let address = program.ready().await;
        Self { simulator, program, address, file }
    }

    /// Replaces the file in one step.
    fn write(&self, yaml: &str) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, yaml).unwrap();
        std::fs::rename(new, &self.file).unwrap();
    }

    async fn scrape(&self) -> Scrape {
        scrape(self.address).await
    }

    async fn scrape_until(&self, wanted: impl Fn(&Scrape) -> bool) -> Scrape {
        scrape_until(self.address, wanted).await
    }

    /// Waits until exactly these accounts are shown, each scanned with success.
    async fn shows(&self, accounts: &[usize]) -> Scrape {
        let wanted: BTreeSet<String> = accounts.iter().map(|n| Fleet::account(*n)).collect();
        self.scrape_until(|scrape| {
            shown(scrape) == wanted
                && scrape.sum("servicecatalog_scan_success", &[("stage", "products")])
                    == accounts.len() as f64
        })
        .await
    }

    /// Asks for a reload that must succeed.
    async fn reload(&self, yaml: &str) {
        self.write(yaml);
        let answer = http::post(self.address, "/-/reload", &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// A pipe in the folder of that file.
fn pipe_beside(file: &Path) -> PathBuf {
    let pipe = file.with_file_name("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

/// Every account that any series of a scrape speaks of.
fn shown(scrape: &Scrape) -> BTreeSet<String> {
    let accounts = scrape.samples.iter().map(|sample| sample.label("aws_account_id").to_owned());
    accounts.filter(|account| !account.is_empty()).collect()
}

/// Accounts 0 and 1 become 1 and 2 by `way`: 2 is scanned, 0 is gone with all of its series, and 1
/// goes on.
async fn takes_over(watch: &Watch, why: &str, way: impl AsyncFnOnce(&Watch, &str)) {
    let before = watch.shows(&[0, 1]).await;
    way(watch, &targets(&[1, 2])).await;
    let line = watch.program.logs("the configuration was read again").await;
    assert!(line.contains(why), "{line}");
    let after = watch.shows(&[1, 2]).await;
    assert!(after.sum(PRODUCTS, &[("aws_account_id", &*Fleet::account(2))]) > 0.0);
    let stays = [("aws_account_id", &*Fleet::account(1))];
    assert_eq!(after.all(PRODUCTS, &stays), before.all(PRODUCTS, &stays));
    assert_eq!(after.value(SCANS, &stays), Some(1.0), "it is neither scanned again nor forgotten");
    let moved = watch.scrape_until(|scrape| scrape.value(HASH, &[]) != before.value(HASH, &[]));
    let moved = moved.await;
    assert_eq!(moved.value(SUCCESSFUL, &[]), Some(1.0));
    assert!(moved.value(LOADED_AT, &[]) > before.value(LOADED_AT, &[]));
    assert_eq!(moved.value("servicecatalog_exporter_targets", &[]), Some(2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_takes_over_new_targets_and_drops_removed_ones_with_their_series() {
    let watch = Watch::start(&targets(&[0, 1]), &[]).await;
    let hangup = async |watch: &Watch, yaml: &str| {
        watch.write(yaml);
        watch.program.signal("HUP");
    };
    takes_over(&watch, "why=\"SIGHUP\"", hangup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_takes_over_new_targets_and_drops_removed_ones_with_their_series() {
    let watch = Watch::start(&targets(&[0, 1]), &["--web.enable-lifecycle"]).await;
    let post = async |watch: &Watch, yaml: &str| watch.reload(yaml).await;
    takes_over(&watch, "why=\"a request\"", post).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_noticed_within_ten_seconds() {
    let watch = Watch::start(&targets(&[0, 1]), &[]).await;
    let changed = async |watch: &Watch, yaml: &str| {
        let begun = Instant::now();
        watch.write(yaml);
        watch.program.logs("the configuration was read again").await;
        assert!(begun.elapsed() < NOTICED, "noticed after {:?}", begun.elapsed());
    };
    takes_over(&watch, "why=\"its file changed\"", changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_asked_for_from_a_reload_on_and_gone_after_another() {
    const INFO: &str = "servicecatalog_provisioning_artifact_info";
    const COUNTED: &str = "servicecatalog_provisioned_products_by_artifact";
    let flags = ["--web.enable-lifecycle", "--scan.interval=1s"];
    let watch = Watch::start(&targets(&[0]), &flags).await;
    watch.reload(&(targets(&[0]) + "versions: {refresh: 24h}\n")).await;
    watch.scrape_until(|scrape| !scrape.all(INFO, &[]).is_empty()).await;
    watch.reload(&targets(&[0])).await;
    watch.scrape_until(|scrape| scrape.all(COUNTED, &[]).is_empty()).await;
}

/// A folder as Kubernetes mounts it: the file is a link through `..data`, a link to the folder of
/// a version.
fn mount(folder: &Path, version: &str, yaml: &str) {
    let version = folder.join(version);
    std::fs::create_dir(&version).unwrap();
    std::fs::write(version.join("exporter.yml"), yaml).unwrap();
    // The new link replaces the old one in one step.
    std::os::unix::fs::symlink(version.file_name().unwrap(), folder.join("..data_tmp")).unwrap();
    std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_map_that_kubernetes_swaps_is_noticed_within_ten_seconds() {
    let (old, new) = ("..2026_11_02_10_00_00.1", "..2026_11_02_11_00_00.2");
    let watch = Watch::of(World::fleet(&fleet()), &[], |folder| {
        mount(folder, old, &targets(&[0, 1]));
        std::os::unix::fs::symlink("..data/exporter.yml", folder.join("exporter.yml")).unwrap();
    });
    let watch = watch.await;
    let swapped = async |watch: &Watch, yaml: &str| {
        let (begun, folder) = (Instant::now(), watch.file.parent().unwrap());
        mount(folder, new, yaml);
        std::fs::remove_dir_all(folder.join(old)).unwrap();
        watch.program.logs("the configuration was read again").await;
        assert!(begun.elapsed() < NOTICED, "noticed after {:?}", begun.elapsed());
    };
    takes_over(&watch, "why=\"its file changed\"", swapped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_while_it_finds_out_where_aws_is_counts_as_well() {
    let simulator = Simulator::start(World::fleet(&fleet())).await.unwrap();
    let program = scanning(&simulator, &[]).without("AWS_REGION");
    let file = program.file("exporter.yml", &targets(&[0, 1]));
    let pipe = pipe_beside(&file);
    let program = program.env("AWS_CONFIG_FILE", &pipe).arg("--config.file").arg(&file).start();
    let address = program.address().await;
    let (opened, is_open) = tokio::sync::oneshot::channel();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    // Opening waits for the reader; writing, for the test.
    std::thread::spawn(move || {
        let mut profile = File::options().write(true).open(pipe).unwrap();
        opened.send(()).unwrap();
        gate.recv().unwrap();
        profile.write_all(format!("[default]\nregion = {REGION}\n").as_bytes()).unwrap();
    });
    soon(is_open).await.unwrap();
    let watch = Watch { simulator, program, address, file };
    watch.write(&targets(&[1, 2]));
    go.send(()).unwrap();
    watch.shows(&[1, 2]).await;
    assert!(watch.program.log().contains("why=\"its file changed\""), "{}", watch.program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_is_read_once_and_a_reload_does_not_take_it_for_empty() {
    let simulator = Simulator::start(World::fleet(&fleet())).await.unwrap();
    let program = scanning(&simulator, &["--web.enable-lifecycle"]);
    let file = pipe_beside(&program.file("exporter.yml", ""));
    let program = program.arg("--config.file").arg(&file).start();
    let pipe = file.clone();
    // Opening waits for the reader.
    std::thread::spawn(move || std::fs::write(pipe, targets(&[0, 1])).unwrap());
    let address = program.ready().await;
    let watch = Watch { simulator, program, address, file };
    let answer = http::post(address, "/-/reload", &[]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("can be read only once"), "{}", answer.text());
    watch.shows(&[0, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_at_the_start_alone_says_so_until_it_is_as_it_was() {
    const RESTART: &str = "takes effect with a restart";
    let args = ["--web.enable-lifecycle"];
    let watch = Watch::start(&targets(&[0]), &args).await;
    let told = || watch.program.log().matches(RESTART).count();
    let changed = "web: {telemetry_path: /other, drain_timeout: 1s, status_page: full}\nlog: {level: debug}\n\
                   events: {queue_url: 'http://127.0.0.1:1/123456789012/q', region: eu-central-1}\n";
    watch.reload(&format!("{}{changed}", targets(&[0]))).await;
    for setting in ["web.telemetry_path", "web.drain_timeout", "web.status_page", "events", "log"] {
        let line = watch.program.logs(&format!("setting=\"{setting}\"")).await;
        assert!(line.contains(RESTART), "{line}");
    }
    assert_eq!(told(), 5, "{}", watch.program.log());
    // What a program says is read a moment after it was said.
    let told_twice = || until("each is said again", async || (told() == 10).then_some(()));
    // Another setting changes: these still wait.
    watch.reload(&format!("{}{changed}scan: {{interval: 4m}}\n", targets(&[0]))).await;
    told_twice().await;
    watch.reload(&targets(&[0])).await;
    assert_eq!(told(), 10, "nothing waits any more: {}", watch.program.log());
    assert_eq!(http::get(watch.address, "/metrics", &[]).await.status, 200);
}
