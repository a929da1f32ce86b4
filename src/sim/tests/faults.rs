use super::*;

/// A scan of a world with that fault.
fn struck(what: What) -> Response {
    let mut world = world_of(1);
    world.inject(Fault::new(what));
    ask(&mut world, SCAN, &account_scan(None))
}

#[test]
fn errors_have_the_codes_and_messages_of_aws() {
    let cases = [
        (What::Throttle, "ThrottlingException", "Rate exceeded"),
        (What::ThrottleAsValidation, "ValidationException", "Rate exceeded"),
        (What::InternalFailure, "InternalFailure", "unknown error"),
        (
            What::Denied,
            "AccessDeniedException",
            "User: arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/monitoring is not authorized to \
             perform: servicecatalog:ScanProvisionedProducts on resource: \
             arn:aws:servicecatalog:eu-central-1:123456789012:*/* because no identity-based policy allows the \
             servicecatalog:ScanProvisionedProducts action",
        ),
        (
            What::DeniedByScp,
            "AccessDeniedException",
            "with an explicit deny in a service control policy",
        ),
        (What::Expired, "ExpiredTokenException", "expired"),
        (What::Skewed, "InvalidSignatureException", "Signature expired: "),
        (What::OptInRequired, "OptInRequired", "subscription"),
        (What::UnrecognizedClient, "UnrecognizedClientException", "invalid"),
        (What::NotFound, "ResourceNotFoundException", "does not exist or access was denied"),
        (What::InvalidParameters, "InvalidParametersException", ""),
    ];
    for (what, code, message) in cases {
        let response = struck(what.clone());
        let error = json_of(&response);
        assert_eq!(error["__type"], code);
        assert!(error["Message"].as_str().unwrap().contains(message), "{error}");
        assert_eq!(response.status, if what == What::InternalFailure { 500 } else { 400 });
    }
}

#[test]
fn sts_fails_in_its_own_words() {
    for (what, code) in [
        (What::Throttle, "Throttling"),
        (What::Denied, "AccessDenied"),
        (What::Expired, "ExpiredToken"),
        (What::UnrecognizedClient, "InvalidClientTokenId"),
    ] {
        let mut world = world_of(0);
        world.inject(Fault::new(what));
        let response = world.answer(&Request::signed(
            IDENTITY,
            ACCESS_KEY_ID,
            REGION,
            "Action=GetCallerIdentity",
        ));
        let body = String::from_utf8(response.body.to_vec()).unwrap();
        assert!(body.contains(&format!("<Code>{code}</Code>")), "{body}");
    }
}

#[test]
fn broken_answers_are_broken_as_told() {
    let unavailable = struck(What::ServiceUnavailable);
    assert_eq!((unavailable.status, unavailable.header("content-type")), (503, Some("text/html")));
    assert!(unavailable.body.starts_with(b"<html>"));

    let malformed = struck(What::MalformedJson);
    assert_eq!(malformed.status, 200);
    assert!(serde_json::from_slice::<Value>(&malformed.body).is_err());

    let huge = struck(What::HugeBody);
    assert_eq!(huge.status, 200);
    assert!(huge.body.len() > 8 * 1024 * 1024);
    assert_eq!(json_of(&huge)["ProvisionedProducts"], json!([]));

    assert_eq!(struck(What::Hang).delivery, Delivery::Never);
    assert_eq!(struck(What::Reset).delivery, Delivery::Reset);
    let dripping = struck(What::Drip);
    assert_eq!(dripping.delivery, Delivery::Drip);
    assert_eq!(json_of(&dripping)["ProvisionedProducts"].as_array().unwrap().len(), 1);

    let raw = struck(What::Raw {
        status: 418,
        headers: vec![("X-Tea".into(), "pot".into())],
        body: "short".into(),
    });
    assert_eq!((raw.status, raw.header("x-tea"), &raw.body[..]), (418, Some("pot"), &b"short"[..]));
}

#[test]
fn a_repeated_token_leads_back_to_the_same_page() {
    let mut world = world_of(100);
    world.inject(Fault::new(What::RepeatedToken));
    let pages = scanned(&mut world, 4);
    assert_ne!(pages[0], pages[1]);
    assert_eq!(pages[1], pages[2]);
    assert_eq!(pages[2], pages[3]);
}

