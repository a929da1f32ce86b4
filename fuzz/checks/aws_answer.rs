//! What AWS answers, read by the real SDK and turned into our values.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use servicecatalog_exporter::aws::{CallError, Limits, Session, Shared};
use servicecatalog_exporter::model::{
    Artifacts, CatalogBuilder, ListingBuilder, NamesBuilder, PerInstance, Product, ProductStatus,
    Reason, Record, RecordStatus, Region, StatusName as _, Way,
};
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::json::Shape::{self, List, Map, Text, Time, Truth, Whole};

/// No text of an error is longer, in characters.
const LONGEST_TEXT: usize = 500;
/// The token of every request that has one.
const TOKEN: &str = "the page that is asked for";
/// Where each call that tells versions puts them.
const LISTED: &str = "ProvisioningArtifactDetails";
const OFFERED: &str = "ProvisioningArtifacts";
const SUMMED_UP: &str = "ProvisioningArtifactSummaries";
/// No name of a version is longer, in characters.
const LONGEST_NAME: usize = 256;
/// A list of pages that never ends is given up long before.
const MOST_REQUESTS: usize = 10_000;

const TAG: Shape = Map(&[("Key", Text), ("Value", Text)]);
const PRODUCT: Shape = Map(&[
    ("Arn", Text),
    ("CreatedTime", Time),
    ("Id", Text),
    ("IdempotencyToken", Text),
    ("LastProvisioningRecordId", Text),
    ("LastRecordId", Text),
    ("LastSuccessfulProvisioningRecordId", Text),
    ("LaunchRoleArn", Text),
    ("Name", Text),
    ("PhysicalId", Text),
    ("ProductId", Text),
    ("ProductName", Text),
    ("ProvisioningArtifactId", Text),
    ("ProvisioningArtifactName", Text),
    ("Status", Text),
    ("StatusMessage", Text),
    ("Tags", List(&TAG)),
    ("Type", Text),
    ("UserArn", Text),
    ("UserArnSession", Text),
]);
const INSTANCE: Shape = Map(&[("Account", Text), ("Region", Text), ("StackInstanceStatus", Text)]);
const RECORD: Shape = Map(&[
    ("CreatedTime", Time),
    ("LaunchRoleArn", Text),
    ("PathId", Text),
    ("ProductId", Text),
    ("ProvisionedProductId", Text),
    ("ProvisionedProductName", Text),
    ("ProvisionedProductType", Text),
    ("ProvisioningArtifactId", Text),
    ("RecordErrors", List(&Map(&[("Code", Text), ("Description", Text)]))),
    ("RecordId", Text),
    ("RecordTags", List(&TAG)),
    ("RecordType", Text),
    ("Status", Text),
    ("UpdatedTime", Time),
]);
const VERSION: Shape = Map(&[
    ("Active", Truth),
    ("CreatedTime", Time),
    ("Description", Text),
    ("Guidance", Text),
    ("Id", Text),
    ("Name", Text),
    ("SourceRevision", Text),
    ("Type", Text),
]);
const OUTPUT: Shape = Map(&[("Description", Text), ("OutputKey", Text), ("OutputValue", Text)]);

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    Scan,
    Search,
    Instances,
    Record,
    Identity,
    Members,
    Regions,
    Versions(Way),
}

impl Called {
    fn read(name: &str) -> Self {
        match name {
            "SearchProvisionedProducts" => Self::Search,
            "ListStackInstancesForProvisionedProduct" => Self::Instances,
            "DescribeRecord" => Self::Record,
            "GetCallerIdentity" => Self::Identity,
            "ListAccounts" => Self::Members,
            "ListRegions" => Self::Regions,
            "ListProvisioningArtifacts" => Self::Versions(Way::List),
            "DescribeProduct" => Self::Versions(Way::Product),
            "DescribeProductAsAdmin" => Self::Versions(Way::AsAdmin),
            _ => Self::Scan,
        }
    }

