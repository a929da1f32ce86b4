//! How heavy a fleet is. Prints; run it alone:
//! `cargo test --test it identities::weight -- --ignored --nocapture`.

use std::time::Duration;

use super::aws::{Aws, assumed, no_products};
use super::{hub, limits, region, role, shared, soon};

const ROLES: usize = 800;
const REGIONS: usize = 17;

/// What the process holds, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints what a fleet weighs; says nothing beside other tests"]
async fn a_fleet_of_800_accounts_in_17_regions() {
    let aws = Aws::start(|asked| match &*asked.operation {
        "AssumeRole" => assumed(asked, Duration::from_secs(60 * 60)),
        _ => no_products(),
    });
    let (aws, limits) = (aws.await, limits());
    let (hub, shared) = (hub(&aws.url, limits.clone()), shared(&limits));
    // What is made once.
    let first = hub.assuming(&role("999999999999")).target(&region("eu-west-1"), shared.clone());
    first.products(None, soon()).await.unwrap();
    let before = resident();
    let mut clients = Vec::new();
    for account in 0..ROLES {
        let session = hub.assuming(&role(&format!("{account:012}")));
        for number in 0..REGIONS {
            clients.push(session.target(&region(&format!("eu-west-{number}")), shared.clone()));
        }
    }
    let made = resident();
    println!(
        "{} targets, not yet called: {} bytes each",
        clients.len(),
        (made - before) / clients.len()
    );
    for client in clients.iter().step_by(REGIONS) {
        client.products(None, soon()).await.unwrap();
    }
    let roles = (resident() - made) / ROLES;
    println!("clients and credentials of a role, once one region was called: {roles} bytes");
    let called = resident();
    for client in &clients {
        client.products(None, soon()).await.unwrap();
    }
    println!("another target, once called: {} bytes", (resident() - called) / clients.len());
    println!("all: {:.1} MB", (resident() - before) as f64 / 1e6);
    let begun = std::time::Instant::now();
    for _ in 0..100 {
        let session = hub.with(None, None, limits.clone()).await.unwrap();
        let client = session.target(&region("eu-west-1"), shared.clone());
        client.products(None, soon()).await.unwrap();
    }
    let fresh = begun.elapsed() / 100;
    let begun = std::time::Instant::now();
    for _ in 0..100 {
        first.products(None, soon()).await.unwrap();
    }
    println!("a call by a new client {fresh:?}, by one that is there {:?}", begun.elapsed() / 100);
}