#[test]
fn a_token_cycle_goes_a_b_a_even_in_a_short_list() {
    for products in [1, 100] {
        let mut world = world_of(products);
        world.inject(Fault::new(What::TokenCycle));
        let mut tokens: Vec<String> = Vec::new();
        for _ in 0..4 {
            let page = page_of(&mut world, SCAN, &account_scan(tokens.last().map(String::as_str)));
            tokens.push(page["NextPageToken"].as_str().unwrap().to_owned());
        }
        assert_ne!(tokens[0], tokens[1]);
        assert_eq!(tokens[0], tokens[2]);
        assert_eq!(tokens[1], tokens[3]);
    }
}

#[test]
fn an_empty_page_goes_on_without_losing_an_item_or_repeating_a_token() {
    let mut world = world_of(45);
    world.inject(Fault::new(What::EmptyPage).on_page(Page::Nth(2)));
    let pages = scanned(&mut world, 10);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 0, 20, 5]);
    assert_eq!(pages.concat(), world.ids(ACCOUNT, REGION));

    world.clear_faults();
    world.inject(Fault::new(What::EmptyPage));
    let mut tokens: Vec<String> = Vec::new();
    for _ in 0..5 {
        let page = page_of(&mut world, SCAN, &account_scan(tokens.last().map(String::as_str)));
        let token = page["NextPageToken"].as_str().unwrap().to_owned();
        assert!(!tokens.contains(&token));
        tokens.push(token);
    }
}