    /// The answer that AWS's own model describes, and what must be there for it to be one.
    fn shape(self) -> Option<(Shape, &'static str)> {
        match self {
            Self::Scan | Self::Search => Some((
                Map(&[
                    ("NextPageToken", Text),
                    ("ProvisionedProducts", List(&PRODUCT)),
                    ("TotalResultsCount", Whole),
                ]),
                "ProvisionedProducts",
            )),
            Self::Instances => Some((
                Map(&[("NextPageToken", Text), ("StackInstances", List(&INSTANCE))]),
                "StackInstances",
            )),
            Self::Record => Some((
                Map(&[
                    ("NextPageToken", Text),
                    ("RecordDetail", RECORD),
                    ("RecordOutputs", List(&OUTPUT)),
                ]),
                "RecordDetail",
            )),
            Self::Versions(Way::List) => {
                Some((Map(&[("NextPageToken", Text), (LISTED, List(&VERSION))]), LISTED))
            }
            Self::Versions(_) | Self::Identity | Self::Members | Self::Regions => None,
        }
    }
}

/// What AWS says, as it is written in the corpus: a line with the operation and the status, lines
/// with headers, an empty line, the body. Without an empty line all is the body of a first page.
struct Answer<'i> {
    called: Called,
    status: StatusCode,
    headers: HeaderMap,
    body: &'i [u8],
}

impl<'i> Answer<'i> {
    fn read(input: &'i [u8]) -> Self {
        let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
            Some(end) => (&input[..end], &input[end + 2..]),
            None => (&b""[..], input),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
        let (name, status) = first.split_once(' ').unwrap_or((&first, "200"));
        let mut headers = HeaderMap::new();
        for line in lines {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            {
                headers.append(name, value);
            }
        }
        let status = status.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
        Self { called: Called::read(name), status: status.unwrap_or(StatusCode::OK), headers, body }
    }

    /// The body, if it is what AWS's model describes and comes with a good status.
    fn well_formed(&self) -> Option<Value> {
        let (shape, needed) = self.called.shape()?;
        let body: Value = serde_json::from_slice(self.body).ok()?;
        let fits = self.status.is_success() && shape.fits(&body) && !body[needed].is_null();
        fits.then_some(body)
    }
}

/// Calls an operation that is answered with the input.
pub fn check(input: &[u8]) {
    let answer = Answer::read(input);
    answered(&answer);
    if let Some(body) = answer.well_formed() {
        // Written anew no name comes twice, so that there is one way to read it.
        let body = serde_json::to_vec(&body).expect("JSON is written");
        let failure = answered(&Answer { body: &body, ..answer });
        // More versions than anybody has, or a token that no request could send back.
        let failure = failure.filter(|failure| failure.reason != Reason::Limit);
        assert!(failure.is_none(), "a well-formed answer is refused: {failure:?}");
    }
}

/// Calls, and compares what comes of it with what any reader of JSON finds in the answer.
fn answered(answer: &Answer) -> Option<CallError> {
    let outcome = RIG.with(|rig| rig.get_or_init(Rig::new).call(answer));
    let found = match outcome {
        Ok(found) => found,
        Err(error) => {
            is_presentable(&error);
            return Some(error);
        }
    };
    assert!(answer.status.is_success(), "{found:?} of an answer with {}", answer.status);
    let Ok(body) = serde_json::from_slice::<Value>(answer.body) else { return None };
    let items = |key: &str| -> Vec<&Value> {
        let items = body[key].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter(|item| !item.is_null()).collect()
    };
    let next = Some(text(&body, "NextPageToken")).filter(|next| !next.is_empty());
    match found {
        Found::Products(products, token) => {
            assert_eq!(token.as_deref(), next);
            let items = items("ProvisionedProducts");
            assert_eq!(products.len(), items.len());
            products.iter().zip(items).for_each(|(product, item)| is_product(product, item));
            let count = products.len() as u64;
            let mut builder = CatalogBuilder::default();
            products.into_iter().for_each(|product| builder.add(product));
            let catalog = builder.finish();
            assert_eq!(catalog.len() + catalog.duplicates(), count);
        }
        Found::Instances(listing, token) => {
            assert_eq!(token.as_deref(), next);
            let count = items("StackInstances").len() as u64;
            let listing = listing.finish(PerInstance::All, usize::MAX);
            assert_eq!(listing.counts().total() + listing.duplicates(), count);
            assert_eq!(listing.shown().len() as u64, listing.counts().total());
        }
        Found::Names(names, token) => {
            assert_eq!(token.as_deref(), next);
            let names = names.finish();
            for item in items("ProvisionedProducts") {
                let id = text(item, "Id");
                assert!(id.is_empty() || names.of(id).is_some(), "{id} is lost");
            }
        }
        Found::Versions(artifacts) => {
            let lists = [LISTED, OFFERED, SUMMED_UP].into_iter().map(items);
            let items: Vec<_> = lists.flatten().collect();
            are_versions(&artifacts, &items);
        }
        Found::Record(record) => is_record(&record, &body["RecordDetail"]),
        Found::Identity(account) => assert!(!account.is_empty(), "an account without a number"),
        Found::Other => {}
    }
    None
}

