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

use simulated::{Aws, INSTANCES, PRODUCTS, STACK_SETS, Scanner, config};

const SCANS: usize = 50;
const PRINTED_EVERY: usize = 10;
/// Beside twice the plain text.
const MORE: f64 = 25.0;
/// A later one of the printed figures may be so much above the first.
const FLAT: f64 = 1.1;
/// After a publication freed memory is given back; that takes milliseconds.
const SETTLED: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    if simulated::be_simulator_if_told() {
        return ExitCode::SUCCESS;
    }
    let aws = Aws::start();
    let holds = simulated::runtime().block_on(measure(&aws.endpoint_url));
    ExitCode::from(u8::from(!holds))
}

async fn measure(endpoint_url: &str) -> bool {
    println!("{PRODUCTS} products, {STACK_SETS} stack sets of {INSTANCES} instances");
    println!("    scans   resident   highest");
    println!("{:9}   {:5.1} MB  {:5.1} MB", 0, status("VmRSS"), status("VmHWM"));
    let scanner = Scanner::new(config(), endpoint_url);
    let mut resident = Vec::new();
    let mut text = 0.0;
    for scan in 1..=SCANS {
        let published = scanner.scan().await;
        text = megabytes(published.exposition.plain_len());
        let gzip = megabytes(published.exposition.gzip_len());
        drop(published);
        tokio::time::sleep(SETTLED).await;
        if scan == 1 || scan % PRINTED_EVERY == 0 {
            resident.push(status("VmRSS"));
            println!("{scan:9}   {:5.1} MB  {:5.1} MB", status("VmRSS"), status("VmHWM"));
        }
        if scan == SCANS {
            println!("\nthe text has {text:.1} MB, compressed {gzip:.1} MB");
        }
    }
    scanner.end();
    let (first, limit) = (resident[0], 2.0 * text + MORE);
    let flat = resident.iter().all(|later| *later <= FLAT * first);
    let small = status("VmHWM") <= limit;
    let said = |holds| if holds { "holds" } else { "MISSED" };
    println!("flat: {}", said(flat));
    println!("highest under twice the text and {MORE} MB = {limit:.1} MB: {}", said(small));
    flat && small
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
