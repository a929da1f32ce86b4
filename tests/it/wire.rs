//! The decoder, on bytes as AWS sends them. `tests/fixtures/README.md` says where the recorded
//! ones come from.

use servicecatalog_exporter::sim::{self, Fault, Operation, ProvisionedProduct, What, World};

use crate::support::Rig;
use crate::support::exposition::Scrape;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const RECORDED: &str = include_str!("../fixtures/scan-provisioned-products.json");
const FAILED_LAUNCH: &str = include_str!("../fixtures/scan-failed-launch.json");
const NOT_FOUND: &str = include_str!("../fixtures/resource-not-found.json");

/// An answer with the headers that were recorded.
fn answer(status: u16, body: &str) -> What {
    let mut headers = vec![
        ("X-Amzn-Requestid".to_owned(), "f2e840bd-6d70-4733-a552-21aa11685e3d".to_owned()),
        ("Content-Type".to_owned(), "application/x-amz-json-1.1".to_owned()),
    ];
    if status >= 400 {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    What::Raw { status, headers, body: body.to_owned().into() }
}

fn products(items: &str) -> What {
    answer(200, &format!(r#"{{"ProvisionedProducts":[{items}]}}"#))
}

/// What is served after a scan in which the operations were answered so.
async fn scrape(answers: impl IntoIterator<Item = (Operation, What)>) -> Scrape {
    let rig = Rig::new(World::empty(sim::ACCOUNT, sim::REGION)).await;
    for (operation, what) in answers {
        rig.simulator.inject(Fault::new(what).on(operation));
    }
    let scrape = rig.scan_and_scrape().await;
    rig.stop().await;
    assert_eq!(scrape.failure("products"), None);
    scrape
}

/// The statuses that a product has.
fn statuses<'s>(scrape: &'s Scrape, id: &str) -> Vec<&'s str> {
    let name = "servicecatalog_provisioned_product_status";
    let all = scrape.all(name, &[("provisioned_product_id", id)]);
    all.iter().filter(|sample| sample.value == 1.0).map(|sample| sample.label("status")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_products_are_served_to_the_millisecond_and_to_the_last_field() {
    let scrape = scrape([(SCAN, answer(200, RECORDED))]).await;
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(3.0));
    for (id, created, name, product, artifact) in [
        (
            "pp-5pyltbgyzheqm",
            "1536068318.933",
            "EmsRefreshSpecServiceInstanceWithRules",
            "prod-cei2spnzu24lq",
            "pa-ybnrerfyrhm74",
        ),
        (
            "pp-u2tepcnttldko",
            "1536221931.782",
            "EmsRefreshSpecServiceInstanceV3",
            "prod-h7p6ruq5qgrga",
            "pa-ysaib55ylta6k",
        ),
        (
            "pp-gato4drzgerpy",
            "1536221954.189",
            "EmsRefreshSpecServiceInstance",
            "prod-h7p6ruq5qgrga",
            "pa-nr3ua3nz3pgwq",
        ),
    ] {
        let labels = [
            ("aws_account_id", "123456789012"),
            ("provisioned_product_id", id),
            ("provisioned_product_name", name),
            ("provisioned_product_type", "CFN_STACK"),
        ];
        let line = scrape.text.lines().find(|line| {
            line.starts_with("servicecatalog_provisioned_product_created_timestamp_seconds{")
                && line.contains(id)
        });
        assert!(line.unwrap().ends_with(&format!("}} {created}")), "{line:?}");
        assert_eq!(statuses(&scrape, id), ["AVAILABLE"]);
        let [info] = scrape.all("servicecatalog_provisioned_product_info", &labels)[..] else {
            panic!("{id} has no info")
        };
        assert_eq!(
            (info.label("product_id"), info.label("provisioning_artifact_id")),
            (product, artifact)
        );
        // They carry neither of the two records, so nothing can be said.
        for family in ["last_provisioning_succeeded", "ever_succeeded"] {
            let name = format!("servicecatalog_provisioned_product_{family}");
            assert_eq!(scrape.value(&name, &labels), None, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_failed_launch_lacks_its_product_and_is_counted_all_the_same() {
    let scrape = scrape([(SCAN, answer(200, FAILED_LAUNCH))]).await;
    assert_eq!(statuses(&scrape, "pp-abcd27bm4mldq"), ["ERROR"]);
    let group =
        [("provisioned_product_type", "CFN_STACK"), ("product_id", ""), ("status", "ERROR")];
    assert_eq!(scrape.value("servicecatalog_provisioned_products", &group), Some(1.0));
    let created = "servicecatalog_provisioned_product_created_timestamp_seconds";
    assert_eq!(scrape.value(created, &[]), Some(1_577_222_793.358));
    let [info] = scrape.all("servicecatalog_provisioned_product_info", &[])[..] else {
        panic!("one product has one info")
    };
    assert_eq!((info.label("product_id"), info.label("provisioning_artifact_id")), ("", ""));
    assert!(scrape.all("servicecatalog_provisioned_product_ever_succeeded", &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_error_is_read_by_its_code_without_any_header_that_names_it() {
    let rig = Rig::new(World::sized(1, 1, 1)).await;
    rig.simulator.inject(Fault::new(answer(400, NOT_FOUND)).on(LIST));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failed_calls(LIST.name(), "access_denied"), 1.0);
    assert_eq!(scrape.failure("stack_instances"), None, "at first it may just be gone");
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failed_calls(LIST.name(), "access_denied"), 2.0, "asked once a scan");
    assert_eq!(scrape.failure("stack_instances"), Some("access_denied"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn html_of_a_load_balancer_is_a_failure_that_passes() {
    let rig = Rig::new(World::sized(25, 1, 1)).await;
    rig.simulator.inject(Fault::new(What::ServiceUnavailable).on(SCAN).times(2));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(25.0));
    assert_eq!(scrape.failed_calls(SCAN.name(), "server_error"), 2.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_and_types_that_no_model_knows_keep_their_spelling() {
    let items = r#"
        {"Id":"pp-1","Type":"CDK_APP","Status":"FROZEN","ProductId":"prod-1"},
        {"Id":"pp-2","Type":"CDK_APP","Status":"AVAILABLE","ProductId":"prod-1"},
        {"Id":"pp-3","Type":"CDK_APP","ProductId":"prod-1"}"#;
    let scrape = scrape([(SCAN, products(items))]).await;
    assert_eq!(statuses(&scrape, "pp-1"), ["FROZEN"]);
    assert_eq!(statuses(&scrape, "pp-2"), ["AVAILABLE"]);
    assert_eq!(statuses(&scrape, "pp-3"), ["UNKNOWN"]);
    let group = [("provisioned_product_type", "CDK_APP"), ("product_id", "prod-1")];
    let counts = scrape.all("servicecatalog_provisioned_products", &group);
    let mut counts: Vec<_> = counts.iter().map(|s| (s.label("status"), s.value)).collect();
    counts.sort_by_key(|(status, _)| *status);
    assert_eq!(
        counts,
        [
            ("AVAILABLE", 1.0),
            ("ERROR", 0.0),
            ("FROZEN", 1.0),
            ("PLAN_IN_PROGRESS", 0.0),
            ("TAINTED", 0.0),
            ("UNDER_CHANGE", 0.0),
            ("UNKNOWN", 1.0),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_of_stack_instances_that_no_model_knows_keep_their_spelling() {
    let instances = answer(
        200,
        r#"{"StackInstances":[
            {"Account":"210000000001","Region":"eu-west-1","StackInstanceStatus":"DRIFTED"},
            {"Account":"210000000002","Region":"eu-west-1","StackInstanceStatus":"CURRENT"},
            {"Account":"210000000003","Region":"eu-west-1"}]}"#,
    );
    let stack_set = r#"{"Id":"pp-1","Type":"CFN_STACKSET","Status":"AVAILABLE"}"#;
    let scrape = scrape([(SCAN, products(stack_set)), (LIST, instances)]).await;
    let counts = scrape.all("servicecatalog_provisioned_product_stack_instances", &[]);
    let mut counts: Vec<_> = counts.iter().map(|s| (s.label("status"), s.value)).collect();
    counts.sort_by_key(|(status, _)| *status);
    assert_eq!(
        counts,
        [
            ("CURRENT", 1.0),
            ("DRIFTED", 1.0),
            ("INOPERABLE", 0.0),
            ("OUTDATED", 0.0),
            ("UNKNOWN", 1.0)
        ]
    );
    let shown = scrape.all("servicecatalog_stack_instance_status", &[]);
    let mut shown: Vec<_> =
        shown.iter().map(|s| (s.label("stack_account_id"), s.label("status"))).collect();
    shown.sort_unstable();
    assert_eq!(shown, [("210000000001", "DRIFTED"), ("210000000003", "UNKNOWN")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_without_any_field_is_counted_and_has_no_series_of_its_own() {
    let scrape = scrape([(SCAN, products(r#"{},{"Id":"pp-1"}"#))]).await;
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(2.0));
    let group = [("provisioned_product_type", ""), ("product_id", ""), ("status", "UNKNOWN")];
    assert_eq!(scrape.value("servicecatalog_provisioned_products", &group), Some(2.0));
    let dropped = scrape.value("servicecatalog_series_dropped", &[("cause", "no_id")]);
    assert_eq!(dropped, Some(1.0));
    let infos = scrape.all("servicecatalog_provisioned_product_info", &[]);
    let ids: Vec<_> = infos.iter().map(|info| info.label("provisioned_product_id")).collect();
    assert_eq!(ids, ["pp-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn null_unknown_and_repeated_fields_harm_nothing() {
    let items = r#"
        {"Id":"pp-1","Name":null,"Type":null,"Status":"TAINTED","CreatedTime":null,"ProductId":null,
         "LastProvisioningRecordId":null,"Arn":null},
        {"Id":"pp-2","Status":"AVAILABLE","Future":{"Deep":[1,2.5e3,{"a":null}],"b":true},"More":[]},
        {"Id":"pp-2","Id":"pp-3","Status":"AVAILABLE","Status":"ERROR"}"#;
    let scrape = scrape([(SCAN, products(items))]).await;
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(3.0));
    assert_eq!(statuses(&scrape, "pp-1"), ["TAINTED"]);
    assert_eq!(statuses(&scrape, "pp-2"), ["AVAILABLE"]);
    assert_eq!(statuses(&scrape, "pp-3"), ["ERROR"], "the last one wins");
    let created = "servicecatalog_provisioned_product_created_timestamp_seconds";
    assert!(scrape.all(created, &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_document_with_status_200_empties_no_list() {
    let rig = Rig::new(World::sized(3, 1, 5)).await;
    rig.scan().await;
    let document = r#"{"__type":"InternalFailure","Message":"The request failed"}"#;
    for (operation, stage) in [(SCAN, "products"), (LIST, "stack_instances")] {
        rig.simulator.clear_faults();
        rig.simulator.inject(Fault::new(answer(200, document)).on(operation));
        let scrape = rig.scan_and_scrape().await;
        assert_eq!(scrape.failure(stage), Some("invalid_response"));
        assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(3.0));
        assert_eq!(scrape.value("servicecatalog_scan_stack_instances", &[]), Some(5.0));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_names_survive_from_the_wire_to_the_label() {
    let names = [
        r#"a "quoted" name"#,
        r"back\slash\new\",
        "two\nlines\r\nor three\ttabbed",
        r#"{curly="braces"} # not a comment"#,
        "größer als 東京 😀 \u{2028}\u{feff}",
        "",
        " ",
    ];
    let mut world = World::empty(sim::ACCOUNT, sim::REGION);
    for (n, name) in names.into_iter().enumerate() {
        world.add(sim::ACCOUNT, sim::REGION, ProvisionedProduct::healthy(n).named(name));
    }
    let rig = Rig::new(world).await;
    let scrape = rig.scan_and_scrape().await;
    rig.stop().await;
    let served = scrape.all("servicecatalog_provisioned_product_info", &[]);
    let served: Vec<_> = served.iter().map(|s| s.label("provisioned_product_name")).collect();
    assert_eq!(served, names);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_json_escapes_are_the_same_names() {
    let item = r#"{"Id":"pp-1","Name":"\u0022gr\u00f6\u00dfer\u0022 \\ \/ \ud83d\ude00\n"}"#;
    let scrape = scrape([(SCAN, products(item))]).await;
    let [info] = scrape.all("servicecatalog_provisioned_product_info", &[])[..] else {
        panic!("one product has one info")
    };
    assert_eq!(info.label("provisioned_product_name"), "\"größer\" \\ / 😀\n");
}