/// Nothing of an error breaks a line of the log, or is without end.
fn is_presentable(error: &CallError) {
    for text in [&error.message, &error.code, &error.request_id] {
        assert!(!text.contains(char::is_control), "{error:?}");
        assert!(text.chars().count() <= LONGEST_TEXT, "{error:?}");
    }
    assert!(!error.message.is_empty(), "{error:?}");
    assert!(!error.reason.as_str().is_empty(), "{error:?}");
    let remedy = error.reason.remedy(error.operation);
    assert!(!remedy.contains(char::is_control), "{remedy:?}");
}

fn is_product(product: &Product, item: &Value) {
    for (ours, key) in [
        (&*product.name, "Name"),
        (&*product.kind, "Type"),
        (&*product.product_id, "ProductId"),
        (&*product.artifact_id, "ProvisioningArtifactId"),
        (&*product.last_record, "LastRecordId"),
    ] {
        assert_eq!(ours, text(item, key), "{key}");
    }
    if !text(item, "Id").is_empty() {
        assert_eq!(&*product.id, text(item, "Id"));
    }
    let status = ProductStatus::read(item["Status"].as_str());
    assert_eq!(product.status.as_str(), status.as_str());
    is_time(product.created, &item["CreatedTime"]);
}

/// Each item with an id is there, as the last one of its id says.
fn are_versions(artifacts: &Artifacts, items: &[&Value]) {
    for artifact in artifacts.iter() {
        let item = items.iter().rev().find(|item| text(item, "Id") == &*artifact.id);
        let item = item.unwrap_or_else(|| panic!("{artifact:?} was never told"));
        is_time(artifact.created, &item["CreatedTime"]);
        for text in [&artifact.name, &artifact.guidance] {
            assert!(!text.contains(char::is_control), "{artifact:?}");
            assert!(text.chars().count() <= LONGEST_NAME, "{artifact:?}");
        }
    }
    for id in items.iter().map(|item| text(item, "Id")).filter(|id| !id.is_empty()) {
        assert!(artifacts.get(id).is_some(), "{id} is lost");
    }
}

fn is_record(record: &Record, detail: &Value) {
    assert_eq!(record.status, RecordStatus::read(detail["Status"].as_str()));
    is_time(record.created, &detail["CreatedTime"]);
    is_time(record.updated, &detail["UpdatedTime"]);
    let error = record.error.as_ref().map(|error| [&error.code, &error.text]);
    for text in error.into_iter().flatten().chain([&record.kind]) {
        assert!(!text.contains(char::is_control), "{record:?}");
        assert!(text.chars().count() <= LONGEST_TEXT, "{record:?}");
    }
    let first = detail["RecordErrors"].as_array().into_iter().flatten().find(|e| !e.is_null());
    assert_eq!(error.is_some(), first.is_some(), "{record:?}");
}

