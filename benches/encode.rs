//! What a publication costs: writing a snapshot as text, against a loop that only copies the same
//! bytes label by label; and compressing it. And what the status page costs, whatever the size of
//! the snapshot, and what a scrape allocates. With `--counts-only` allocations are counted and
//! nothing is timed; either way it fails when there is an allocation for each series, or for each
//! product that is not shown, or when a scrape allocates more of a larger snapshot.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints its findings to whoever runs it"
)]

#[path = "support/allocations.rs"]
mod allocations;
#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/world.rs"]
mod world;

use std::hint::black_box;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Buf as _;
use flate2::{Compress, Compression, FlushCompress};
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use servicecatalog_exporter::app::system_clock;
use servicecatalog_exporter::exposition::{BodyBuilder, Tail, Writer};
use servicecatalog_exporter::families::{self, Shown};
use servicecatalog_exporter::http::{self as served, Body, Encoding, Handler};
use servicecatalog_exporter::model::{Catalog, Moment, Product, ProductStatus};
use servicecatalog_exporter::publish::{Published, Readiness, cell};
use servicecatalog_exporter::snapshot::Snapshot;
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// A and B are run in turn so many times; odd, for the median.
const ROUNDS: usize = 21;
/// One measurement writes about so many series, over and over where the snapshot has fewer.
const SERIES_A_ROUND: usize = 100_000;
/// The builder's pieces.
const PIECE: usize = 64 * 1024;
/// From 1k to 100k series the text may take so many allocations more.
const MORE_FOR_TEXT: u64 = 0;
/// The same for text, compressed text and kept plain text, whose buffers grow by a part of
/// themselves.
const MORE_IN_ALL: u64 = 60;
/// From 100 to 10k products a page of as many rows may take so many allocations more: what is
/// collected on the way grows by doubling.
const MORE_FOR_PAGE: u64 = 40;
/// What is shown of a snapshot in the count of pages; the default is a hundred.
const ROWS: u64 = 5;
/// What a scrape may allocate in all, in bytes: one compressor alone would be 50 times as much.
const MOST_FOR_SCRAPE: u64 = 8 * 1024;

fn main() -> ExitCode {
    let counts_only = std::env::args().any(|argument| argument == "--counts-only");
    let snapshots = SIZES.map(|size| (size, world::snapshot(size)));
    let holds = count(&snapshots);
    let holds = count_scrapes(&snapshots) && holds;
    let holds = count_pages(&snapshots) && holds;
    if !counts_only {
        time(&snapshots);
        deflate(&snapshots[2].1);
    }
    ExitCode::from(u8::from(!holds))
}

/// Writes the text of a snapshot behind what `body` has.
fn text(body: BodyBuilder, snapshot: &Snapshot) -> Writer {
    families::write(Writer::new(body), snapshot, &Shown::default())
}

fn count(snapshots: &[(usize, Snapshot)]) -> bool {
    println!("allocations\n   series       text   text and gzip");
    let mut first = None;
    let mut holds = true;
    for (_, snapshot) in snapshots {
        let mut samples = 0;
        let body = BodyBuilder::forgetting();
        let written = allocations::counted(|| samples = text(body, snapshot).samples());
        let encoded = allocations::counted(|| drop(families::encode(snapshot, &Shown::default())));
        println!("{samples:9}  {written:9}  {encoded:14}");
        let (least, all) = *first.get_or_insert((written, encoded));
        holds &= written <= least + MORE_FOR_TEXT && encoded <= all + MORE_IN_ALL;
    }
    println!("no allocation for each series: {}\n", if holds { "holds" } else { "MISSED" });
    holds
}

