//! What bench/check counts the instructions of: `counts NAME TIMES` does that work so often. What
//! one execution takes is the difference of two runs, so what is prepared before it cancels out.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints its findings to whoever runs it"
)]

#[path = "support/world.rs"]
mod world;

use std::collections::HashSet;
use std::hint::black_box;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use servicecatalog_exporter::app::limits;
use servicecatalog_exporter::aws::{Session, Shared};
use servicecatalog_exporter::config::{Config, Defaults};
use servicecatalog_exporter::exposition::{Exposition, Tail};
use servicecatalog_exporter::families::{self, Shown};
use servicecatalog_exporter::http::{self as served, Body, Encoding, Handler};
use servicecatalog_exporter::memory;
use servicecatalog_exporter::model::{Moment, Region};
use servicecatalog_exporter::sim::{self, Operation, ProvisionedProduct, Request, World};
use servicecatalog_exporter::snapshot::Snapshot;
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::time::Instant;

const PRODUCTS: usize = 10_000;
const SERIES: usize = 10_000;
/// The most on a page.
const PAGE: usize = 20;
/// A call has no deadline that matters: under callgrind everything takes long.
const FOREVER: Duration = Duration::from_secs(86_400);

/// Does a work so many times.
type Times = fn(usize);

const WORK: [(&str, Times); 4] =
    [("decode", decode), ("advance", advance), ("encode", encode), ("scrape", scrape)];

fn main() -> ExitCode {
    // As the exporter does.
    memory::share_one_heap();
    // cargo tells every benchmark that it is one.
    let given: Vec<String> = std::env::args().skip(1).filter(|given| given != "--bench").collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let work = |name| WORK.iter().find(|(known, _)| *known == name).map(|(_, work)| work);
    match *given {
        [] => {
            WORK.iter().for_each(|(_, work)| work(1));
            println!("decode, advance, encode and scrape ran once; bench/check counts them");
            ExitCode::SUCCESS
        }
        [name, times] if let (Some(work), Ok(times)) = (work(name), times.parse()) => {
            work(times);
            ExitCode::SUCCESS
        }
        _ => {
            println!("usage: counts [decode|advance|encode|scrape TIMES]");
            ExitCode::from(2)
        }
    }
}

/// A call for one page of 20 products: signed, answered without a network, bounded, and read.
fn decode(times: usize) {
    let mut world = World::empty(sim::ACCOUNT, sim::REGION);
    for n in 0..2 * PAGE {
        let product = match n % 10 {
            3 => ProvisionedProduct::tainted(n),
            7 => ProvisionedProduct::stack_set(n, Vec::new()),
            _ => ProvisionedProduct::healthy(n),
        };
        world.add(sim::ACCOUNT, sim::REGION, product);
    }
    let operation = Operation::ScanProvisionedProducts;
    let asked = r#"{"AccessLevelFilter":{"Key":"Account","Value":"self"},"PageSize":20}"#;
    let request = Request::signed(operation, sim::ACCESS_KEY_ID, sim::REGION, asked);
    let page = world.answer(&request).body;
    let answer = move |_: http::Request<Bytes>| {
        let mut answer = http::Response::new(page.clone());
        let json = HeaderValue::from_static("application/x-amz-json-1.1");
        answer.headers_mut().insert(http::header::CONTENT_TYPE, json);
        answer
    };
    let mut config = Config::defaults(Defaults::Production);
    config.aws.max_requests_per_second = 0.0;
    config.aws.attempt_timeout = FOREVER;
    let limits = limits(&config.aws);
    let region = Region::parse(sim::REGION).expect("a region");
    let session = Session::answered_by(answer, &region, limits.clone());
    let client = session.target(&region, shared(&limits));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a thread can be had").block_on(async {
        for _ in 0..times {
            let page = client.products(None, Instant::now() + FOREVER).await;
            assert_eq!(page.expect("the answer is a page").products.len(), PAGE);
        }
    });
}

fn shared(limits: &servicecatalog_exporter::aws::Limits) -> Shared {
    Shared::new(limits, Arc::new(SelfMetrics::new(Scope::Daemon)))
}

/// A complete list that takes the place of the one before, in which nothing changed.
fn advance(times: usize) {
    let mut state = world::state(PRODUCTS);
    let next = world::catalog(PRODUCTS);
    let begun = Moment { uptime: world::INTERVAL, unix: world::ASKED.unix + 300.0 };
    for _ in 0..times {
        let (turns, list) = state.review(&next, &HashSet::new(), begun, 6 * world::INTERVAL);
        black_box(turns);
        state.list_complete(list, begun);
    }
}

/// A publication: text and compressed text.
fn encode(times: usize) {
    let snapshot = world::snapshot(SERIES);
    for _ in 0..times {
        black_box(families::encode(black_box(&snapshot), &Shown::default()));
    }
}

/// What is published, and a tail that nobody renders anew, since that goes by the clock.
struct Fixed {
    exposition: Exposition,
    tail: Tail,
    telemetry: SelfMetrics,
}

impl served::Shown for Fixed {
    fn metrics(&self, encoding: Encoding) -> Body {
        let chunks = match encoding {
            Encoding::Gzip => self.exposition.gzip(&self.tail),
            Encoding::Identity => self.exposition.plain(&self.tail),
        };
        Body::from(chunks)
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::default()
    }

    fn now(&self) -> Moment {
        Moment::default()
    }

    fn count(&self, handler: &'static str, code: StatusCode) {
        self.telemetry.count_http(handler, code.as_u16());
    }
}

/// What Prometheus asks for, until the last byte is taken.
fn scrape(times: usize) {
    let telemetry = SelfMetrics::new(Scope::Daemon);
    let tail = Tail::new(telemetry.render());
    let exposition = families::encode(&world::snapshot(SERIES), &Shown::default());
    let handler = Handler::new(Fixed { exposition, tail, telemetry }, "/metrics", "1");
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        let mut body = handler.respond(&Method::GET, "/metrics", &headers).into_body();
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
            black_box(frame).expect("a body of bytes cannot fail");
        }
        assert!(body.is_empty(), "all was taken");
    }
}