/// AWS's numbers have milliseconds; beyond the year 9999 anything will do that is a number.
fn is_time(ours: Option<f64>, theirs: &Value) {
    assert_eq!(ours.is_some(), !theirs.is_null(), "{theirs}");
    let Some(ours) = ours else { return };
    assert!(ours.is_finite(), "{theirs} is {ours}");
    if Time.fits(theirs)
        && let Some(theirs) = theirs.as_f64()
    {
        assert!((ours - theirs).abs() <= 0.001, "{theirs} is {ours}");
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// What came of a call.
#[derive(Debug)]
enum Found {
    Products(Vec<Product>, Option<String>),
    Instances(ListingBuilder, Option<String>),
    Names(NamesBuilder, Option<String>),
    Record(Record),
    Versions(Artifacts),
    Identity(String),
    Other,
}

/// What the next requests are answered with, and how many there were.
#[derive(Default)]
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    requests: usize,
}

/// A session whose AWS says what it is told to say. Clients are made for each call, so that
/// nothing is left of the last one.
struct Rig {
    runtime: Runtime,
    session: Session,
    shared: Shared,
    said: Arc<Mutex<Said>>,
}

thread_local! {
    static RIG: OnceCell<Rig> = const { OnceCell::new() };
}

impl Rig {
    fn new() -> Self {
        // A pause before a retry is longer than any deadline: each call is one attempt.
        let pause = Duration::from_secs(1_000_000_000);
        let limits = Limits {
            connect_timeout: Duration::from_secs(1),
            attempt_timeout: Duration::from_secs(30),
            max_attempts: 1,
            max_requests_per_second: 0.0,
            burst: 1,
            max_in_flight: 1,
            first_pause: pause,
            max_pause: pause,
        };
        let said = Arc::<Mutex<Said>>::default();
        let saying = Arc::clone(&said);
        let answer = move |request: Request<Bytes>| Self::answer(&saying, &request);
        let region = Region::parse("eu-central-1").expect("a region");
        let metrics = Arc::new(SelfMetrics::new(Scope::OneScan));
        Self {
            runtime: Builder::new_current_thread().enable_time().build().expect("a runtime"),
            session: Session::answered_by(answer, &region, limits.clone()),
            shared: Shared::new(&limits, metrics),
            said,
        }
    }

    fn answer(said: &Mutex<Said>, _: &Request<Bytes>) -> Response<Bytes> {
        let mut said = said.lock().expect("no holder panics");
        said.requests += 1;
        assert!(said.requests <= MOST_REQUESTS, "the call never ends");
        let mut response = Response::new(said.body.clone());
        *response.status_mut() = said.status;
        *response.headers_mut() = said.headers.clone();
        response
    }

    fn call(&self, answer: &Answer) -> Result<Found, CallError> {
        *self.said.lock().expect("no holder panics") = Said {
            status: answer.status,
            headers: answer.headers.clone(),
            body: Bytes::copy_from_slice(answer.body),
            requests: 0,
        };
        let region = self.session.region();
        let target = self.session.target(region, self.shared.clone());
        let directory = self.session.directory(self.shared.clone());
        let deadline = Instant::now() + Duration::from_secs(20);
        self.runtime.block_on(async {
            Ok(match answer.called {
                Called::Scan => {
                    let page = target.products(Some(TOKEN), deadline).await?;
                    Found::Products(page.products, page.next)
                }
                Called::Instances => {
                    let page = target.stack_instances("pp-1", Some(TOKEN), deadline).await?;
                    let mut listing = ListingBuilder::default();
                    page.add_to(&mut listing);
                    Found::Instances(listing, page.into_next())
                }
                Called::Search => {
                    let page = target.names(Some(TOKEN), deadline).await?;
                    let mut names = NamesBuilder::new(["owner"]);
                    page.add_to(&mut names);
                    Found::Names(names, page.into_next())
                }
                Called::Versions(way) => {
                    Found::Versions(target.versions("prod-1", way, deadline).await?)
                }
                Called::Record => Found::Record(target.record("rec-1", deadline).await?),
                Called::Identity => {
                    Found::Identity(target.identity().await?.account.as_str().to_owned())
                }
                Called::Members => directory.members(deadline).await.map(|_| Found::Other)?,
                Called::Regions => directory.regions(deadline).await.map(|_| Found::Other)?,
            })
        })
    }
}
