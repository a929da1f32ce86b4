//! Why a stage failed: every row of the table of reasons, from what AWS, or what stands before it,
//! really answers.

use servicecatalog_exporter::aws::Session;
use servicecatalog_exporter::config::Config;
use servicecatalog_exporter::model::{Reason, Region};
use servicecatalog_exporter::sim::{self, Fault, Operation, Page, Simulator, What, World};
use servicecatalog_exporter::snapshot::{Stage, StageResult};
use std::time::Duration;

use crate::support::{Rig, config, impatient};

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const BOTH: [(Operation, &str); 2] = [(SCAN, "products"), (LIST, "stack_instances")];

/// An answer that no fault of the simulator's own gives.
fn raw(status: u16, content_type: &str, body: &str) -> What {
    let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    What::Raw { status, headers, body: body.to_owned().into() }
}

/// An error of AWS with that code.
fn error(status: u16, code: &str, message: &str) -> What {
    let body = format!(r#"{{"__type":"{code}","Message":"{message}"}}"#);
    raw(status, "application/x-amz-json-1.1", &body)
}

fn two_attempts(config: &mut Config) {
    config.aws.max_attempts = 2;
}

fn little_time(config: &mut Config) {
    two_attempts(config);
    config.aws.attempt_timeout = Duration::from_millis(400);
}

fn a_second(config: &mut Config) {
    config.scan.timeout = Duration::from_secs(1);
}

/// Lets all calls of an operation fail in each of these ways, first those for products, then those
/// for stack instances, and expects that reason of the stage and of every failed call.
async fn fails(reason: &str, change: fn(&mut Config), faults: impl IntoIterator<Item = What>) {
    let world = World::sized(3, 1, 1);
    for what in faults {
        let rig = Rig::with(world.clone(), change).await;
        for (operation, stage) in BOTH {
            rig.simulator.clear_faults();
            rig.simulator.forget_calls();
            rig.simulator.inject(Fault::new(what.clone()).on(operation));
            let scrape = rig.scan_and_scrape().await;
            assert_eq!(scrape.failure(stage), Some(reason), "{operation:?}: {what:?}");
            let failed = scrape.failed_calls(operation.name(), reason);
            assert_eq!(failed, rig.simulator.count(operation) as f64, "{operation:?}: {what:?}");
        }
        rig.stop().await;
    }
}

/// The reason of the products stage of an exporter whose endpoint or keys are wrong. Its account
/// is never known, so no series can say it.
async fn reason_at(url: &str, access_key_id: &str) -> StageResult {
    let mut config = config();
    two_attempts(&mut config);
    let simulator = Simulator::start(World::sized(3, 1, 1)).await.unwrap();
    let url = url.replace("SIMULATOR", simulator.endpoint_url().trim_start_matches("http://"));
    let region = Region::parse(sim::REGION).unwrap();
    let session = Session::fixed(&url, &region, access_key_id, "secret", impatient(&config));
    let rig = Rig::of(simulator, session, config);
    let published = rig.attempt().await;
    let result = published.snapshot.targets[0].stage(Stage::Products).result;
    rig.stop().await;
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_of_any_kin_is_counted_as_one_and_repeated_beyond_the_attempts() {
    let codes = [
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "com.amazonaws.servicecatalog#ThrottlingException",
    ];
    let kin = codes.into_iter().flat_map(|code| [400, 500].map(|s| error(s, code, "Slow down")));
    let rig = Rig::with(World::sized(3, 1, 1), two_attempts).await;
    let mut expected = 0.0;
    for what in kin.chain([What::Throttle, What::ThrottleAsValidation]) {
        for operation in [SCAN, LIST] {
            rig.simulator.inject(Fault::new(what.clone()).on(operation).times(3));
        }
        expected += 3.0;
        let scrape = rig.scan_and_scrape().await;
        for (operation, stage) in BOTH {
            assert_eq!(scrape.failure(stage), None, "{what:?}");
            let failed = scrape.failed_calls(operation.name(), "throttled");
            assert_eq!(failed, expected, "{operation:?}: {what:?}");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_that_comes_while_aws_throttles_is_throttled() {
    for what in [What::Throttle, What::ThrottleAsValidation] {
        let rig = Rig::with(World::sized(3, 1, 1), a_second).await;
        for (operation, stage) in BOTH {
            rig.simulator.clear_faults();
            rig.simulator.inject(Fault::new(what.clone()).on(operation));
            let scrape = rig.scan_and_scrape().await;
            assert_eq!(scrape.failure(stage), Some("throttled"), "{operation:?}: {what:?}");
            assert!(scrape.failed_calls(operation.name(), "throttled") > 1.0, "asked once only");
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_call_that_then_hangs_until_the_deadline_is_throttled() {
    let world = World::sized(3, 1, 1);
    for (operation, stage) in BOTH {
        let rig = Rig::with(world.clone(), a_second).await;
        rig.simulator.inject(Fault::new(What::Throttle).on(operation).times(1));
        rig.simulator.inject(Fault::new(What::Hang).on(operation));
        assert_eq!(rig.scan_and_scrape().await.failure(stage), Some("throttled"));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_control_policy_is_told_from_a_missing_permission() {
    fails("scp_denied", two_attempts, [What::DeniedByScp]).await;
    let codes =
        ["AccessDenied", "NotAuthorized", "NotAuthorizedException", "UnauthorizedOperation"];
    let others = codes.map(|code| error(400, code, "You shall not"));
    // The status says nothing: the code does.
    let odd = [403, 500].map(|status| error(status, "AccessDeniedException", "You shall not"));
    fails("access_denied", two_attempts, others.into_iter().chain(odd).chain([What::Denied])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_stays_not_found_while_the_list_holds_it_is_access_denied() {
    let rig = Rig::new(World::sized(3, 1, 1)).await;
    rig.simulator.inject(Fault::new(What::NotFound).on(LIST));
    assert_eq!(rig.scan_and_scrape().await.failure("stack_instances"), None);
    assert_eq!(rig.scan_and_scrape().await.failure("stack_instances"), Some("access_denied"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_stays_invalid_while_the_list_holds_it_is_invalid_response() {
    let rig = Rig::new(World::sized(3, 1, 1)).await;
    rig.simulator.inject(Fault::new(What::InvalidParameters).on(LIST));
    assert_eq!(rig.scan_and_scrape().await.failure("stack_instances"), None);
    assert_eq!(rig.scan_and_scrape().await.failure("stack_instances"), Some("invalid_response"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_or_invalid_credentials_and_a_wrong_clock_are_credentials() {
    let codes = [
        "ExpiredToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "InvalidToken",
        "AuthFailure",
    ];
    let others = codes.map(|code| error(403, code, "No"));
    fails("credentials", two_attempts, others.into_iter().chain([What::Expired, What::Skewed]))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_aws_knows_in_no_region_are_credentials() {
    let rig = Rig::new(World::sized(3, 1, 1)).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::UnrecognizedClient));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("products"), Some("credentials"));
    assert_eq!(scrape.failed_calls(SCAN.name(), "credentials"), 1.0);
    rig.stop().await;
    let result = reason_at("http://SIMULATOR", "AKIAI44QH8DHBEXAMPLE").await;
    assert_eq!(result, StageResult::Failed(Reason::Credentials));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_aws_knows_elsewhere_only_mean_a_disabled_region() {
    let unknown_here = [What::OptInRequired, What::UnrecognizedClient];
    fails("region_disabled", two_attempts, unknown_here).await;
    let mut world = World::sized(3, 1, 1);
    world.disable_region(sim::ACCOUNT, sim::REGION);
    let rig = Rig::new(world).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("products"), Some("region_disabled"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_outlives_its_time_is_timeout() {
    fails("timeout", little_time, [What::Hang, What::Drip]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_the_scan_is_timeout() {
    fails("timeout", a_second, [What::Hang]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_reset_is_network() {
    fails("network", two_attempts, [What::Reset]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_reached_is_network() {
    let failed = StageResult::Failed(Reason::Network);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert_eq!(reason_at(&closed, sim::ACCESS_KEY_ID).await, failed, "connection refused");
    // A label has 63 characters at most, so that no resolver asks anybody.
    let unknown = format!("http://{}.invalid", "a".repeat(64));
    assert_eq!(reason_at(&unknown, sim::ACCESS_KEY_ID).await, failed, "no such name");
    let result = reason_at("https://SIMULATOR", sim::ACCESS_KEY_ID).await;
    assert_eq!(result, failed, "plain text where TLS is spoken");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_on_the_side_of_aws_is_server_error() {
    let faults = [
        What::InternalFailure,
        What::ServiceUnavailable,
        error(503, "ServiceUnavailableException", "Later"),
        // The code decides, not the status.
        error(400, "InternalServerException", "Oh"),
        raw(502, "text/plain", ""),
        raw(500, "text/html", "<html><body>500</body></html>"),
        raw(504, "application/x-amz-json-1.1", "{}"),
    ];
    fails("server_error", two_attempts, faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_is_invalid_response_whatever_its_status() {
    let html = "<html><body>403 Forbidden</body></html>";
    let error_document = r#"{"__type":"AccessDeniedException","Message":"You shall not"}"#;
    let faults = [
        What::MalformedJson,
        raw(403, "text/html", html),
        raw(429, "text/html", html),
        raw(400, "application/x-amz-json-1.1", "{}"),
        raw(200, "text/html", html),
        raw(200, "application/x-amz-json-1.1", ""),
        raw(200, "application/x-amz-json-1.1", "{}"),
        raw(200, "application/x-amz-json-1.1", error_document),
    ];
    fails("invalid_response", two_attempts, faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_tokens_that_repeat_or_are_refused_are_invalid_response() {
    for (operation, stage) in BOTH {
        let rig = Rig::new(World::sized(61, 1, 61)).await;
        for fault in [
            Fault::new(What::RepeatedToken),
            Fault::new(What::TokenCycle),
            Fault::new(What::InvalidParameters).on_page(Page::Later),
        ] {
            rig.simulator.clear_faults();
            rig.simulator.inject(fault.clone().on(operation));
            let scrape = rig.scan_and_scrape().await;
            assert_eq!(scrape.failure(stage), Some("invalid_response"), "{fault:?}");
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_pages_than_allowed_are_limit() {
    for (world, stage) in
        [(World::sized(41, 1, 1), "products"), (World::sized(40, 1, 41), "stack_instances")]
    {
        let rig = Rig::with(world, |config| config.scan.max_pages = 2).await;
        assert_eq!(rig.scan_and_scrape().await.failure(stage), Some("limit"));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_8_mib_is_limit_whether_it_says_its_length_or_not() {
    let mut body = br#"{"ProvisionedProducts":[],"StackInstances":[],"Padding":""#.to_vec();
    body.resize(9 * 1024 * 1024, b'x');
    body.extend_from_slice(b"\"}");
    let headers = vec![("Transfer-Encoding".to_owned(), "chunked".to_owned())];
    let chunked = What::Raw { status: 200, headers, body: body.into() };
    fails("limit", two_attempts, [What::HugeBody, chunked]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_heard_of_is_other() {
    let faults = [
        error(400, "NeverHeardOfException", "Surprise"),
        error(400, "ValidationException", "1 validation error detected"),
        error(400, "UnknownOperationException", ""),
    ];
    fails("other", two_attempts, faults).await;
    let rig = Rig::new(World::sized(3, 1, 1)).await;
    rig.simulator.inject(Fault::new(What::InvalidParameters).on(SCAN).on_page(Page::First));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("products"), Some("other"), "there is no token to refuse");
    assert_eq!(scrape.failed_calls(SCAN.name(), "other"), 1.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_failures_of_an_attempt_the_most_telling_one_is_exported() {
    let ranked = [
        ("throttled", What::Throttle),
        ("scp_denied", What::DeniedByScp),
        ("access_denied", What::Denied),
        ("credentials", What::Expired),
        ("region_disabled", What::OptInRequired),
        ("timeout", What::Hang),
        ("network", What::Reset),
        ("server_error", What::InternalFailure),
        ("invalid_response", What::MalformedJson),
        ("limit", What::HugeBody),
        ("other", error(400, "NeverHeardOfException", "Surprise")),
    ];
    let world = World::sized(3, 3, 1);
    let ids = world.ids(sim::ACCOUNT, sim::REGION);
    for pair in ranked.windows(2) {
        let [(telling, worse), (less, other)] = pair else { unreachable!() };
        // Whichever comes first.
        for (first, second) in [(worse, other), (other, worse)] {
            let rig = Rig::with(world.clone(), |config| {
                little_time(config);
                config.scan.timeout = Duration::from_secs(2);
            });
            let rig = rig.await;
            rig.simulator.inject(Fault::new(first.clone()).for_product(&*ids[0]));
            rig.simulator.inject(Fault::new(second.clone()).for_product(&*ids[1]));
            let scrape = rig.scan_and_scrape().await;
            assert_eq!(scrape.failure("stack_instances"), Some(*telling), "{first:?}, {second:?}");
            for reason in [telling, less] {
                assert!(scrape.failed_calls(LIST.name(), reason) > 0.0, "{reason} is not counted");
            }
            rig.stop().await;
        }
    }
}
