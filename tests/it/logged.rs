//! What the log says of failed calls, and what it never says.

use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use servicecatalog_exporter::sim::{
    self, Fault, Operation, ProvisionedProduct, Simulator, What, World,
};

const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN/with+parts==";

/// One scan of a simulated AWS by the exporter as a process with nothing else in its environment.
async fn scan(simulator: &Simulator, with_credentials: bool, flags: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("servicecatalog-exporter").expect("is built");
    command
        .env_clear()
        .env("HOME", home.path())
        .env("RUST_LOG", "trace")
        .env("AWS_REGION", sim::REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", simulator.endpoint_url())
        .args(["scan", "--log.format", "json"])
        .args(flags);
    if with_credentials {
        command
            .env("AWS_ACCESS_KEY_ID", sim::ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_SESSION_TOKEN", SESSION_TOKEN);
    }
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs"));
    output.await.unwrap()
}

/// The lines that speak of a failed scan.
fn failures(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["stage"].is_string() && line["level"] == "WARN").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_logged_once_a_reason_with_all_that_is_needed_to_mend_them() {
    let world = World::sized(7, 5, 1);
    let ids = world.ids(sim::ACCOUNT, sim::REGION);
    let simulator = Simulator::start(world).await.unwrap();
    for (id, what) in
        ids.iter().zip([What::Denied, What::Denied, What::NotFound, What::DeniedByScp])
    {
        simulator.inject(Fault::new(what).on(LIST).for_product(id.as_str()));
    }
    let output = scan(&simulator, true, &[]).await;
    assert_eq!(output.status.code(), Some(1), "a scan that failed says so");
    let lines = failures(&output);
    let said: Vec<_> =
        lines.iter().map(|line| (line["reason"].as_str().unwrap(), &line["count"])).collect();
    // What is not found at first may just be gone.
    assert_eq!(said, [("scp_denied", &Value::from(1)), ("access_denied", &Value::from(2))]);
    for line in &lines {
        assert_eq!(line["account"], sim::ACCOUNT);
        assert_eq!(line["region"], sim::REGION);
        assert_eq!(line["stage"], "stack_instances");
        assert_eq!(line["operation"], LIST.name());
        assert_eq!(line["code"], "AccessDeniedException");
        assert_eq!(line["request_id"].as_str().unwrap().len(), 36, "{line}");
        assert!(line["error"].as_str().unwrap().contains("is not authorized to perform"), "{line}");
        let remedy = line["remedy"].as_str().unwrap();
        assert!(
            remedy.contains("servicecatalog:ListStackInstancesForProvisionedProduct"),
            "{remedy}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_credentials_the_log_says_so_and_nothing_is_sent() {
    let simulator = Simulator::start(World::sized(3, 1, 1)).await.unwrap();
    let output = scan(&simulator, false, &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let lines = failures(&output);
    let said: Vec<_> =
        lines.iter().map(|line| (line["stage"].as_str(), line["reason"].as_str())).collect();
    assert_eq!(said, [(Some("products"), Some("credentials"))]);
    assert!(simulator.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_that_only_enriches_is_logged_and_is_no_failed_scan() {
    let world = World::sized(7, 0, 0);
    let simulator = Simulator::start(with_tainted(world, 3)).await.unwrap();
    simulator.inject(Fault::new(What::Denied).on(Operation::DescribeRecord));
    let output = scan(&simulator, true, &[]).await;
    assert_eq!(output.status.code(), Some(0), "products and stack instances are complete");
    let lines = failures(&output);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0]["stage"], &lines[0]["reason"]),
        (&"records".into(), &"access_denied".into())
    );
    let remedy = lines[0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("servicecatalog:DescribeRecord"), "{remedy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_logged_why_the_last_operation_on_a_product_failed() {
    let simulator = Simulator::start(with_tainted(World::sized(7, 0, 0), 2)).await.unwrap();
    let output = scan(&simulator, true, &[]).await;
    assert_eq!(output.status.code(), Some(0));
    let text = std::str::from_utf8(&output.stderr).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said = "the last operation on a provisioned product failed";
    let lines: Vec<_> = lines.filter(|line| line["message"] == said).collect();
    let products: Vec<_> = lines.iter().map(|line| line["product"].as_str().unwrap()).collect();
    assert_eq!(products, ["pp-0000000000000", "pp-0000000000001"]);
    for line in &lines {
        assert_eq!((&line["level"], &line["status"]), (&"INFO".into(), &"TAINTED".into()));
        assert!(line["name"].as_str().unwrap().starts_with("product-"), "{line}");
        assert!(!line["code"].as_str().unwrap().is_empty(), "{line}");
        assert!(!line["error"].as_str().unwrap().is_empty(), "{line}");
    }
}

/// The world with its first products TAINTED.
fn with_tainted(mut world: World, tainted: usize) -> World {
    let products = world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut();
    for (n, product) in products.iter_mut().enumerate().take(tainted) {
        *product = ProvisionedProduct::tainted(n);
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_ever_logged_at_any_level() {
    let faults = [None, Some(What::Skewed), Some(What::Expired), Some(What::UnrecognizedClient)];
    for fault in faults {
        let simulator = Simulator::start(World::sized(3, 1, 1)).await.unwrap();
        for fault in fault.iter().cloned() {
            simulator.inject(Fault::new(fault).on(Operation::ScanProvisionedProducts));
        }
        let output = scan(&simulator, true, &["--log.level", "trace"]).await;
        // What the SDK says of its requests is not repeated at all.
        for line in std::str::from_utf8(&output.stderr).unwrap().lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            assert!(
                line["target"].as_str().unwrap().starts_with("servicecatalog_exporter"),
                "{line}"
            );
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("a scan attempt begins"), "the level is heard: {said}");
        for secret in [SECRET, SESSION_TOKEN] {
            assert!(!said.contains(secret), "{fault:?}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_does_not_fit_into_its_interval_says_so_with_the_arithmetic() {
    let simulator = Simulator::start(World::sized(121, 0, 0)).await.unwrap();
    simulator.set_latency(Duration::from_millis(200));
    let output = scan(&simulator, true, &["--scan.interval", "1s"]).await;
    let text = String::from_utf8(output.stderr).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said: Vec<Value> = lines
        .filter(|line| line["message"].as_str().is_some_and(|said| said.contains("does not fit")))
        .collect();
    let [said] = &said[..] else { panic!("{text}") };
    assert_eq!(said["interval"], "1s");
    let arithmetic = said["arithmetic"].as_str().unwrap();
    assert!(
        arithmetic.contains("7 × ScanProvisionedProducts: 5 at once, 2 ÷ 5/s = 400ms"),
        "{arithmetic}"
    );
    assert!(said["message"].as_str().unwrap().contains("scan.interval"), "it says what to change");
}
