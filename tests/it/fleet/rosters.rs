//! What discovery hands to the pump, from configuration to configuration.

use servicecatalog_exporter::app::{ScanFailed, Source, limits, scan_to, system_clock};
use servicecatalog_exporter::aws::{Limits, Shared};
use servicecatalog_exporter::model::Operation;
use servicecatalog_exporter::scan::{Discovery, NewConfig, Roster};
use servicecatalog_exporter::sim::{Fault, Simulator, What};
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::*;
use crate::support::{config, impatient, session};

/// A discovery without a pump.
struct Discovered {
    simulator: Simulator,
    roster: watch::Receiver<Arc<Roster>>,
    configs: mpsc::Sender<NewConfig>,
    metrics: Arc<SelfMetrics>,
    _running: JoinSet<()>,
}

impl Discovered {
    async fn of(world: World, config: &Config) -> Self {
        let simulator = Simulator::start(world).await.unwrap();
        let session = session(&simulator, impatient(config));
        let metrics = Arc::new(SelfMetrics::new(Scope::Daemon));
        let shared = Shared::new(&impatient(config), Arc::clone(&metrics));
        let (discovery, roster) = Discovery::new(
            Arc::new(config.clone()),
            Arc::new(session),
            shared,
            system_clock(),
            Arc::clone(&metrics),
        );
        let (configs, new_configs) = mpsc::channel(1);
        let mut running = JoinSet::new();
        running.spawn(discovery.run(new_configs, |config| limits(&config.aws)));
        Self { simulator, roster, configs, metrics, _running: running }
    }

    async fn reload(&self, config: &Config) {
        let (taken, _) = tokio::sync::oneshot::channel();
        self.configs.send((Arc::new(config.clone()), taken)).await.unwrap();
    }

    async fn roster(&mut self, wanted: impl Fn(&Roster) -> bool) -> Arc<Roster> {
        let found = self.roster.wait_for(|roster| wanted(roster));
        let found = tokio::time::timeout(PATIENCE, found).await;
        Arc::clone(&found.expect("the roster that the test waits for never came").unwrap())
    }
}

fn auto() -> Regions {
    Regions::Auto { exclude: Vec::new() }
}

