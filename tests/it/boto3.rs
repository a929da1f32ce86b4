//! The simulated AWS is honest to a client that nobody here wrote: boto3 sees the world that the
//! simulator says it shows, and is refused where AWS refuses.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use servicecatalog_exporter::sim::{
    ACCESS_KEY_ID, ACCOUNT, Fleet, Operation, ProvisionedProduct, REGION, SECRET_ACCESS_KEY,
    Simulator, StackInstance, Version, World,
};

use crate::support::foreign::{python, run};

/// What boto3 saw.
async fn seen_by_boto3(simulator: &Simulator, region: &str) -> Value {
    seen_by("boto3_client.py", simulator, &[region]).await
}

/// What a script of `tests/` printed.
async fn seen_by(script: &str, simulator: &Simulator, more: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let mut client = python();
    // One of the scripts imports the other; what Python compiles of it is not to stay here.
    client.env("PYTHONDONTWRITEBYTECODE", "1");
    // Neither a profile nor the metadata service of a machine is asked.
    client.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    client.env("AWS_EC2_METADATA_DISABLED", "true").env("NO_PROXY", "*");
    client.arg(script);
    client.args([&simulator.endpoint_url(), ACCESS_KEY_ID, SECRET_ACCESS_KEY]).args(more);
    let ran = run(client, Vec::new()).await;
    let lacks_boto3 = ran.stderr.contains("No module named");
    assert!(!lacks_boto3, "boto3 is missing: install it with `make tools`\n{}", ran.stderr);
    assert!(ran.status.success(), "boto3 says {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// What it has to see.
fn truth(world: &World, account: &str, region: &str) -> Value {
    let products = world.catalog(account, region).unwrap().products();
    let mut names: Vec<_> = products.iter().map(|p| p.name.clone().unwrap()).collect();
    names.sort();
    let mut ids = world.ids(account, region);
    ids.sort();
    let mut types: BTreeMap<_, usize> = BTreeMap::new();
    for ((product_type, _, _), count) in world.counts(account, region) {
        *types.entry(product_type).or_default() += count;
    }
    json!({
        "account": account,
        "ids": ids,
        "names": names,
        "by_status": world.counts_by_status(account, region),
        "by_type": types,
        "instances_by_status": world.instance_counts(account, region),
        "found_ids": ids,
        "found_count": ids.len(),
        "product_names": counted(products.iter().map(|p| match &p.product_name {
            Some(name) => name.to_string(),
            None => "null".into(),
        })),
        "vended": vended(products),
        "tags": tags(products),
        "versions": versions(world, account, region, |it| json!([it.id, it.active, it.guidance, it.name])),
        "summaries": versions(world, account, region, |it| json!(it.id)),
    })
}

/// The versions of everything that is in use.
fn versions(
    world: &World,
    account: &str,
    region: &str,
    told: impl Fn(&Version) -> Value,
) -> BTreeMap<String, Vec<Value>> {
    let catalog = world.catalog(account, region).unwrap();
    let launched = catalog.products().iter().filter_map(|product| product.product_id.clone());
    let told = |id: String| {
        let offer = catalog.offered(&id).unwrap();
        (id, offer.versions.iter().map(&told).collect())
    };
    launched.map(told).collect()
}

fn counted(texts: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    texts.for_each(|text| *counts.entry(text).or_default() += 1);
    counts
}

fn vended(products: &[ProvisionedProduct]) -> Vec<String> {
    let vended =
        |p: &&ProvisionedProduct| p.product_type.as_deref() == Some("CONTROL_TOWER_ACCOUNT");
    let mut accounts: Vec<_> =
        products.iter().filter(vended).filter_map(|p| p.physical_id.clone()).collect();
    accounts.sort();
    accounts
}

fn tags(products: &[ProvisionedProduct]) -> BTreeMap<String, BTreeMap<String, String>> {
    let tagged = products.iter().filter(|p| !p.tags.is_empty());
    let tags = |p: &ProvisionedProduct| {
        p.tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    tagged.map(|p| (p.id.clone().unwrap(), tags(p))).collect()
}

/// What the records of the products have to say: a failed one why, and one under way nothing yet.
fn records(world: &World, account: &str, region: &str) -> Value {
    let products = world.catalog(account, region).unwrap().products();
    let record = |p: &ProvisionedProduct| {
        let (status, errors) = match p.status.as_deref().unwrap() {
            "TAINTED" | "ERROR" => ("FAILED", vec![p.status_message.clone().unwrap()]),
            "UNDER_CHANGE" => ("IN_PROGRESS", Vec::new()),
            "PLAN_IN_PROGRESS" => ("CREATED", Vec::new()),
            _ => ("SUCCEEDED", Vec::new()),
        };
        json!([p.id, status, errors, true])
    };
    products
        .iter()
        .map(|p| (p.id.clone().unwrap(), record(p)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn assert_seen_as_it_is(simulator: &Simulator, account: &str, region: &str) -> Value {
    let seen = seen_by_boto3(simulator, region).await;
    let truth = simulator.with_world(|world| truth(world, account, region));
    for (what, value) in truth.as_object().unwrap() {
        assert_eq!(seen[what], *value, "{what}");
    }
    let records = simulator.with_world(|world| records(world, account, region));
    assert_eq!(seen["records"], records);
    let errors = json!({
        "page_size": "ValidationException",
        "forged_token": "InvalidParametersException",
        "unknown_product": "ResourceNotFoundException",
        "not_a_stack_set": "InvalidParametersException",
        "missing_id": "ValidationException",
        "search_page_size": "ValidationException",
        "unknown_record": "ResourceNotFoundException",
        "unknown_origin": "ResourceNotFoundException",
        "no_end_user": "ResourceNotFoundException",
        "unknown_operation": "UnknownOperationException",
        "unknown_caller": "InvalidClientTokenId",
    });
    for (what, code) in errors.as_object().unwrap() {
        assert_eq!(seen["errors"][what], *code, "{what}");
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs boto3"]
async fn boto3_sees_the_demo_world_of_any_seed_and_as_it_moves_on() {
    for seed in [1, 7] {
        let simulator = Simulator::start(World::demo(seed, 1_780_000_000)).await.unwrap();
        let first = assert_seen_as_it_is(&simulator, ACCOUNT, REGION).await;
        assert!(first["ids"].as_array().unwrap().len() > 40, "more than two pages");
        // Without an access level only what the caller launched is listed.
        assert_eq!(first["at_user_level"], 1);
        simulator.with_world(|world| {
            (0..20).for_each(|_| world.step());
            world.freeze(true);
        });
        let then = assert_seen_as_it_is(&simulator, ACCOUNT, REGION).await;
        assert_ne!(first["ids"], then["ids"], "products were launched and terminated");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs boto3"]
async fn boto3_sees_a_large_world_of_slow_answers() {
    let simulator = Simulator::start(World::sized(205, 4, 61)).await.unwrap();
    simulator.set_latency(Duration::from_millis(20));
    let seen = assert_seen_as_it_is(&simulator, ACCOUNT, REGION).await;
    assert_eq!(seen["instances_by_status"], json!({"CURRENT": 4 * 61}));
    // CreatedTime is a number in scientific notation on the wire, a time to boto3.
    assert!(seen["earliest"].as_str().unwrap().starts_with("2020-09-13T"), "{}", seen["earliest"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs boto3"]
async fn boto3_sees_names_that_are_hard_on_json_and_values_that_no_model_knows() {
    let (account, region) = ("210000000001", "us-west-2");
    let mut world = World::empty(account, region);
    for (n, name) in
        ["\"\\\n\r\t\u{1}", "{}[]:,", "größe 東京 🦀", "\u{2028}</script>"].iter().enumerate()
    {
        let product = ProvisionedProduct::healthy(n).named(*name).at(account, region);
        world.add(account, region, product.with_status("FROZEN"));
    }
    let odd = vec![StackInstance::new("210000000002", "eu-north-9", "SOMETHING_NEW")];
    world.add(account, region, ProvisionedProduct::stack_set(10, odd).at(account, region));
    let cdk = ProvisionedProduct::failed_launch(11).typed("CDK_APP");
    world.add(account, region, cdk.at(account, region));
    let simulator = Simulator::start(world).await.unwrap();
    assert_seen_as_it_is(&simulator, account, region).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs boto3"]
async fn boto3_walks_through_an_organisation_and_into_each_of_its_accounts() {
    let fleet = Fleet {
        accounts: 45,
        units: 2,
        regions: vec![REGION.into(), "me-south-1".into()],
        products: 21,
        external_id: Some("a+b=/c".into()),
        lifetime: Some(Duration::from_secs(900)),
        ..Fleet::default()
    };
    let mut world = World::fleet(&fleet);
    let organization = world.organization_mut().unwrap();
    let inner = organization.add_unit(&Fleet::unit(0));
    organization.member_mut(&Fleet::account(44)).unwrap().parent.clone_from(&inner);
    organization.set_state(&Fleet::account(43), "CLOSED");
    let simulator = Simulator::start(world).await.unwrap();
    let more = [REGION, &fleet.role, fleet.external_id.as_deref().unwrap()];
    let seen = seen_by("boto3_fleet.py", &simulator, &more).await;

    let everyone: Vec<String> = (0..fleet.accounts).map(Fleet::account).collect();
    assert_eq!(seen["listed"][0], Fleet::MANAGEMENT);
    assert_eq!(seen["listed"].as_array().unwrap()[1..], *json!(everyone).as_array().unwrap());
    assert_eq!(seen["managed_by"], json!([Fleet::MANAGEMENT]));
    let dealt =
        |unit: usize| (0..44).filter(|n| n % 2 == unit).map(Fleet::account).collect::<Vec<_>>();
    let node = |accounts: Vec<String>, units: Value| json!({"accounts": accounts, "children": accounts, "units": units});
    let tree = json!({
        Fleet::unit(0): node(dealt(0), json!({ inner: node(vec![Fleet::account(44)], json!({})) })),
        Fleet::unit(1): node(dealt(1), json!({})),
    });
    assert_eq!(seen["tree"], node(vec![Fleet::MANAGEMENT.into()], tree));

    for (n, account) in everyone.iter().enumerate() {
        let member = &seen["members"][account];
        assert_eq!(member["name"], format!("account-{n:03}"));
        let state = if n == 43 { ["SUSPENDED", "CLOSED"] } else { ["ACTIVE", "ACTIVE"] };
        assert_eq!(member["state"], json!(state));
        let arn = format!("arn:aws:sts::{account}:assumed-role/{}/boto3", fleet.role);
        assert_eq!(member["arn"], arn);
        let left = member["left"].as_f64().unwrap();
        assert!((880.0..=900.0).contains(&left), "{left} seconds left, by boto3's clock");
        let regions = member["regions"].as_array().unwrap();
        assert!(regions.len() == 18 && regions.contains(&json!("me-south-1")), "{regions:?}");
        let ids = simulator.with_world(|world| world.ids(account, REGION));
        assert_eq!(member["ids"], json!(ids));
        // One for the session, and one more for the errors of the first account.
        let assumed = if n == 0 { 2 } else { 1 };
        assert_eq!(simulator.count_of_role(&fleet.role_arn(account)), assumed, "{account}");
    }
    assert_eq!(simulator.count_in(Operation::ScanProvisionedProducts, &everyone[0], REGION), 2);
    assert_eq!(seen["all_regions"], 34);
    let errors = json!({
        "no_external_id": "AccessDenied",
        "wrong_external_id": "AccessDenied",
        "unknown_role": "AccessDenied",
        "too_long": "ValidationError",
        "too_short": "ValidationError",
        "without_token": "UnrecognizedClientException",
        "closed_region": "UnrecognizedClientException",
        "asked_by_a_member": "AccessDeniedException",
        "no_such_parent": "ParentNotFoundException",
        "page_size": "InvalidInputException",
        "regions_page_size": "ValidationException",
        "regions_of_a_stranger": "AccessDeniedException",
    });
    assert_eq!(seen["errors"], errors);
}