/// What Prometheus is answered, from the request's head to the last piece of the body.
fn count_scrapes(snapshots: &[(usize, Snapshot)]) -> bool {
    println!("a scrape with gzip\n   series      bytes  allocations   of bytes");
    let mut first = None;
    let mut holds = true;
    for (size, snapshot) in snapshots {
        let exposition = families::encode(snapshot, &Shown::default());
        let (_publisher, reader) = cell(Published {
            snapshot: Arc::new(snapshot.clone()),
            exposition,
            kept: Arc::default(),
        });
        let live = served::Live {
            reader,
            readiness: Readiness::default(),
            telemetry: Arc::new(SelfMetrics::new(Scope::Daemon)),
            clock: system_clock(),
        };
        let handler = Handler::new(live, "/metrics", "1");
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let scrape = || {
            let mut body = handler.respond(&Method::GET, "/metrics", &headers).into_body();
            let mut bytes = 0;
            let mut context = Context::from_waker(Waker::noop());
            while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
                bytes += frame
                    .ok()
                    .and_then(|frame| frame.into_data().ok())
                    .map_or(0, |d| d.remaining());
            }
            bytes
        };
        // The daemon's own families are rendered once a second, and not in each scrape.
        let mut bytes = scrape();
        let counts = (0..5).map(|_| allocations::counted_with_bytes(|| bytes = scrape()));
        let (count, of_bytes) = counts.min().unwrap_or_default();
        println!("{size:9}  {bytes:9}  {count:11}  {of_bytes:9}");
        let least = *first.get_or_insert((count, of_bytes));
        holds &= (count, of_bytes) == least && of_bytes <= MOST_FOR_SCRAPE;
    }
    println!(
        "a scrape allocates the same, and little: {}\n",
        if holds { "holds" } else { "MISSED" }
    );
    holds
}

/// A snapshot that is served.
struct Fixed(Arc<Snapshot>);

impl served::Shown for Fixed {
    fn metrics(&self, _encoding: Encoding) -> Body {
        Body::empty()
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0)
    }

    fn now(&self) -> Moment {
        Moment::default()
    }

    fn count(&self, _handler: &'static str, _code: StatusCode) {}
}

fn count_pages(snapshots: &[(usize, Snapshot)]) -> bool {
    println!(
        "status page of {ROWS} problems, the last page but one\n products  problems      bytes  allocations     of JSON"
    );
    let mut first = None;
    let mut holds = true;
    for (_, snapshot) in snapshots {
        let products = snapshot.targets.iter().filter_map(|target| target.products());
        let products: u64 = products.map(|catalog| catalog.len()).sum();
        let handler = Handler::new(Fixed(Arc::new(snapshot.clone())), "/metrics", "1");
        let answer = |path: &str, page: u64| {
            let target = format!("{path}?sort=name&rows={ROWS}&page={page}");
            handler.respond(&Method::GET, &target, &HeaderMap::new()).into_body()
        };
        let problems = snapshot.targets.iter().filter_map(|target| target.products()).map(problems);
        let problems: u64 = problems.sum();
        // Pages with one behind them have the same links.
        let last = problems.div_ceil(ROWS) - 1;
        let mut bytes = 0;
        let of_page = allocations::counted(|| bytes = answer("/", last).len());
        let of_json = allocations::counted(|| drop(answer(served::STATUS_PATH, last)));
        println!("{products:9} {problems:9}  {bytes:9}  {of_page:11}  {of_json:10}");
        let (page, json) = *first.get_or_insert((of_page, of_json));
        holds &= of_page <= page + MORE_FOR_PAGE && of_json <= json + MORE_FOR_PAGE;
    }
    println!("no allocation for each product: {}\n", if holds { "holds" } else { "MISSED" });
    holds
}

fn problems(catalog: &Catalog) -> u64 {
    let available = |product: &Product| product.status == ProductStatus::Available;
    let all = catalog.products().iter();
    all.filter(|product| product.is_stack_set() || !available(product)).count() as u64
}

