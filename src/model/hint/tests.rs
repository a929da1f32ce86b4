use super::*;

const STACK: &str = include_str!("../../../fuzz/corpus/event/stack");
const INSTANCE: &str = include_str!("../../../fuzz/corpus/event/stack-instance");
const SET: &str = include_str!("../../../fuzz/corpus/event/stack-set");
const CALL: &str = include_str!("../../../fuzz/corpus/event/api-call");
const FACTORY: &str = include_str!("../../../fuzz/corpus/event/account-factory");

fn hint(account: &str, region: &str, product: Option<&str>) -> Hint {
    Hint {
        account: AccountId::parse(account).unwrap(),
        region: Region::parse(region).unwrap(),
        product: product.map(Into::into),
    }
}

#[test]
fn events_of_stacks_and_stack_sets_name_the_product_by_the_name_of_the_stack() {
    let of_product = |id| Ok(hint("111122223333", "eu-central-1", Some(id)));
    assert_eq!(Hint::read(STACK), of_product("pp-stackaaaaaaaa"));
    assert_eq!(Hint::read(SET), of_product("pp-setaaaaaaaaaa"));
    assert_eq!(Hint::read(INSTANCE), of_product("pp-setaaaaaaaaaa"));
}

#[test]
fn the_account_is_that_of_the_product_and_not_of_who_administrates_or_sends() {
    let passed_on = INSTANCE.replace(":111122223333:", ":999999999999:");
    let passed_on =
        passed_on.replace("\"account\": \"111122223333\"", "\"account\": \"888888888888\"");
    assert_ne!(passed_on, INSTANCE);
    assert_eq!(Hint::read(&passed_on), Hint::read(INSTANCE));
}

#[test]
fn a_call_of_service_catalog_names_account_and_region_and_the_product_where_it_has_one() {
    assert_eq!(
        Hint::read(CALL),
        Ok(hint("111122223333", "eu-central-1", Some("pp-stackaaaaaaaa")))
    );
    let launch = CALL.replace("UpdateProvisionedProduct", "ProvisionProduct");
    let launch = launch.replacen("\"provisionedProductId\"", "\"productId\"", 1);
    let named = Hint::read(&launch).unwrap().product;
    assert_eq!(named.as_deref(), Some("pp-stackaaaaaaaa"), "of the answer");
    let unnamed = launch.replace("\"provisionedProductId\"", "\"other\"");
    assert_eq!(Hint::read(&unnamed), Ok(hint("111122223333", "eu-central-1", None)));
    let denied = "{\"source\":\"aws.servicecatalog\",\"detail-type\":\"AWS API Call via CloudTrail\",\
        \"account\":\"111122223333\",\"region\":\"eu-central-1\",\"detail\":{\"eventName\":\
        \"ProvisionProduct\",\"requestParameters\":null,\"responseElements\":null}}";
    assert_eq!(Hint::read(denied), Ok(hint("111122223333", "eu-central-1", None)));
}

#[test]
fn what_the_exporter_itself_calls_is_no_reason_to_call_again() {
    for reading in ["ScanProvisionedProducts", "DescribeRecord", "SearchProvisionedProducts"] {
        let call = CALL.replace("UpdateProvisionedProduct", reading);
        assert_eq!(Hint::read(&call), Err(Ignored::NotServiceCatalog), "{reading}");
    }
}

#[test]
fn a_call_that_was_refused_changed_nothing() {
    let refused = CALL.replace("\"readOnly\"", "\"errorCode\": \"AccessDenied\", \"readOnly\"");
    assert_ne!(refused, CALL);
    assert_eq!(Hint::read(&refused), Err(Ignored::NotServiceCatalog));
    let fine = CALL.replace("\"readOnly\"", "\"errorCode\": null, \"readOnly\"");
    assert!(Hint::read(&fine).is_ok());
}

#[test]
fn lifecycle_events_of_control_tower_are_about_the_account_that_has_the_products() {
    assert_eq!(Hint::read(FACTORY), Ok(hint("444455556666", "us-east-1", None)));
    let other = FACTORY.replace("CreateManagedAccount", "EnableGuardrail");
    assert_eq!(Hint::read(&other), Err(Ignored::NotServiceCatalog));
}

#[test]
fn stacks_of_others_are_none_of_service_catalogs() {
    for name in [
        "network",
        "SC-",
        "SC-111122223333",
        "SC-111122223333-network",
        "SC-111122223333-pp-",
        "SC-111122223333-pp-UPPER",
        "SC-111122223333-pp-aaa-bbb",
        "SC-11112222333-pp-stackaaaaaaaa",
        "SC-1111222233334-pp-stackaaaaaaaa",
        "SC-11112222333\u{664}-pp-stackaaaaaaaa",
        "SC-111122223333-pp-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "StackSet-SC-111122223333-pp-stackaaaaaaaa-0c4f",
        "sc-111122223333-pp-stackaaaaaaaa",
    ] {
        let event = STACK.replace("SC-111122223333-pp-stackaaaaaaaa", name);
        assert_eq!(Hint::read(&event), Err(Ignored::NotServiceCatalog), "{name}");
    }
}

#[test]
fn what_is_no_event_or_names_no_place_is_malformed() {
    let nested = "[".repeat(100_000);
    let long = format!("{}{STACK}", " ".repeat(LONGEST_EVENT));
    let twice = STACK.replacen('{', "{\"source\": \"aws.cloudformation\",", 1);
    let number = STACK.replace("\"arn:", "17, \"x\": \"arn:");
    let region = STACK.replace(":eu-central-1:", ":eu-central-1.evil.example:");
    let no_arn = STACK.replace("arn:aws:cloudformation", "arn:aws:s3");
    let account = CALL.replace("\"account\": \"111122223333\"", "\"account\": \"1111\"");
    for text in [
        "", "{}", "null", "[]", "\"\"", "{", &nested, &long, &twice, &number, &region, &no_arn,
        &account,
    ] {
        assert_eq!(
            Hint::read(text),
            Err(Ignored::Malformed),
            "{}",
            &text.chars().take(200).collect::<String>()
        );
    }
}

#[test]
fn other_kinds_of_events_are_of_unknown_source() {
    for (from, to) in [
        ("aws.cloudformation", "aws.ec2"),
        ("Stack Status Change", "Resource Status Change"),
        ("aws.cloudformation", "mine"),
    ] {
        let event = STACK.replacen(from, to, 1);
        assert_ne!(event, STACK);
        assert_eq!(Hint::read(&event), Err(Ignored::UnknownSource), "{to}");
    }
}

#[test]
fn the_index_of_a_reason_is_its_place() {
    for (place, reason) in Ignored::ALL.iter().enumerate() {
        assert_eq!(reason.index(), place);
    }
}