#[test]
fn the_last_page_can_end_with_null_or_an_empty_token() {
    for (what, end) in [(What::NullToken, Value::Null), (What::EmptyToken, json!(""))] {
        let mut world = world_of(21);
        world.inject(Fault::new(what));
        let first = page_of(&mut world, SCAN, &account_scan(None));
        let last = page_of(&mut world, SCAN, &account_scan(first["NextPageToken"].as_str()));
        assert_eq!(last.get("NextPageToken"), Some(&end));
        assert_eq!(last["ProvisionedProducts"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn overlapping_pages_repeat_the_last_item_and_still_hold_all() {
    let mut world = world_of(45);
    world.inject(Fault::new(What::OverlappingPages));
    let pages = scanned(&mut world, 10);
    for neighbours in pages.windows(2) {
        assert_eq!(neighbours[0].last(), neighbours[1].first());
    }
    let mut ids = pages.concat();
    ids.dedup();
    assert_eq!(ids, world.ids(ACCOUNT, REGION));
}

#[test]
fn a_fault_strikes_only_where_all_its_conditions_hold() {
    let mut world = World::sized(30, 2, 30);
    let ids = world.ids(ACCOUNT, REGION);
    world.inject(
        Fault::new(What::Throttle)
            .on(LIST)
            .of_account(ACCOUNT)
            .in_region(REGION)
            .for_product(&ids[1])
            .on_page(Page::Later),
    );
    page_of(&mut world, SCAN, &account_scan(None));
    page_of(&mut world, LIST, &json!({"ProvisionedProductId": ids[0]}));
    let first = page_of(&mut world, LIST, &json!({"ProvisionedProductId": ids[1]}));
    let later = json!({"ProvisionedProductId": ids[1], "PageToken": first["NextPageToken"]});
    assert_eq!(code_of(&mut world, LIST, &later), "ThrottlingException");

    world.clear_faults();
    world.inject(Fault::new(What::Throttle).in_region("eu-west-1"));
    world.inject(Fault::new(What::Throttle).of_account("210987654321"));
    page_of(&mut world, LIST, &later);
}

#[test]
fn faults_happen_in_their_order_and_as_often_as_told() {
    let mut world = world_of(1);
    world.inject(Fault::new(What::Throttle).times(2));
    world.inject(Fault::new(What::Expired).times(1));
    for code in ["ThrottlingException", "ThrottlingException", "ExpiredTokenException"] {
        assert_eq!(code_of(&mut world, SCAN, &account_scan(None)), code);
    }
    page_of(&mut world, SCAN, &account_scan(None));
}

#[test]
fn a_probable_fault_happens_about_as_often_and_the_same_way_in_every_run() {
    let history = || {
        let mut world = world_of(1);
        world.inject(Fault::new(What::Throttle).with_probability(0.3));
        (0..1000).map(|_| ask(&mut world, SCAN, &account_scan(None)).status).collect::<Vec<_>>()
    };
    let struck = history().into_iter().filter(|status| *status == 400).count();
    assert!((250..350).contains(&struck), "{struck}");
    assert_eq!(history(), history());
}

#[test]
fn a_fault_of_pages_leaves_calls_without_pages_alone() {
    for fault in [Fault::new(What::EmptyPage), Fault::new(What::Throttle).on_page(Page::First)] {
        let mut world = world_of(1);
        world.inject(fault.times(1));
        let form = "Action=GetCallerIdentity";
        let (call, _) = world.exchange(&Request::signed(IDENTITY, ACCESS_KEY_ID, REGION, form));
        assert_eq!(call.outcome, Outcome::Answered);
        let (call, _) = world.exchange(&Request::signed(SCAN, ACCESS_KEY_ID, REGION, "{}"));
        assert!(matches!(call.outcome, Outcome::Faulted(_)), "{call:?}");
    }
}

#[test]
fn a_rate_is_that_of_one_account_region_and_operation_in_the_worlds_time() {
    let mut world = World::sized(1, 1, 1);
    world.add_principal("AKIAOTHER", "210987654321", "arn:aws:iam::210987654321:user/other");
    world.inject(Fault::new(What::Throttle).above_rate(2.0, 3.0));
    let scan = |world: &mut World, key: &str, region: &str| {
        let body = account_scan(None).to_string();
        world.answer(&Request::signed(SCAN, key, region, &body)).status
    };
    let burst = |world: &mut World, key: &str, region: &str| -> Vec<u16> {
        (0..5).map(|_| scan(world, key, region)).collect()
    };
    assert_eq!(burst(&mut world, ACCESS_KEY_ID, REGION), [200, 200, 200, 400, 400]);
    assert_eq!(burst(&mut world, ACCESS_KEY_ID, "eu-west-1"), [200, 200, 200, 400, 400]);
    assert_eq!(burst(&mut world, "AKIAOTHER", REGION), [200, 200, 200, 400, 400]);
    let id = world.ids(ACCOUNT, REGION)[0].clone();
    page_of(&mut world, LIST, &json!({"ProvisionedProductId": id}));
    // What was refused took no token, and the bucket holds no more than its burst.
    world.advance(Duration::from_secs(1));
    assert_eq!(burst(&mut world, ACCESS_KEY_ID, REGION), [200, 200, 400, 400, 400]);
    world.advance(Duration::from_secs(60));
    assert_eq!(burst(&mut world, ACCESS_KEY_ID, REGION), [200, 200, 200, 400, 400]);
}

#[test]
fn each_service_throttles_in_its_own_words() {
    let cases = [
        (Operation::SearchProvisionedProducts, "ThrottlingException"),
        (Operation::ListAccounts, "TooManyRequestsException"),
        (Operation::ListChildren, "TooManyRequestsException"),
    ];
    for (operation, code) in cases {
        let mut world = world_of(1);
        world.inject(Fault::new(What::Throttle).on(operation));
        assert_eq!(code_of(&mut world, operation, &json!({})), code);
    }
    let mut world = world_of(1);
    world.inject(Fault::new(What::Throttle));
    let response = ask(&mut world, Operation::ListRegions, &json!({}));
    assert_eq!(response.status, 429);
    assert_eq!(response.header("x-amzn-errortype"), Some("TooManyRequestsException"));
}

#[test]
fn a_denial_names_the_action_of_the_service_that_was_asked() {
    for (operation, action, resource) in [
        (Operation::DescribeRecord, "servicecatalog:DescribeRecord", "arn:aws:servicecatalog:"),
        (Operation::ListAccounts, "organizations:ListAccounts", "*"),
        (Operation::ListRegions, "account:ListRegions", "arn:aws:account::123456789012:account"),
    ] {
        let mut world = world_of(1);
        world.inject(Fault::new(What::Denied));
        let body = String::from_utf8(ask(&mut world, operation, &json!({})).body.to_vec()).unwrap();
        let said = format!("not authorized to perform: {action} on resource: {resource}");
        assert!(body.contains(&said), "{body}");
    }
}

#[test]
fn a_fault_may_speak_of_one_record_or_parent() {
    let mut world = World::fleet(&Fleet::default());
    let parent = Fleet::unit(1);
    world.inject(Fault::new(What::Throttle).about(&parent));
    let children = |parent: &str| json!({"ParentId": parent, "ChildType": "ACCOUNT"});
    page_of(&mut world, Operation::ListChildren, &children(&Fleet::unit(0)));
    let code = code_of(&mut world, Operation::ListChildren, &children(&parent));
    assert_eq!(code, "TooManyRequestsException");

    let record = "rec-0000000000000";
    let mut world = world_of(2);
    world.inject(Fault::new(What::NotFound).about(record));
    page_of(&mut world, Operation::DescribeRecord, &json!({"Id": "rec-0000000000001"}));
    let response = ask(&mut world, Operation::DescribeRecord, &json!({"Id": record}));
    assert!(
        response.body.starts_with(br#"{"__type":"ResourceNotFoundException","Message":"rec-0"#)
    );
}
