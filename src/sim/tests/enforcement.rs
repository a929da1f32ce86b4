use super::*;

#[test]
fn a_scan_gives_all_products_once_in_pages_of_twenty() {
    let mut world = world_of(45);
    let pages = scanned(&mut world, 10);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    assert_eq!(pages.concat(), world.ids(ACCOUNT, REGION));
}

#[test]
fn the_last_page_has_no_token_field_even_when_it_is_full() {
    let mut world = world_of(40);
    let first = page_of(&mut world, SCAN, &account_scan(None));
    let last = page_of(&mut world, SCAN, &account_scan(first["NextPageToken"].as_str()));
    assert_eq!(last["ProvisionedProducts"].as_array().unwrap().len(), 20);
    assert_eq!(last.get("NextPageToken"), None);
}

#[test]
fn a_page_size_is_obeyed_up_to_twenty_and_refused_above() {
    let mut world = world_of(45);
    let mut input = account_scan(None);
    input["PageSize"] = 7.into();
    assert_eq!(
        page_of(&mut world, SCAN, &input)["ProvisionedProducts"].as_array().unwrap().len(),
        7
    );
    for refused in [21, -1] {
        input["PageSize"] = refused.into();
        assert_eq!(code_of(&mut world, SCAN, &input), "ValidationException", "{refused}");
    }
    input["PageSize"] = "7".into();
    assert_eq!(code_of(&mut world, SCAN, &input), "SerializationException");
}

#[test]
fn the_default_level_shows_only_what_the_caller_launched() {
    let mut world = world_of(3);
    let caller = "arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/monitoring";
    let colleague = "arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/deploy";
    world.add(ACCOUNT, REGION, ProvisionedProduct::healthy(10).owned_by(caller));
    world.add(ACCOUNT, REGION, ProvisionedProduct::healthy(11).owned_by(colleague));
    let mut shown = |input: Value| {
        page_of(&mut world, SCAN, &input)["ProvisionedProducts"].as_array().unwrap().len()
    };
    assert_eq!(shown(json!({})), 1);
    assert_eq!(shown(json!({"AccessLevelFilter": {"Key": "User", "Value": "self"}})), 1);
    assert_eq!(shown(json!({"AccessLevelFilter": {"Key": "Role", "Value": "Self"}})), 2);
    assert_eq!(shown(json!({"AccessLevelFilter": {"Key": "Account", "Value": "self"}})), 5);
}

#[test]
fn an_access_level_of_another_than_self_is_refused() {
    let mut world = world_of(1);
    let other = json!({"AccessLevelFilter": {"Key": "Account", "Value": "123456789012"}});
    assert_eq!(code_of(&mut world, SCAN, &other), "InvalidParametersException");
    let unknown = json!({"AccessLevelFilter": {"Key": "Everyone", "Value": "self"}});
    assert_eq!(code_of(&mut world, SCAN, &unknown), "ValidationException");
}

#[test]
fn forged_foreign_and_expired_tokens_are_refused() {
    let mut world = World::sized(45, 2, 45);
    let ids = world.ids(ACCOUNT, REGION);
    let scan_page = page_of(&mut world, SCAN, &account_scan(None));
    let scan_token = scan_page["NextPageToken"].as_str().unwrap();
    let list_page = page_of(&mut world, LIST, &json!({"ProvisionedProductId": ids[0]}));
    let list_token = list_page["NextPageToken"].as_str().unwrap();

    for bad in ["", "forged", list_token] {
        assert_eq!(
            code_of(&mut world, SCAN, &account_scan(Some(bad))),
            "InvalidParametersException"
        );
    }
    for (id, token) in [(&ids[0], scan_token), (&ids[1], list_token)] {
        let input = json!({"ProvisionedProductId": id, "PageToken": token});
        assert_eq!(code_of(&mut world, LIST, &input), "InvalidParametersException");
    }
    world.expire_tokens();
    assert_eq!(
        code_of(&mut world, SCAN, &account_scan(Some(scan_token))),
        "InvalidParametersException"
    );
}

#[test]
fn a_stack_set_lists_its_instances_in_pages() {
    let mut world = World::sized(1, 1, 21);
    let mut input = json!({"ProvisionedProductId": world.ids(ACCOUNT, REGION)[0]});
    let first = page_of(&mut world, LIST, &input);
    assert_eq!(first["StackInstances"].as_array().unwrap().len(), 20);
    assert_eq!(
        first["StackInstances"][0],
        json!({"Account": "210000000001", "Region": "eu-central-1", "StackInstanceStatus": "CURRENT"})
    );
    input["PageToken"] = first["NextPageToken"].clone();
    let last = page_of(&mut world, LIST, &input);
    assert_eq!(last["StackInstances"].as_array().unwrap().len(), 1);
    assert_eq!(last.get("NextPageToken"), None);
}

#[test]
fn listing_needs_the_id_of_a_stack_set_that_exists() {
    let mut world = world_of(1);
    let stack = json!({"ProvisionedProductId": world.ids(ACCOUNT, REGION)[0]});
    assert_eq!(code_of(&mut world, LIST, &json!({})), "ValidationException");
    assert_eq!(code_of(&mut world, LIST, &stack), "InvalidParametersException");
    let response = ask(&mut world, LIST, &json!({"ProvisionedProductId": "pp-nowhere"}));
    assert_eq!(
        response.body,
        r#"{"__type":"ResourceNotFoundException","Message":"pp-nowhere does not exist or access was denied"}"#
    );
}

