use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use servicecatalog_exporter::aws::CallError;
use servicecatalog_exporter::model::{Operation, Reason};
use tokio::task::JoinSet;

use super::aws::{Answer, Asked, Aws, assumed, error, no_products, sts_error};
use super::{hub, limits, region, role, shared, soon};

const HOUR: Duration = Duration::from_secs(60 * 60);
const REGIONS: [&str; 6] =
    ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1"];

fn usual(asked: &Asked) -> Answer {
    match &*asked.operation {
        "AssumeRole" => assumed(asked, HOUR),
        _ => no_products(),
    }
}

/// Lists the products of a role's account in each of the regions at once.
async fn in_all_regions(aws: &Aws) -> Vec<Result<(), CallError>> {
    let limits = limits();
    let (session, shared) =
        (hub(&aws.url, limits.clone()).assuming(&role("222222222222")), shared(&limits));
    let mut calls = JoinSet::new();
    for name in REGIONS {
        let client = session.target(&region(name), shared.clone());
        calls.spawn(async move { client.products(None, soon()).await.map(drop) });
    }
    calls.join_all().await
}

/// The failure of a call by a role when AssumeRole is answered so, and how often it was asked.
async fn refused(reply: impl Fn() -> Answer + Send + Sync + 'static) -> (CallError, usize) {
    let aws = Aws::start(move |_| reply()).await;
    let limits = limits();
    let session = hub(&aws.url, limits.clone()).assuming(&role("222222222222"));
    let client = session.target(&region("eu-west-1"), shared(&limits));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
    let failure = client.products(None, deadline).await.unwrap_err();
    assert_eq!(failure.operation, Operation::AssumeRole);
    assert!(!failure.message.contains("sesame"), "{failure}");
    let counts = client.counts();
    assert_eq!(counts.operations.keys().collect::<Vec<_>>(), [&Operation::AssumeRole]);
    let counted = &counts.operations[&Operation::AssumeRole];
    assert_eq!(counted.failures.values().sum::<u64>(), counted.requests, "each attempt failed");
    (failure, aws.asked("AssumeRole").len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_once_for_all_of_its_regions_and_each_is_called_in_its_own() {
    let aws = Aws::start(usual).await;
    assert!(in_all_regions(&aws).await.iter().all(Result::is_ok));
    let [assumed] = &aws.asked("AssumeRole")[..] else { panic!("assumed more than once") };
    assert_eq!((&*assumed.key, &*assumed.region), ("AKIAHUB", "eu-central-1"));
    assert!(assumed.body.contains("ExternalId=open-sesame"));
    assert!(assumed.body.contains("RoleSessionName=servicecatalog-exporter"));
    let scans = aws.asked("ScanProvisionedProducts");
    assert!(scans.iter().all(|scan| scan.key == "ASIA222222222222"));
    let mut called: Vec<_> = scans.iter().map(|scan| scan.region.as_str()).collect();
    called.sort_unstable();
    let mut expected = REGIONS;
    expected.sort_unstable();
    assert_eq!(called, expected);
}

/// On one thread all regions have begun to wait before the first answer comes.
#[tokio::test]
async fn a_denied_role_is_credentials_and_asked_for_once_by_all_regions_that_wait() {
    let begun = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&begun);
    let aws = Aws::start(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        sts_error(403, "AccessDenied", "User: hub is not authorized to perform: sts:AssumeRole")
    });
    let failures = in_all_regions(&aws.await).await;
    for failure in failures {
        let failure = failure.unwrap_err();
        assert_eq!(failure.reason, Reason::Credentials);
        for part in ["arn:aws:iam::222222222222:role/Exporter", "trust policy", "external id"] {
            assert!(failure.message.contains(part), "{part}: {failure}");
        }
    }
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_role_cannot_be_assumed_is_told_apart() {
    let denied = |message: &'static str| move || sts_error(403, "AccessDenied", message);
    let (failure, asked) = refused(denied("not authorized")).await;
    assert_eq!((failure.reason, asked), (Reason::Credentials, 1));
    let scp = "not authorized with an explicit deny in a service control policy";
    assert_eq!(refused(denied(scp)).await.0.reason, Reason::ScpDenied);
    let echo = "Value 'open-sesame' at 'externalId' failed";
    let invalid = refused(move || sts_error(400, "ValidationError", echo)).await.0;
    assert!(invalid.message.contains("<external id>"), "{invalid}");
    let expired = refused(|| sts_error(403, "ExpiredToken", "expired")).await.0;
    assert_eq!(expired.reason, Reason::Credentials);
    let unknown = refused(|| sts_error(403, "InvalidClientTokenId", "unknown")).await.0;
    assert_eq!(unknown.reason, Reason::Credentials);
    let off = refused(|| sts_error(403, "RegionDisabledException", "STS is off")).await.0;
    assert_eq!(off.reason, Reason::RegionDisabled);
    let (broken, asked) = refused(|| sts_error(500, "InternalFailure", "oh")).await;
    assert_eq!((broken.reason, asked), (Reason::ServerError, 2));
    let (slower, asked) = refused(|| sts_error(400, "Throttling", "Rate exceeded")).await;
    assert_eq!(slower.reason, Reason::Throttled);
    assert!(asked > 2, "throttles are repeated until the deadline");
    let hanging = refused(|| Answer::Never).await.0;
    assert_eq!(hanging.reason, Reason::Timeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_renewed_before_they_expire() {
    const LIFE: Duration = Duration::from_secs(4);
    let expires = Arc::new(Mutex::new(Instant::now()));
    let aws = Aws::start(move |asked| match &*asked.operation {
        "AssumeRole" => {
            *expires.lock().unwrap() = Instant::now() + LIFE;
            assumed(asked, LIFE)
        }
        _ if Instant::now() < *expires.lock().unwrap() => no_products(),
        _ => error(400, "ExpiredTokenException", "expired"),
    });
    let (aws, limits) = (aws.await, limits());
    let session = hub(&aws.url, limits.clone()).assuming(&role("222222222222"));
    let client = session.target(&region("eu-west-1"), shared(&limits));
    let mut calls = 0;
    while aws.asked("AssumeRole").len() < 3 {
        client.products(None, soon()).await.unwrap();
        calls += 1;
    }
    assert!(calls > 10, "{calls} calls between three renewals");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_hangs_keeps_no_place_from_others() {
    let aws = Aws::start(|asked| match &*asked.operation {
        "AssumeRole" if asked.body.contains("222222222222") => Answer::Never,
        _ => usual(asked),
    });
    let (aws, mut limits) = (aws.await, limits());
    // One for the role that hangs, one for everybody else.
    limits.max_in_flight = 2;
    let (hub, shared) = (hub(&aws.url, limits.clone()), shared(&limits));
    let mut hanging = JoinSet::new();
    for name in REGIONS {
        let client = hub.assuming(&role("222222222222")).target(&region(name), shared.clone());
        hanging.spawn(async move { client.products(None, soon()).await.map(drop) });
    }
    for account in ["333333333333", "444444444444"] {
        let client = hub.assuming(&role(account)).target(&region("eu-west-1"), shared.clone());
        client.products(None, soon()).await.unwrap();
    }
    assert!(hanging.try_join_next().is_none(), "the others did not wait for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_role_session_in_one_region_is_a_disabled_region() {
    let aws = Aws::start(|asked| match &*asked.operation {
        "AssumeRole" => assumed(asked, HOUR),
        "GetCallerIdentity" => Answer::Ok(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::222222222222:\
             assumed-role/x/y</Arn><UserId>u</UserId><Account>222222222222</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
                .into(),
        ),
        _ => error(400, "UnrecognizedClientException", "unknown"),
    });
    let (aws, limits) = (aws.await, limits());
    let session = hub(&aws.url, limits.clone()).assuming(&role("222222222222"));
    let client = session.target(&region("af-south-1"), shared(&limits));
    let failure = client.products(None, soon()).await.unwrap_err();
    assert_eq!(failure.reason, Reason::RegionDisabled);
    assert_eq!(aws.asked("GetCallerIdentity")[0].region, "us-east-1");
}