/// How often the regions of each account were asked for, of those whose calls are counted.
fn asked_for_regions(roster: &Roster) -> Vec<(&str, u64)> {
    let asked = roster.calls.iter().map(|(account, calls)| {
        let counts = calls.operations.get(&Operation::ListRegions);
        (account.as_str(), counts.map_or(0, |counts| counts.requests))
    });
    asked.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_for_regions_are_counted_once_an_account_and_go_on_with_another_external_id() {
    let fleet = Fleet { accounts: 2, ..Fleet::default() };
    let (one, other) = (Fleet::account(0), Fleet::account(1));
    let mut config = config();
    config.targets =
        vec![spec(Some(role(&fleet, &one)), auto()), spec(Some(role(&fleet, &other)), auto())];
    let mut discovered = Discovered::of(World::fleet(&fleet), &config).await;
    let roster = discovered.roster(|roster| roster.found == Found::Wholly).await;
    assert_eq!(asked_for_regions(&roster), [(&*one, 1), (&*other, 1)]);

    for spec in &mut config.targets {
        spec.role.as_mut().unwrap().external_id = Some(ExternalId::parse("sesame").unwrap());
    }
    discovered.reload(&config).await;
    let again = |roster: &Roster| asked_for_regions(roster).iter().all(|(_, asked)| *asked == 2);
    let roster = discovered.roster(again).await;
    assert_eq!(asked_for_regions(&roster), [(&*one, 2), (&*other, 2)]);

    config.targets.truncate(1);
    discovered.reload(&config).await;
    let roster = discovered.roster(|roster| roster.config.targets.len() == 1).await;
    assert_eq!(asked_for_regions(&roster), [(&*one, 2)], "an account that is gone has no series");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_roles_of_one_account_are_counted_together() {
    let fleet = Fleet { accounts: 1, ..Fleet::default() };
    let account = Fleet::account(0);
    let mut world = World::fleet(&fleet);
    world.add_role(servicecatalog_exporter::sim::Role::new(&account, "Other"));
    let mut other = role(&fleet, &account);
    other.arn = RoleArn::of("aws", other.arn.account(), &RoleName::parse("Other").unwrap());
    let mut config = config();
    config.targets = vec![spec(Some(role(&fleet, &account)), auto()), spec(Some(other), auto())];
    let mut discovered = Discovered::of(world, &config).await;
    let roster = discovered.roster(|roster| roster.found == Found::Wholly).await;
    assert_eq!(asked_for_regions(&roster), [(&*account, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_discovered_when_its_accounts_are_though_one_hides_its_regions() {
    let fleet = Fleet { accounts: 2, ..Fleet::default() };
    let hanging = Fleet::account(1);
    let mut world = World::fleet(&fleet);
    let list = servicecatalog_exporter::sim::Operation::ListRegions;
    world.inject(Fault::new(What::Hang).on(list).of_account(&hanging));
    let mut config = config();
    config.organization = Some(Organization { regions: auto(), ..organization(&fleet) });
    let mut discovered = Discovered::of(world, &config).await;
    let others = |roster: &Roster| {
        let accounts = roster.targets.iter().filter_map(|wanted| wanted.account.as_ref());
        accounts.collect::<BTreeSet<_>>().len() == fleet.accounts
    };
    let roster = discovered.roster(others).await;
    assert!(roster.discovered);
    assert_eq!(roster.found, Found::NotYet, "one account has not answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_comes_back_has_no_accounts_before_they_are_read_again() {
    let fleet = Fleet::default();
    let mut with = config();
    with.organization = Some(organization(&fleet));
    let mut discovered = Discovered::of(World::fleet(&fleet), &with).await;
    discovered.roster(|roster| roster.found == Found::Wholly).await;
    let shown = |metrics: &SelfMetrics| String::from_utf8(metrics.render()).unwrap();
    assert!(shown(&discovered.metrics).contains("\nservicecatalog_organization_accounts 4\n"));

    discovered.reload(&config()).await;
    discovered.roster(|roster| roster.config.organization.is_none()).await;
    assert!(!shown(&discovered.metrics).contains("servicecatalog_organization"));

    let list = servicecatalog_exporter::sim::Operation::ListAccounts;
    discovered.simulator.inject(Fault::new(What::Denied).on(list));
    discovered.reload(&with).await;
    discovered.roster(|roster| roster.found == Found::Partly).await;
    let text = shown(&discovered.metrics);
    assert!(!text.contains("\nservicecatalog_organization_accounts "), "unknown is no zero");
    assert!(text.contains("\nservicecatalog_organization_discovery_success 0\n"));
    let time = "\nservicecatalog_organization_discovery_last_success_timestamp_seconds";
    assert!(text.contains(&format!("{time} 0\n")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scan_ends_though_targets_are_found_while_it_runs() {
    use servicecatalog_exporter::sim::Operation::{ListRegions, ScanProvisionedProducts};
    let fleet = Fleet { accounts: 2, ..Fleet::default() };
    let (first, late) = (Fleet::account(0), Fleet::account(1));
    let mut world = World::fleet(&fleet);
    // The second attempt to ask for the regions comes when the scan has begun, and before its end.
    world.inject(Fault::new(What::Hang).on(ListRegions).of_account(&late).times(1));
    world.inject(Fault::new(What::Hang).on(ScanProvisionedProducts).of_account(&first));
    let simulator = Simulator::start(world).await.unwrap();
    let mut config = config();
    config.scan.timeout = Duration::from_secs(1);
    config.targets = vec![
        spec(Some(role(&fleet, &first)), listed(&fleet.regions)),
        spec(Some(role(&fleet, &late)), auto()),
    ];
    let limits = Limits { attempt_timeout: Duration::from_millis(1200), ..impatient(&config) };
    let source = Source::Fixed(Arc::new(session(&simulator, limits)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.prom");
    let scan = tokio::time::timeout(PATIENCE, scan_to(config, source, Some(&file))).await;
    let error = scan.expect("it ends").unwrap_err();
    assert!(error.is::<ScanFailed>(), "{error}");
    let scrape = Scrape::read(&std::fs::read_to_string(file).unwrap());
    let scans =
        |account: &str| scrape.sum("servicecatalog_scans_total", &[("aws_account_id", account)]);
    assert_eq!((scans(&first), scans(&late)), (1.0, 0.0));
}
