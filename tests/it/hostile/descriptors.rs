//! A process that has no file descriptor left.

use std::process::Command;
use std::time::Instant;

use super::victim::Victim;
use crate::process::program::exporter;

/// Clock ticks of CPU that a process has taken; there are 100 in a second.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name of the program may hold anything, but ends with the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Raises the limit of this process as far as it can, and says how many files that are.
pub fn as_many_as_allowed() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap_or(1 << 20));
    let (soft, hard) = (numbers.next().unwrap(), numbers.next().unwrap());
    if soft < hard {
        allow_open_files(std::process::id(), hard);
    }
    hard
}

fn allow_open_files(pid: u32, most: usize) {
    let limit = format!("--nofile={most}:");
    let done = Command::new("prlimit").args([&limit, "--pid", &pid.to_string()]).status();
    assert!(done.expect("prlimit is a part of every Debian").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_it_serves_who_is_there_and_neither_ends_nor_spins() {
    let victim = Victim::plain().await;
    let pid = victim.program.id();
    let mut scraper = victim.scraper().await;
    scraper.scrape().await;

    // A descriptor's number is the lowest that is free: no number is, from here on.
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    allow_open_files(pid, open.min(lowest_free(pid)));
    let mut late = victim.client().await;
    late.send("GET /-/healthy HTTP/1.1\r\nHost: t\r\n\r\n").await;
    victim.program.logs("cannot accept a connection").await;

    let (begun, before) = (Instant::now(), ticks(pid));
    for lines in 2..5 {
        // At most one comes in a second.
        victim.program.logs_times("cannot accept a connection", lines).await;
        scraper.scrape().await;
    }
    let (wall, cpu) = (begun.elapsed(), ticks(pid) - before);
    println!("{cpu} ticks of CPU in {wall:?}");
    assert!(cpu < 50 * wall.as_secs(), "it spins: {cpu} ticks of CPU in {wall:?}");

    allow_open_files(pid, 1024);
    assert_eq!(late.answer().await.status, 200);
}

fn lowest_free(pid: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let open: Vec<usize> =
        open.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    (0..).find(|number| !open.contains(number)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_limit_of_open_files_lowers_the_cap_of_connections_and_is_told() {
    let program = exporter(&["demo", "--web.listen-address", "127.0.0.1:0"])
        .through_shell("ulimit -n 400 && exec \"$@\"")
        .start();
    let line = program.logs("the limit of open files is low").await;
    assert!(line.contains("open_files=400") && line.contains("max_connections=208"), "{line}");
}
