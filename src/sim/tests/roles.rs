//! Roles and the credentials that they give.

use super::*;

const ASSUME: Operation = Operation::AssumeRole;
const MEMBER: &str = "210987654321";

pub(super) fn form(arn: &str, more: &str) -> String {
    format!(
        "Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=scan{more}",
        arn.replace(':', "%3A").replace('/', "%2F")
    )
}

/// What stands in an element of an answer.
fn element(response: &Response, name: &str) -> String {
    let body = String::from_utf8(response.body.to_vec()).unwrap();
    let found = body.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once("</"));
    found.unwrap_or_else(|| panic!("{name} in {body}")).0.to_owned()
}

fn assume(world: &mut World, arn: &str, more: &str) -> Response {
    world.answer(&Request::signed(ASSUME, ACCESS_KEY_ID, REGION, &form(arn, more)))
}

/// The access key and the token that the role gives.
fn assumed(world: &mut World, arn: &str, more: &str) -> (String, String) {
    let response = assume(world, arn, more);
    assert_eq!(response.status, 200, "{:?}", response.body);
    (element(&response, "AccessKeyId"), element(&response, "SessionToken"))
}

/// The code of the refusal.
fn refused(world: &mut World, arn: &str, more: &str) -> String {
    let response = assume(world, arn, more);
    assert_ne!(response.status, 200, "{:?}", response.body);
    element(&response, "Code")
}

fn scan_by((key, token): &(String, String)) -> Request {
    Request::signed(SCAN, key, REGION, &account_scan(None).to_string()).with_token(token)
}

/// A world with a member account of three products, and a role in it.
fn world_with(role: Role) -> (World, String) {
    let mut world = world_of(1);
    for n in 0..3 {
        world.add(MEMBER, REGION, ProvisionedProduct::healthy(n).at(MEMBER, REGION));
    }
    let arn = role.arn.clone();
    world.add_role(role);
    (world, arn)
}

fn exporter() -> Role {
    Role::new(MEMBER, "Exporter")
}

#[test]
fn the_credentials_of_a_role_are_those_of_its_session_in_its_account() {
    let (mut world, arn) = world_with(exporter());
    let credentials = assumed(&mut world, &arn, "");
    assert!(credentials.0.starts_with("ASIA") && credentials.0.len() == 20, "{credentials:?}");
    let products = json_of(&world.answer(&scan_by(&credentials)));
    assert_eq!(products["ProvisionedProducts"].as_array().unwrap().len(), 3);
    let who = Request::signed(IDENTITY, &credentials.0, REGION, "Action=GetCallerIdentity");
    let who = world.answer(&who.with_token(&credentials.1));
    assert_eq!(element(&who, "Account"), MEMBER);
    assert_eq!(element(&who, "Arn"), format!("arn:aws:sts::{MEMBER}:assumed-role/Exporter/scan"));
    assert_ne!(assumed(&mut world, &arn, "").0, credentials.0, "each session has keys of its own");
}

#[test]
fn a_path_of_a_role_is_no_part_of_its_session_and_the_partition_is() {
    let arn = "arn:aws-cn:iam::210987654321:role/monitoring/Exporter";
    let (mut world, _) = world_with(Role { arn: arn.to_owned(), ..exporter() });
    let response = assume(&mut world, arn, "");
    assert_eq!(
        element(&response, "Arn"),
        "arn:aws-cn:sts::210987654321:assumed-role/Exporter/scan"
    );
}

#[test]
fn credentials_are_good_only_with_their_token() {
    let (mut world, arn) = world_with(exporter());
    let credentials = assumed(&mut world, &arn, "");
    let other = assumed(&mut world, &arn, "");
    for request in [
        Request { security_token: None, ..scan_by(&credentials) },
        scan_by(&(credentials.0.clone(), other.1)),
    ] {
        assert_eq!(json_of(&world.answer(&request))["__type"], "UnrecognizedClientException");
    }
}

#[test]
fn a_role_is_refused_in_the_words_of_sts_whatever_the_cause() {
    let hub = "arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/monitoring";
    let cases = [
        (exporter().with_external_id("right"), ""),
        (exporter().with_external_id("right"), "&ExternalId=wrong"),
        (exporter().trusting(["999999999999"]), ""),
        (exporter().trusting(["arn:aws:iam::123456789012:role/Other"]), ""),
        (Role { arn: "arn:aws:iam::210987654321:role/Another".into(), ..exporter() }, ""),
    ];
    for (role, more) in cases {
        let (mut world, _) = world_with(role.clone());
        let response = assume(&mut world, &exporter().arn, more);
        assert_eq!((response.status, element(&response, "Code").as_str()), (403, "AccessDenied"));
        assert_eq!(
            element(&response, "Message"),
            format!(
                "User: {hub} is not authorized to perform: sts:AssumeRole on resource: {}",
                exporter().arn
            ),
            "{role:?}"
        );
    }
}