#[test]
fn a_product_that_was_removed_between_two_calls_is_not_found() {
    let mut world = World::sized(2, 2, 1);
    let gone = json!({"ProvisionedProductId": world.ids(ACCOUNT, REGION)[0]});
    page_of(&mut world, LIST, &gone);
    world.catalog_mut(ACCOUNT, REGION).products_mut().remove(0);
    assert_eq!(code_of(&mut world, LIST, &gone), "ResourceNotFoundException");
    let moved = json!({"ProvisionedProductId": world.ids(ACCOUNT, REGION)[0]});
    page_of(&mut world, LIST, &moved);
}

#[test]
fn the_caller_must_be_known_in_the_region_and_signed_for_the_service() {
    let mut world = world_of(1);
    world.disable_region(ACCOUNT, "me-south-1");
    let scan = |key: &str, region: &str| Request::signed(SCAN, key, region, "{}");
    let sts = Request::signed(
        IDENTITY,
        ACCESS_KEY_ID,
        REGION,
        "Action=GetCallerIdentity&Version=2011-06-15",
    );
    let cases = [
        (
            Request { authorization: None, ..scan(ACCESS_KEY_ID, REGION) },
            "MissingAuthenticationToken",
        ),
        (
            Request { authorization: Some("Bearer x".into()), ..scan(ACCESS_KEY_ID, REGION) },
            "IncompleteSignature",
        ),
        (scan("AKIAUNKNOWN", REGION), "UnrecognizedClientException"),
        (scan(ACCESS_KEY_ID, "me-south-1"), "UnrecognizedClientException"),
        (
            Request { authorization: sts.authorization, ..scan(ACCESS_KEY_ID, REGION) },
            "InvalidSignatureException",
        ),
    ];
    for (request, code) in cases {
        let response = world.answer(&request);
        assert_eq!(json_of(&response)["__type"], code, "{request:?}");
        assert_eq!(response.status, 400);
    }
}

#[test]
fn unknown_operations_and_malformed_bodies_are_refused() {
    let mut world = world_of(1);
    let scan = Request::signed(SCAN, ACCESS_KEY_ID, REGION, "{");
    assert_eq!(json_of(&world.answer(&scan))["__type"], "SerializationException");
    let unknown =
        Request { target: Some("AWS242ServiceCatalogService.CopyProduct".into()), ..scan };
    assert_eq!(json_of(&world.answer(&unknown))["__type"], "UnknownOperationException");
}

#[test]
fn sts_says_who_the_caller_is_in_xml() {
    let mut world = world_of(0);
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let response = world.answer(&Request::signed(IDENTITY, ACCESS_KEY_ID, REGION, form));
    let body = String::from_utf8(response.body.to_vec()).unwrap();
    assert_eq!(response.header("content-type"), Some("text/xml"));
    assert!(body.contains("<Account>123456789012</Account>"), "{body}");
    assert!(body.contains(":assumed-role/ServiceCatalogExporter/monitoring</Arn>"), "{body}");

    let response = world.answer(&Request::signed(IDENTITY, "AKIAUNKNOWN", REGION, form));
    assert_eq!(response.status, 403);
    assert!(
        String::from_utf8(response.body.to_vec())
            .unwrap()
            .contains("<Code>InvalidClientTokenId</Code>")
    );
}

#[test]
fn an_account_sees_its_own_catalog_of_the_region_only() {
    let mut world = world_of(3);
    world.add_principal("AKIAOTHER", "210987654321", "arn:aws:iam::210987654321:user/other");
    world.add("210987654321", REGION, ProvisionedProduct::healthy(9).at("210987654321", REGION));
    let shown = |world: &mut World, key: &str, region: &str| {
        let response =
            world.answer(&Request::signed(SCAN, key, region, &account_scan(None).to_string()));
        json_of(&response)["ProvisionedProducts"].as_array().unwrap().len()
    };
    assert_eq!(shown(&mut world, ACCESS_KEY_ID, REGION), 3);
    assert_eq!(shown(&mut world, "AKIAOTHER", REGION), 1);
    assert_eq!(shown(&mut world, ACCESS_KEY_ID, "eu-west-1"), 0);
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let mut world = world_of(1);
    let mut id =
        || ask(&mut world, SCAN, &json!({})).header("x-amzn-requestid").unwrap().to_owned();
    assert_ne!(id(), id());
}

#[test]
fn an_exchange_tells_how_the_request_was_understood() {
    let mut world = world_of(1);
    let mut input = account_scan(Some("forged"));
    input["PageSize"] = 5.into();
    let request = Request::signed(SCAN, ACCESS_KEY_ID, REGION, &input.to_string());
    let (call, _) = world.exchange(&request);
    assert_eq!(
        call,
        Call {
            operation: Some(SCAN),
            account: Some(ACCOUNT.into()),
            region: Some(REGION.into()),
            access_key: Some(ACCESS_KEY_ID.into()),
            product_id: None,
            page_token: Some("forged".into()),
            page_size: Some(5),
            access_level: Some("Account".into()),
            outcome: Outcome::Refused("InvalidParametersException"),
            ..Call::default()
        }
    );
}
