//! Names, tags and records: what is asked for beside the list of products.

use std::collections::BTreeSet;

use super::*;

const SEARCH: Operation = Operation::SearchProvisionedProducts;
const RECORD: Operation = Operation::DescribeRecord;

fn sorted_by(field: &str, order: &str) -> Value {
    let mut input = account_scan(None);
    input["SortBy"] = field.into();
    input["SortOrder"] = order.into();
    input["PageSize"] = 100.into();
    input
}

/// The pages of a search.
fn searched(world: &mut World, mut input: Value) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    loop {
        let page = page_of(world, SEARCH, &input);
        pages.push(page["ProvisionedProducts"].as_array().unwrap().clone());
        match page.get("NextPageToken") {
            Some(token) => input["PageToken"] = token.clone(),
            None => return pages,
        }
    }
}

fn field(items: &[Value], key: &str) -> Vec<String> {
    items.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

fn record(world: &mut World, id: &str) -> Value {
    page_of(world, RECORD, &json!({"Id": id}))["RecordDetail"].clone()
}

#[test]
fn a_sorted_search_gives_all_products_once_in_pages_of_a_hundred() {
    let mut world = world_of(250);
    for by in ["id", "arn", "name", "lastRecordId"] {
        let up = searched(&mut world, sorted_by(by, "ASCENDING"));
        assert_eq!(up.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
        let up = up.concat();
        let key = match by {
            "id" => "Id",
            "arn" => "Arn",
            "name" => "Name",
            _ => "LastRecordId",
        };
        assert!(field(&up, key).is_sorted(), "{by}");
        let mut ids = field(&up, "Id");
        ids.sort();
        assert_eq!(ids, world.ids(ACCOUNT, REGION));
        let mut down = searched(&mut world, sorted_by(by, "DESCENDING")).concat();
        down.reverse();
        assert_eq!(down, up);
    }
}

#[test]
fn a_search_without_a_field_and_an_order_loses_and_repeats_products_the_same_way_each_time() {
    for lacking in ["SortBy", "SortOrder"] {
        let mut world = world_of(250);
        let mut input = sorted_by("id", "ASCENDING");
        input.as_object_mut().unwrap().remove(lacking);
        let seen = field(&searched(&mut world, input.clone()).concat(), "Id");
        let different: BTreeSet<_> = seen.iter().collect();
        assert_eq!(seen.len(), 250, "as many as there are");
        assert!(different.len() < 240, "{}", different.len());
        assert_eq!(field(&searched(&mut world, input).concat(), "Id"), seen);
    }
}

#[test]
fn a_search_shows_what_a_scan_does_not() {
    let mut world = World::empty(ACCOUNT, REGION);
    let product = ProvisionedProduct {
        product_name: Some("Account Factory".into()),
        provisioning_artifact_name: Some("v2".into()),
        launch_role_arn: Some("arn:aws:iam::123456789012:role/launch".into()),
        ..ProvisionedProduct::healthy(1)
    };
    let product = product.vending("310000000001").tagged("CostCenter", "47 \"11\"");
    world.add(ACCOUNT, REGION, product);
    world.add(ACCOUNT, REGION, ProvisionedProduct::healthy(2));
    let page = page_of(&mut world, SEARCH, &sorted_by("id", "ASCENDING"));
    assert_eq!(page["TotalResultsCount"], 2);
    let found = &page["ProvisionedProducts"][0];
    let scanned = page_of(&mut world, SCAN, &account_scan(None))["ProvisionedProducts"][0].clone();
    let extra = json!({
        "PhysicalId": "310000000001",
        "ProductName": "Account Factory",
        "ProvisioningArtifactName": "v2",
        "Tags": [{"Key": "CostCenter", "Value": "47 \"11\""}],
        "UserArn": "arn:aws:sts::123456789012:assumed-role/Platform/pipeline",
        "UserArnSession": "arn:aws:sts::123456789012:assumed-role/Platform/pipeline",
    });
    for (key, value) in extra.as_object().unwrap() {
        assert_eq!((&found[key], scanned.get(key)), (value, None), "{key}");
    }
    for (key, value) in scanned.as_object().unwrap() {
        let shown = if key == "LaunchRoleArn" { None } else { Some(value) };
        assert_eq!(found.get(key), shown, "{key}");
    }
    assert_eq!(page["ProvisionedProducts"][1].get("Tags"), None);
}

#[test]
fn a_search_obeys_the_access_level_and_the_limits() {
    let mut world = world_of(30);
    let mut input = sorted_by("id", "ASCENDING");
    input["AccessLevelFilter"] = Value::Null;
    assert_eq!(page_of(&mut world, SEARCH, &input)["TotalResultsCount"], 0);
    input = account_scan(None);
    assert_eq!(searched(&mut world, input)[0].len(), 20, "the default");
    let token = page_of(&mut world, SCAN, &account_scan(None))["NextPageToken"].clone();
    for (key, value, code) in [
        ("PageSize", json!(101), "ValidationException"),
        ("SortOrder", json!("UP"), "ValidationException"),
        ("SortBy", json!("status"), "InvalidParametersException"),
        ("PageToken", token, "InvalidParametersException"),
    ] {
        let mut input = sorted_by("id", "ASCENDING");
        input[key] = value;
        assert_eq!(code_of(&mut world, SEARCH, &input), code, "{key}");
    }
}

#[test]
fn a_token_of_one_order_is_forged_in_another() {
    let mut world = world_of(150);
    let token = page_of(&mut world, SEARCH, &sorted_by("id", "ASCENDING"))["NextPageToken"].clone();
    for (by, order) in [("name", "ASCENDING"), ("id", "DESCENDING")] {
        let mut input = sorted_by(by, order);
        input["PageToken"] = token.clone();
        assert_eq!(code_of(&mut world, SEARCH, &input), "InvalidParametersException");
    }
}

#[test]
fn the_record_of_a_product_says_what_its_status_says() {
    let mut world = World::empty(ACCOUNT, REGION);
    let changing = ProvisionedProduct {
        last_record_id: Some("rec-changing".into()),
        last_provisioning_record_id: Some("rec-changing".into()),
        record_created_time: Some(1_700_000_000.5),
        record_updated_time: Some(1_700_000_060.25),
        ..ProvisionedProduct::healthy(1).with_status("UNDER_CHANGE")
    };
    for product in [
        ProvisionedProduct::healthy(0),
        changing,
        ProvisionedProduct::tainted(2),
        ProvisionedProduct::failed_launch(3),
    ] {
        world.add(ACCOUNT, REGION, product);
    }
    for (id, status, record_type) in [
        ("rec-0000000000000", "SUCCEEDED", "PROVISION_PRODUCT"),
        ("rec-changing", "IN_PROGRESS", "UPDATE_PROVISIONED_PRODUCT"),
        // What succeeded before the change under way.
        ("rec-0000000000001", "SUCCEEDED", "PROVISION_PRODUCT"),
        ("rec-tainted000002", "FAILED", "UPDATE_PROVISIONED_PRODUCT"),
        ("rec-0000000000003", "FAILED", "PROVISION_PRODUCT"),
    ] {
        let shown = record(&mut world, id);
        assert_eq!((&shown["RecordId"], &shown["Status"]), (&json!(id), &json!(status)));
        assert_eq!(shown["RecordType"], record_type, "{id}");
        assert_eq!(shown["RecordErrors"].as_array().unwrap().is_empty(), status != "FAILED");
    }
    let shown = record(&mut world, "rec-changing");
    assert_eq!(shown["CreatedTime"], 1_700_000_000.5);
    assert_eq!(shown["UpdatedTime"], 1_700_000_060.25);
    assert_eq!(shown["ProvisionedProductId"], "pp-0000000000001");
    let shown = record(&mut world, "rec-tainted000002");
    assert_eq!(
        shown["RecordErrors"],
        json!([{
            "Code": "AmazonCloudFormationException",
            "Description": "The update failed and was rolled back",
        }])
    );
}

#[test]
fn a_record_is_found_by_its_id_only() {
    let mut world = world_of(1);
    assert_eq!(code_of(&mut world, RECORD, &json!({})), "ValidationException");
    let unknown = json!({"Id": "rec-unknown"});
    assert_eq!(code_of(&mut world, RECORD, &unknown), "ResourceNotFoundException");
    world.catalog_mut(ACCOUNT, REGION).tell(Record {
        id: "rec-unknown".into(),
        status: Some("IN_PROGRESS_IN_ERROR".into()),
        errors: vec![("One".into(), "first".into()), ("Two".into(), "second".into())],
        ..Record::default()
    });
    let told = record(&mut world, "rec-unknown");
    assert_eq!(told["Status"], "IN_PROGRESS_IN_ERROR");
    assert_eq!(told["RecordErrors"][1]["Code"], "Two");
    assert_eq!(told.get("CreatedTime"), None);
}

#[test]
fn in_a_moving_world_records_keep_in_step_with_their_products() {
    let mut world = World::demo(3, 1_780_000_000);
    let mut in_progress: std::collections::BTreeMap<String, f64> = Default::default();
    let (mut moved, mut failed) = (0, 0);
    for _ in 0..200 {
        world.advance(Duration::from_secs(30));
        world.step();
        let now = world.unix_time();
        let products = world.catalog(ACCOUNT, REGION).unwrap().products().to_vec();
        for product in products.iter().filter(|product| !product.has_status("AVAILABLE")) {
            let id = product.last_record_id.clone().unwrap();
            let shown = record(&mut world, &id);
            let updated = shown["UpdatedTime"].as_f64().unwrap();
            assert!(shown["CreatedTime"].as_f64().unwrap() <= updated && updated <= now, "{shown}");
            match product.status.as_deref() {
                Some("UNDER_CHANGE") => {
                    assert_eq!(shown["Status"], "IN_PROGRESS");
                    if let Some(before) = in_progress.insert(id, updated) {
                        assert!(updated > before, "it moves with each step");
                        moved += 1;
                    }
                }
                Some("TAINTED" | "ERROR") => {
                    assert_eq!(shown["Status"], "FAILED");
                    let message = product.status_message.as_deref().unwrap();
                    assert_eq!(shown["RecordErrors"][0]["Description"], message);
                    failed += 1;
                }
                _ => assert_eq!(shown["Status"], "CREATED"),
            }
        }
    }
    assert!(moved > 100 && failed > 100, "{moved} {failed}");
}
