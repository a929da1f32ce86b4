//! The simulated AWS is honest to a client that nobody here wrote: boto3 sees the world that the
//! simulator says it shows, and is refused where AWS refuses.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use servicecatalog_exporter::sim::{
    ACCESS_KEY_ID, ACCOUNT, ProvisionedProduct, REGION, SECRET_ACCESS_KEY, Simulator,
    StackInstance, World,
};

use crate::support::foreign::{python, run};

/// What boto3 saw.
async fn seen_by_boto3(simulator: &Simulator, region: &str) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_client.py");
    let mut client = python();
    // Neither a profile nor the metadata service of a machine is asked.
    client.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    client.env("AWS_EC2_METADATA_DISABLED", "true").env("NO_PROXY", "*");
    client.args([script, &simulator.endpoint_url(), ACCESS_KEY_ID, SECRET_ACCESS_KEY, region]);
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
    })
}

async fn assert_seen_as_it_is(simulator: &Simulator, account: &str, region: &str) -> Value {
    let seen = seen_by_boto3(simulator, region).await;
    let truth = simulator.with_world(|world| truth(world, account, region));
    for (what, value) in truth.as_object().unwrap() {
        assert_eq!(seen[what], *value, "{what}");
    }
    let errors = json!({
        "page_size": "ValidationException",
        "forged_token": "InvalidParametersException",
        "unknown_product": "ResourceNotFoundException",
        "not_a_stack_set": "InvalidParametersException",
        "missing_id": "ValidationException",
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
