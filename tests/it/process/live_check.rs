//! `check --live`: what works, what is missing, and for whom.

use std::collections::BTreeMap;

use servicecatalog_exporter::sim::{
    self, Fault, Fleet, Hub, Operation, ProvisionedProduct, Simulator, What, World,
};

use super::program::{Ended, exporter};
use super::{SCAN, some_products};

const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;

/// Everything that is optional, too.
const ENRICHED: &str = "enrich: {names_and_tags: true, records: problems}\n";

async fn check(simulator: &Simulator, yaml: &str) -> Ended {
    exporter(&["check", "--live"]).config(yaml).scanning(simulator).run().await
}

/// A world of three accounts with a role in each, and the configuration that lists them.
async fn three_accounts() -> (Simulator, Fleet, String) {
    let fleet = Fleet { external_id: Some("open-sesame".into()), ..Fleet::default() };
    let target = |n| {
        let arn = fleet.role_arn(&Fleet::account(n));
        format!("  - {{role_arn: '{arn}', external_id: open-sesame, regions: [{}]}}\n", sim::REGION)
    };
    let targets: String = (0..fleet.accounts).map(target).collect();
    let simulator = Simulator::start(World::fleet(&fleet)).await.unwrap();
    (simulator, fleet, format!("targets:\n{targets}"))
}

fn place(n: usize) -> String {
    format!("{} {}", Fleet::account(n), sim::REGION)
}

/// The results of a table by place and operation.
fn results(ended: &Ended) -> BTreeMap<(String, String), String> {
    let (table, _) = ended.stdout.split_once("\n\n").expect("a summary follows the table");
    let mut lines = table.lines().skip_while(|line| !line.starts_with("TARGET"));
    let head = lines.next().expect("a table");
    let columns = [head.find("OPERATION").unwrap(), head.find("RESULT").unwrap()];
    let (mut place, mut results) = (String::new(), BTreeMap::new());
    for line in lines {
        if !line.starts_with(' ') {
            place = line[..columns[0]].trim().to_owned();
        }
        let Some((operation, result)) = line[columns[0]..].split_once("  ") else {
            assert!(line[columns[0]..].starts_with("as "), "{line}");
            continue;
        };
        let before =
            results.insert((place.clone(), operation.to_owned()), result.trim().to_owned());
        assert_eq!(before, None, "{line}");
    }
    results
}

fn failed(ended: &Ended) -> Vec<(String, String)> {
    results(ended).into_iter().filter(|(_, is)| !is.starts_with("ok")).map(|(at, _)| at).collect()
}

/// How often each operation was called, by account, beside what tells who one is.
fn calls(simulator: &Simulator) -> BTreeMap<(String, &'static str), usize> {
    let mut counts = BTreeMap::new();
    for call in simulator.calls() {
        let operation = call.operation.unwrap();
        if operation != Operation::GetCallerIdentity {
            *counts.entry((call.account.unwrap(), operation.name())).or_default() += 1;
        }
    }
    counts
}

