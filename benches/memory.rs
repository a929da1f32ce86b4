//! How much memory the exporter holds over 50 scans of a large world that is simulated in another
//! process. It fails when that grows, or is more than twice the plain text and 25 MB.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints its findings to whoever runs it"
)]

#[path = "support/simulated.rs"]
mod simulated;

use std::process::ExitCode;
use std::time::Duration;

use servicecatalog_exporter::memory;
use simulated::{Aws, INSTANCES, PRODUCTS, STACK_SETS, Scanner, config};

const SCANS: usize = 50;
const PRINTED_EVERY: usize = 10;
/// Beside twice the plain text, in MB.
const MORE: f64 = 25.0;
/// The highest figure of the second half of the scans may be so much above that of the first.
const FLAT: f64 = 1.1;
/// After a publication freed memory is given back; that takes milliseconds.
const SETTLED: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    if simulated::be_simulator_if_told(simulated::no_fleet) {
        return ExitCode::SUCCESS;
    }
    // As the exporter does; with `--many-heaps` as the C library would.
    if !std::env::args().any(|argument| argument == "--many-heaps") {
        memory::share_one_heap();
    }
    let aws = Aws::start();
    let holds = simulated::runtime().block_on(measure(&aws.endpoint_url));
    ExitCode::from(u8::from(!holds))
}

async fn measure(endpoint_url: &str) -> bool {
    println!("{PRODUCTS} products, {STACK_SETS} stack sets of {INSTANCES} instances");
    println!("    scans   resident after each       peak");
    println!("{:9}   {:13.1} MB     {:5.1} MB", 0, status("VmRSS"), status("VmHWM"));
    let scanner = Scanner::new(config(), endpoint_url);
    let mut resident = Vec::new();
    for scan in 1..=SCANS {
        drop(scanner.scan().await);
        tokio::time::sleep(SETTLED).await;
        resident.push(status("VmRSS"));
        if scan % PRINTED_EVERY == 0 {
            let (low, high) = range(&resident[scan - PRINTED_EVERY..]);
            println!("{scan:9}   {low:5.1} – {high:5.1} MB     {:5.1} MB", status("VmHWM"));
        }
    }
    let exposition = &scanner.reader.latest().exposition;
    let (text, gzip) = (megabytes(exposition.plain_len()), megabytes(exposition.gzip_len()));
    println!("\nthe text has {text:.1} MB, compressed {gzip:.1} MB");
    let (first, second) = resident.split_at(SCANS / 2);
    let flat = range(second).1 <= FLAT * range(first).1;
    let limit = 2.0 * text + MORE;
    let small = status("VmHWM") <= limit;
    let said = |holds| if holds { "holds" } else { "MISSED" };
    println!("the second half is no higher than the first: {}", said(flat));
    println!("peak at most twice the text and {MORE} MB ({limit:.1} MB): {}", said(small));
    flat && small
}

fn range(figures: &[f64]) -> (f64, f64) {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    (least, figures.iter().copied().fold(0.0, f64::max))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A size that the kernel tells of this process, in MB.
fn status(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells it");
    let kilobytes = line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
    kilobytes.expect("a number of kB") * 1024.0 / 1e6
}
