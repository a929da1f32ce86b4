//! What a process holds, as the kernel and the runtime tell it, and whether that grows.

use std::collections::BTreeSet;
use std::fs;

/// What is held while nothing happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Connections to AWS, which are kept for the next call.
    pub to_aws: usize,
    /// All other descriptors.
    pub descriptors: Option<usize>,
    /// Tasks of its runtime, without those of the connections to AWS.
    pub tasks: Option<usize>,
    /// Resident memory in KiB.
    pub memory: Option<u64>,
}

/// The descriptors of a process: connections to that port of loopback, and all others.
pub fn descriptors(pid: u32, port: u16) -> (usize, usize) {
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …
    let remote = format!("0100007F:{port:04X}");
    let inode = |row: &str| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        (fields.get(2) == Some(&&*remote)).then(|| fields.get(9).map(|i| format!("socket:[{i}]")))
    };
    let inodes: BTreeSet<String> = table.lines().filter_map(inode).flatten().collect();
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    // A descriptor may be closed while the list is read.
    let links: Vec<String> = links
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect();
    let to_aws = links.iter().filter(|link| inodes.contains(*link)).count();
    (to_aws, links.len() - to_aws)
}

/// The resident memory of a process in KiB.
pub fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// What was held at each rest.
#[derive(Debug, Default)]
pub struct Growth(pub Vec<Held>);

/// Of memory: what a run may add that is no leak, in KiB; and of what was there, a part.
const SPREAD: u64 = 4 * 1024;
const PART: u64 = 16;

impl Growth {
    /// Whether what is held now is no more than at the rest at which it was least, connections to
    /// AWS aside.
    pub fn is_back(&self, held: &Held) -> bool {
        let is_more = |now: Option<usize>, least: Option<usize>| least.is_some() && now > least;
        let descriptors = self.0.iter().filter_map(|held| held.descriptors).min();
        let tasks = self.0.iter().filter_map(|held| held.tasks).min();
        !is_more(held.descriptors, descriptors) && !is_more(held.tasks, tasks)
    }

    /// Says whether memory grew: the median of the last third against that of the first, without
    /// the first fifth, in which caches and the heap find their size.
    pub fn of_memory(&self) -> Result<String, String> {
        let mut memory: Vec<u64> = self.0.iter().filter_map(|held| held.memory).collect();
        memory.drain(..memory.len() / 5);
        let third = memory.len() / 3;
        if third == 0 {
            return Ok(format!("of its memory nothing can be told: {memory:?}"));
        }
        let (first, last) = (median(&memory[..third]), median(&memory[memory.len() - third..]));
        let said = format!("memory went from {first} to {last} KiB: {memory:?}");
        if last > first + SPREAD + first / PART { Err(said) } else { Ok(said) }
    }
}

fn median(values: &[u64]) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values[values.len() / 2]
}

#[test]
fn memory_that_grows_all_the_time_is_told_from_memory_that_goes_up_and_down() {
    let run = |memory: &dyn Fn(u64) -> u64| {
        let held = |n| Held { to_aws: 0, descriptors: None, tasks: None, memory: Some(memory(n)) };
        Growth((0..30).map(held).collect()).of_memory()
    };
    run(&|n| 40_000 + n % 5 * 2_000).unwrap();
    run(&|n| if n < 5 { 20_000 + n * 4_000 } else { 40_000 }).unwrap();
    run(&|n| if n == 29 { 400_000 } else { 40_000 }).unwrap();
    run(&|n| 40_000 + n * 1_000).unwrap_err();
}

#[test]
fn descriptors_are_counted_by_where_they_lead() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let before = descriptors(std::process::id(), port).0;
    let _streams = [0; 3].map(|_| std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
    assert_eq!((before, descriptors(std::process::id(), port).0), (0, 3));
}