fn time(snapshots: &[(usize, Snapshot)]) {
    println!("text (copying the same labels into a buffer: 1; goal: at most 2)");
    println!("   series      bytes   copying   writing   ratio");
    for (size, snapshot) in snapshots {
        let written = text(BodyBuilder::forgetting(), snapshot);
        let (samples, mut body) = (written.samples(), Some(written.into_body()));
        let bytes = body.as_ref().map_or(0, BodyBuilder::text_len);
        let plain = plain(snapshot);
        assert_eq!(plain.len() as u64, bytes, "what is measured is what is served");
        let labels = labels(&plain);
        let mut buffer = Vec::with_capacity(2 * PIECE);
        let repeat = SERIES_A_ROUND / size;
        let (mut copying, mut writing, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let copied = timed(repeat, || copy(black_box(&labels), &mut buffer));
            let written = timed(repeat, || {
                body = body.take().map(|body| text(body, black_box(snapshot)).into_body());
            });
            copying.push(copied);
            writing.push(written);
            ratios.push(written / copied);
        }
        let (copying, writing) = (cpu::median(copying), cpu::median(writing));
        let ratio = cpu::median(ratios);
        println!("{samples:9}  {bytes:9}  {copying:5.2} ms  {writing:5.2} ms   {ratio:5.2}");
    }
    println!();
}

/// Milliseconds on the processor for one of `repeat` times `work`.
fn timed(repeat: usize, mut work: impl FnMut()) -> f64 {
    let begun = cpu::of_thread();
    for _ in 0..repeat {
        work();
    }
    let repeat = u32::try_from(repeat).expect("a small number");
    milliseconds((cpu::of_thread() - begun) / repeat)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The whole text of a snapshot.
fn plain(snapshot: &Snapshot) -> Vec<u8> {
    let exposition = families::encode(snapshot, &Shown::default());
    exposition.plain(&Tail::default()).flatten().collect()
}

/// Cuts a text into name, labels and value of every sample.
fn labels(text: &[u8]) -> Vec<&[u8]> {
    let mut labels = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let mut begin = 0;
        let mut quoted = false;
        for (place, byte) in line.iter().enumerate() {
            match byte {
                b'"' if line[place.saturating_sub(1)] != b'\\' => quoted = !quoted,
                b'{' | b',' | b'}' if !quoted && !line.starts_with(b"#") => {
                    labels.push(&line[begin..=place]);
                    begin = place + 1;
                }
                _ => (),
            }
        }
        labels.push(&line[begin..]);
    }
    labels
}

/// What can be no slower than encoding: the bytes are there, label by label, and are only copied,
/// into a buffer that has its memory and stays in the cache.
fn copy(labels: &[&[u8]], buffer: &mut Vec<u8>) {
    for label in labels {
        if buffer.len() >= PIECE {
            black_box(&mut *buffer).clear();
        }
        buffer.extend_from_slice(label);
    }
}

fn deflate(snapshot: &Snapshot) {
    let plain = plain(snapshot);
    println!("compressing {} bytes (src/exposition/body.rs takes level 1)", plain.len());
    println!("    level      bytes   smaller      time");
    for level in [1, 3, 6] {
        let mut size = 0;
        let times = (0..5).map(|_| timed(1, || size = deflated(&plain, level))).collect();
        let (smaller, time) = (plain.len() as f64 / size as f64, cpu::median(times));
        println!("{level:9}  {size:9}    {smaller:4.1} ×  {time:5.0} ms");
    }
    let times =
        (0..5).map(|_| timed(1, || drop(families::encode(snapshot, &Shown::default())))).collect();
    println!("a whole publication, text and level 1: {:.0} ms", cpu::median(times));
}

/// How long `text` is when it is compressed at that level.
fn deflated(text: &[u8], level: u32) -> usize {
    let mut compressed = Vec::with_capacity(text.len() / 2);
    let mut deflate = Compress::new(Compression::new(level), false);
    let mut pieces = text.chunks(PIECE).peekable();
    while let Some(piece) = pieces.next() {
        let flush = if pieces.peek().is_some() { FlushCompress::None } else { FlushCompress::Sync };
        deflate.compress_vec(piece, &mut compressed, flush).expect("there is room");
    }
    compressed.len()
}