#[test]
fn a_role_is_given_to_whom_it_trusts() {
    for trusted in [
        "123456789012",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:role/ServiceCatalogExporter",
        "arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/monitoring",
    ] {
        let role = exporter().trusting(["999999999999", trusted]).with_external_id("a+b=/c");
        let (mut world, arn) = world_with(role);
        assumed(&mut world, &arn, "&ExternalId=a%2Bb%3D%2Fc");
    }
}

#[test]
fn a_removed_role_is_refused_while_its_credentials_go_on() {
    let (mut world, arn) = world_with(exporter());
    let credentials = assumed(&mut world, &arn, "");
    world.remove_role(&arn);
    assert_eq!(refused(&mut world, &arn, ""), "AccessDenied");
    assert_eq!(world.answer(&scan_by(&credentials)).status, 200);
}

#[test]
fn credentials_end_after_the_asked_time_and_say_so_in_each_protocol() {
    let (mut world, arn) = world_with(exporter());
    let credentials = assumed(&mut world, &arn, "&DurationSeconds=900");
    world.advance(Duration::from_secs(899));
    assert_eq!(world.answer(&scan_by(&credentials)).status, 200);
    world.advance(Duration::from_secs(1));
    assert_eq!(json_of(&world.answer(&scan_by(&credentials)))["__type"], "ExpiredTokenException");
    let who = Request::signed(IDENTITY, &credentials.0, REGION, "Action=GetCallerIdentity");
    assert_eq!(element(&world.answer(&who.with_token(&credentials.1)), "Code"), "ExpiredToken");
    let regions = Request::signed(Operation::ListRegions, &credentials.0, REGION, "");
    let response = world.answer(&regions.with_token(&credentials.1));
    assert_eq!(response.header("x-amzn-errortype"), Some("ExpiredTokenException"));
}

#[test]
fn the_end_that_is_told_is_that_of_the_credentials() {
    let (mut world, arn) = world_with(exporter());
    let told = |world: &mut World, more: &str| element(&assume(world, &arn, more), "Expiration");
    // The world began at 1,700,000,000.
    assert_eq!(told(&mut world, ""), "2023-11-14T23:13:20Z");
    assert_eq!(told(&mut world, "&DurationSeconds=900"), "2023-11-14T22:28:20Z");
    world.advance(Duration::from_secs(60));
    assert_eq!(told(&mut world, "&DurationSeconds=900"), "2023-11-14T22:29:20Z");
}

#[test]
fn a_role_may_give_credentials_for_seconds_whatever_is_asked() {
    let (mut world, arn) = world_with(exporter().living(Duration::from_secs(2)));
    let credentials = assumed(&mut world, &arn, "&DurationSeconds=3600");
    world.advance(Duration::from_millis(1_999));
    assert_eq!(world.answer(&scan_by(&credentials)).status, 200);
    world.advance(Duration::from_millis(1));
    assert_eq!(json_of(&world.answer(&scan_by(&credentials)))["__type"], "ExpiredTokenException");
}

#[test]
fn what_breaks_the_model_or_lasts_too_long_is_no_valid_request() {
    let (mut world, arn) = world_with(exporter());
    for (arn, more) in [
        (arn.as_str(), "&DurationSeconds=899"),
        (&arn, "&DurationSeconds=43201"),
        (&arn, "&DurationSeconds=3601"),
        (&arn, "&DurationSeconds=soon"),
        (&arn, "&ExternalId=x"),
        (&arn, "&RoleSessionName=a%20b"),
        (&arn, "&RoleSessionName=x"),
        ("role/Exporter", ""),
    ] {
        assert_eq!(refused(&mut world, arn, more), "ValidationError", "{arn} {more}");
    }
    assumed(&mut world, &arn, "&DurationSeconds=3600");
}

#[test]
fn a_role_assumed_by_a_role_lasts_an_hour_at_most() {
    let role = Role { longest_session: Duration::from_secs(43_200), ..exporter() };
    let (mut world, arn) = world_with(role);
    let first = assumed(&mut world, &arn, "&DurationSeconds=43200");
    let mut chained = |more: &str| {
        let request = Request::signed(ASSUME, &first.0, REGION, &form(&arn, more));
        world.answer(&request.with_token(&first.1)).status
    };
    assert_eq!(chained("&DurationSeconds=3601"), 400);
    assert_eq!(chained("&DurationSeconds=3600"), 200);
}

#[test]
fn a_fault_may_speak_of_one_role() {
    let (mut world, arn) = world_with(exporter());
    world.add_role(Role::new(ACCOUNT, "Exporter"));
    world.inject(Fault::role_denied(&arn));
    assert_eq!(refused(&mut world, &arn, ""), "AccessDenied");
    assumed(&mut world, &Role::new(ACCOUNT, "Exporter").arn, "");
}