fn assert_fails(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(!ended.stdout.contains("sesame"), "{ended:?}");
    assert!(!ended.stderr.join("\n").contains("sesame"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_each_needed_operation_is_tried_once_and_who_asks_is_told() {
    let (simulator, fleet, yaml) = three_accounts().await;
    let ended = check(&simulator, &(yaml + ENRICHED)).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stdout.contains("sesame"));
    assert_eq!(failed(&ended), []);
    let each = ["DescribeRecord", LIST.name(), SCAN.name(), "SearchProvisionedProducts"];
    let mut expected: BTreeMap<_, usize> =
        (0..3).flat_map(|n| each.map(|name| ((Fleet::account(n), name), 1))).collect();
    expected.insert((fleet.hub_account(), "AssumeRole"), 3);
    assert_eq!(calls(&simulator), expected);
    for n in 0..3 {
        let arn = format!(
            "{}  as arn:aws:sts::{}:assumed-role/{}/servicecatalog-exporter\n",
            place(n),
            Fleet::account(n),
            fleet.role
        );
        assert!(ended.stdout.contains(&arn), "{arn} in {}", ended.stdout);
        let scan = &results(&ended)[&(place(n), SCAN.name().to_owned())];
        assert_eq!(scan, "ok: 5 provisioned products");
    }
    assert!(ended.stdout.ends_with("\nTargets: 3, of which 3 work.\n"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_account_denies_is_that_accounts_missing_action_and_exit_code_1() {
    let (simulator, _, yaml) = three_accounts().await;
    simulator.inject(Fault::new(What::Denied).on(LIST).of_account(Fleet::account(1)));
    let ended = check(&simulator, &yaml).await;
    assert_fails(&ended);
    let at = (place(1), LIST.name().to_owned());
    assert_eq!(failed(&ended), std::slice::from_ref(&at));
    let missing = "missing: servicecatalog:ListStackInstancesForProvisionedProduct (";
    assert!(results(&ended)[&at].starts_with(&format!("FAILED: access_denied; {missing}")));
    // The call is denied once, and the others are asked all the same.
    assert_eq!(simulator.count(LIST), 3);
    assert_eq!(ended.complaints().len(), 1);
    assert!(ended.complaints()[0].contains("1 of 6 answers that scans depend on"), "{ended:?}");
    let summary = "Targets: 3, of which 2 work, 1 cannot be scanned in full.\nMissing: \
                   servicecatalog:ListStackInstancesForProvisionedProduct in";
    assert!(ended.stdout.contains(summary), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_enrichment_lacks_is_told_and_no_failure() {
    let (simulator, _, yaml) = three_accounts().await;
    let optional = [Operation::SearchProvisionedProducts, Operation::DescribeRecord];
    for operation in optional {
        simulator.inject(Fault::new(What::Denied).on(operation).of_account(Fleet::account(2)));
    }
    let ended = check(&simulator, &(yaml + ENRICHED)).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(failed(&ended).len(), 2);
    for operation in optional {
        let name = operation.name();
        let result = &results(&ended)[&(place(2), name.to_owned())];
        let expected =
            format!("failed, not required: access_denied; missing: servicecatalog:{name} (");
        assert!(result.starts_with(&expected), "{result}");
    }
    let told = "Targets: 3, of which 2 work, 1 lack something that is not required.\n";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_that_may_tell_versions_is_tried_and_none_is_required() {
    let (simulator, _, yaml) = three_accounts().await;
    let denied = Fault::new(What::Denied).on(Operation::DescribeProductAsAdmin);
    simulator.inject(denied.of_account(Fleet::account(2)));
    let yaml = yaml + "versions: {refresh: 24h}\naws: {max_requests_per_second: 1000}\n";
    let ended = check(&simulator, &yaml).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let result = |n: usize, operation: Operation| {
        results(&ended)[&(place(n), operation.name().to_owned())].clone()
    };
    for n in 0..3 {
        assert_eq!(result(n, Operation::ListProvisioningArtifacts), "ok");
        let of_an_end_user = result(n, Operation::DescribeProduct);
        assert_eq!(of_an_end_user, "ok: not denied; not for this product");
    }
    let missing =
        "failed, not required: access_denied; missing: servicecatalog:DescribeProductAsAdmin (";
    assert!(result(2, Operation::DescribeProductAsAdmin).starts_with(missing));
    assert_eq!(failed(&ended).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_denied_is_told_once_for_all_of_its_regions_with_what_to_check() {
    let fleet = Fleet { external_id: Some("open-sesame".into()), ..Fleet::default() };
    let [good, bad] = [0, 1].map(|n| fleet.role_arn(&Fleet::account(n)));
    let yaml = format!(
        "targets:\n  - {{role_arn: '{good}', external_id: open-sesame, regions: [eu-central-1]}}\n  \
         - {{role_arn: '{bad}', external_id: not-sesame, regions: [eu-central-1, us-east-1, us-west-2]}}\n"
    );
    let simulator = Simulator::start(World::fleet(&fleet)).await.unwrap();
    let ended = check(&simulator, &yaml).await;
    assert_fails(&ended);
    let at = (format!("{} eu-central-1 and 2 more", Fleet::account(1)), "AssumeRole".to_owned());
    assert_eq!(failed(&ended), std::slice::from_ref(&at));
    let result = &results(&ended)[&at];
    assert!(result.starts_with("FAILED: credentials; missing: sts:AssumeRole ("), "{result}");
    for what in ["trust policy names this identity", "external id", "is allowed sts:AssumeRole"] {
        assert!(result.contains(what), "{result}");
    }
    let refused = |call: &&sim::Call| call.about.as_deref() == Some(&*bad);
    assert_eq!(simulator.calls().iter().filter(refused).count(), 1);
    assert!(ended.stdout.contains(&format!("  as {bad}\n")), "{}", ended.stdout);
    assert!(ended.stdout.contains("Targets: 4, of which 1 work, 3 cannot be"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_stack_set_and_a_record_their_operations_are_tried_all_the_same() {
    let mut world = World::empty(sim::ACCOUNT, sim::REGION);
    let simulator = Simulator::start(world.clone()).await.unwrap();
    let ended = check(&simulator, "{}\n").await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let names = [LIST, Operation::DescribeRecord].map(Operation::name);
    for name in names {
        let at = (format!("{} {}", sim::ACCOUNT, sim::REGION), name.to_owned());
        assert!(results(&ended)[&at].starts_with("ok: not denied"), "{ended:?}");
    }
    let once = ["DescribeRecord", LIST.name(), SCAN.name()];
    let once = once.map(|name| ((sim::ACCOUNT.to_owned(), name), 1));
    assert_eq!(calls(&simulator), BTreeMap::from(once));

    world.add(sim::ACCOUNT, sim::REGION, ProvisionedProduct::healthy(0));
    world.inject(Fault::new(What::Denied).on(LIST));
    let ended = check(&Simulator::start(world).await.unwrap(), "{}\n").await;
    assert_fails(&ended);
    assert_eq!(failed(&ended).len(), 1, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ambient_identity_alone_is_checked_where_it_is() {
    let simulator = some_products().await;
    let ended = exporter(&["check", "--live"]).scanning(&simulator).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.complaints().is_empty(), "{ended:?}");
    let arn =
        format!("arn:aws:sts::{}:assumed-role/ServiceCatalogExporter/monitoring", sim::ACCOUNT);
    let first = format!("{} {}", sim::ACCOUNT, sim::REGION);
    assert!(ended.stdout.contains(&format!("\n{first}  as {arn}\n")), "{}", ended.stdout);
    let scan = &results(&ended)[&(first, SCAN.name().to_owned())];
    assert_eq!(scan, "ok: 20 provisioned products, and more");
    assert_eq!(simulator.count(Operation::AssumeRole), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_do_not_work_are_told_as_such_and_no_action_is_missing() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Expired));
    let ended = exporter(&["check", "--live"]).scanning(&simulator).run().await;
    assert_fails(&ended);
    assert!(ended.stdout.contains("FAILED: credentials ("), "{}", ended.stdout);
    assert!(ended.stdout.contains("check the credentials of this process"), "{}", ended.stdout);
    assert!(!ended.stdout.to_lowercase().contains("missing"), "{}", ended.stdout);
    assert_eq!(simulator.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_not_enabled_is_told_and_not_asked_further() {
    let simulator = some_products().await;
    let yaml = format!("targets:\n  - regions: [{}, me-south-1]\n", sim::REGION);
    let ended = check(&simulator, &yaml).await;
    assert_fails(&ended);
    let at = (format!("{} me-south-1", sim::ACCOUNT), SCAN.name().to_owned());
    assert_eq!(failed(&ended), std::slice::from_ref(&at));
    let result = &results(&ended)[&at];
    assert!(result.starts_with("FAILED: region_disabled ("), "{result}");
    assert!(result.contains("enable the region in this account"), "{result}");
    assert_eq!(simulator.count_in(LIST, sim::ACCOUNT, "me-south-1"), 0);
}

/// The organisation of the fleet, discovered by a member through a role.
fn organization(fleet: &Fleet, more: &str) -> String {
    let reader = fleet.role_arn(Fleet::MANAGEMENT);
    format!(
        "organization: {{role_name: {}, management_role_arn: '{reader}', {more}}}\n",
        fleet.role
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_management_account_that_cannot_be_scanned_is_exit_code_1_with_a_way_out() {
    let fleet = Fleet { hub: Hub::Member, ..Fleet::default() };
    let mut world = World::fleet(&fleet);
    // As in life: the role of a StackSet is in every account but this one; another one lists.
    let reader = sim::Role::new(Fleet::MANAGEMENT, "OrganizationReader");
    world.add_role(reader.clone());
    world.remove_role(&fleet.role_arn(Fleet::MANAGEMENT));
    let simulator = Simulator::start(world).await.unwrap();
    let yaml = |more: &str| {
        format!(
            "organization: {{role_name: {}, management_role_arn: '{}', regions: [{}]{more}}}\n",
            fleet.role,
            reader.arn,
            sim::REGION
        )
    };
    let ended = check(&simulator, &yaml("")).await;
    assert_fails(&ended);
    let place = format!("{} {} (Management)", Fleet::MANAGEMENT, sim::REGION);
    assert_eq!(failed(&ended), [(place, "AssumeRole".to_owned())]);
    let hint =
        "The management account cannot be scanned, and it owns every Account Factory product";
    assert!(ended.stdout.contains(hint), "{}", ended.stdout);
    assert!(ended.stdout.contains("by a stack of its own, or run the exporter there"));
    let listed = (format!("{} aws-global", Fleet::MANAGEMENT), "ListAccounts".to_owned());
    assert_eq!(results(&ended)[&listed], "ok");

    // Who leaves it out knows, and it is no failure any more.
    let without = yaml(&format!(", exclude_accounts: ['{}']", Fleet::MANAGEMENT));
    let ended = check(&simulator, &without).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stdout.contains("management account"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_may_not_be_listed_is_the_account_and_action_that_was_asked() {
    let fleet = Fleet { hub: Hub::Member, ..Fleet::default() };
    let simulator = Simulator::start(World::fleet(&fleet)).await.unwrap();
    simulator.inject(Fault::new(What::Denied).on(Operation::ListAccounts));
    let yaml = organization(&fleet, &format!("regions: [{}]", sim::REGION));
    let ended = check(&simulator, &yaml).await;
    assert_fails(&ended);
    let at = (format!("{} aws-global", Fleet::MANAGEMENT), "ListAccounts".to_owned());
    assert_eq!(failed(&ended), std::slice::from_ref(&at));
    let missing = "FAILED: access_denied; missing: organizations:ListAccounts (";
    assert!(results(&ended)[&at].starts_with(missing), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_that_one_account_does_not_tell_are_that_accounts_missing_action() {
    let (simulator, fleet, _) = three_accounts().await;
    simulator
        .inject(Fault::new(What::Denied).on(Operation::ListRegions).of_account(Fleet::account(1)));
    let target = |n| {
        let arn = fleet.role_arn(&Fleet::account(n));
        format!("  - {{role_arn: '{arn}', external_id: open-sesame, regions: auto}}\n")
    };
    let targets: String = (0..2).map(target).collect();
    let ended = check(&simulator, &format!("targets:\n{targets}")).await;
    assert_fails(&ended);
    let regions = |n| (format!("{} aws-global", Fleet::account(n)), "ListRegions".to_owned());
    assert_eq!(failed(&ended), [regions(1)]);
    assert_eq!(results(&ended)[&regions(0)], "ok");
    let result = &results(&ended)[&regions(1)];
    assert!(
        result.starts_with("FAILED: access_denied; missing: account:ListRegions ("),
        "{result}"
    );
    // It is asked where the exporter is; the other one in each of its regions.
    assert_eq!(simulator.count_in(SCAN, &Fleet::account(1), sim::REGION), 1);
    assert_eq!(calls(&simulator)[&(Fleet::account(1), SCAN.name())], 1);
    assert_eq!(calls(&simulator)[&(Fleet::account(0), SCAN.name())], 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_targets_are_a_line_each_and_what_fails_is_told_at_the_end() {
    let fleet = Fleet { accounts: 199, account_factory: false, ..Fleet::default() };
    let simulator = Simulator::start(World::fleet(&fleet)).await.unwrap();
    let last = Fleet::account(120);
    simulator.inject(Fault::new(What::Denied).on(SCAN).of_account(&last));
    let yaml = format!(
        "organization: {{role_name: {}, regions: [{}]}}\naws: {{max_requests_per_second: 100}}\n",
        fleet.role,
        sim::REGION
    );
    let ended = check(&simulator, &yaml).await;
    assert_fails(&ended);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines.len() < 200 + 20, "{}", ended.stdout);
    let broken = lines.iter().position(|line| line.contains("FAILED")).unwrap();
    let well = lines.iter().rposition(|line| line.contains("  ok, as arn:aws:sts::")).unwrap();
    assert!(well < broken && lines[broken - 1].starts_with(&last), "{}", ended.stdout);
    let summary = "Targets: 200, of which 199 work, 1 cannot be scanned in full.\n";
    assert!(ended.stdout.contains(summary), "{}", ended.stdout);
    for n in [0, 120, 198] {
        assert_eq!(simulator.count_in(SCAN, &Fleet::account(n), sim::REGION), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_checks_its_own_targets_and_says_so() {
    let (simulator, _, yaml) = three_accounts().await;
    let mut scans = 0;
    for shard in ["0", "1"] {
        let args = ["check", "--live", "--total-shards", "2", "--shard", shard];
        let ended = exporter(&args).config(&yaml).scanning(&simulator).run().await;
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let here = results(&ended).keys().filter(|(_, name)| name == SCAN.name()).count();
        scans += here;
        let said = format!("{here} of 3 targets belong to this shard");
        assert!(here == 3 || ended.stdout.contains(&said), "{}", ended.stdout);
    }
    assert_eq!((scans, simulator.count(SCAN)), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_there_twice_is_tried_once_and_told() {
    let fleet = Fleet::default();
    let mut world = World::fleet(&fleet);
    world.add_role(sim::Role::new(Fleet::MANAGEMENT, &fleet.role));
    let simulator = Simulator::start(world).await.unwrap();
    let (arn, here) = (fleet.role_arn(Fleet::MANAGEMENT), sim::REGION);
    let yaml =
        format!("targets:\n  - regions: [{here}]\n  - {{role_arn: '{arn}', regions: [{here}]}}\n");
    let ended = check(&simulator, &yaml).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(simulator.count(SCAN), 1);
    let said = format!("{} {here} is there twice: the one that is listed later", Fleet::MANAGEMENT);
    assert!(ended.stdout.contains(&said), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_ends_as_a_timeout_and_delays_no_other_target() {
    let (simulator, _, yaml) = three_accounts().await;
    simulator.inject(Fault::new(What::Hang).of_account(Fleet::account(0)));
    let quick = "aws: {attempt_timeout: 300ms, connect_timeout: 300ms, max_attempts: 1}\n";
    let ended = check(&simulator, &(yaml + quick)).await;
    assert_fails(&ended);
    for (at, result) in results(&ended) {
        assert_eq!(result.starts_with("ok"), at.0 != place(0), "{at:?} {result}");
        assert!(at.0 != place(0) || result.contains(": timeout ("), "{result}");
    }
}
