//! The simulated AWS: the other side of the wire, for `demo`, tests and benches.
//!
//! It knows the wire and not the domain: nothing here comes from the rest of the crate, so it cannot
//! mirror a mistake of ours. [`World::answer`] is the whole of it, without sockets and without a
//! clock; [`Simulator`] puts it behind HTTP on loopback. Signatures are not verified: the caller is
//! who the access key in the credential scope says, whatever the secret.
//!
//! A world has accounts with catalogs in regions ([`World::add`]), roles ([`World::add_role`]) whose
//! credentials end, an organisation ([`World::organize`]), and things that go wrong ([`Fault`]).
//! [`World::fleet`] puts all of it together. Its clock starts at a known moment and goes with the
//! machine's; [`World::advance`] skips.
//!
//! To teach it an operation:
//! 1. name it in `operation.rs`: its service, its path or target, whether it is paged;
//! 2. read the fields of its request in `input.rs`, and say what a page token belongs to (`subject`)
//!    and what the call is about (`about`);
//! 3. answer it in the file of its service and name that in `World::ask` of `answer.rs`, with
//!    `json::object` in the order of fields of a recorded answer; `Question::page` cuts the page.
//!
//! Then it is known to faults, page tokens, credentials and the call log. The shapes are those of
//! botocore's models, and `tests/it/boto3.rs` lets boto3 judge them.

mod answer;
mod calls;
mod catalog;
mod clock;
mod demo;
mod fault;
mod fleet;
mod identity;
mod input;
mod json;
mod life;
mod offer;
mod operation;
mod organization;
mod organizations;
mod paging;
mod product;
mod random;
mod record;
mod regions;
mod server;
mod service_catalog;
mod sts;
#[cfg(test)]
mod tests;
mod token;
mod what;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub use calls::{Call, CallLog, Concurrency, Outcome};
pub use catalog::{Catalog, ProductCounts};
pub use fault::{Fault, Page, When};
pub use fleet::{Fleet, Hub};
pub use identity::{Principal, Role, Trust};
pub use offer::{Access, Offer, Version};
pub use operation::{Operation, Protocol};
pub use organization::{Member, Organization};
pub use product::{ACCOUNT, ProvisionedProduct, REGION, StackInstance};
pub use record::Record;
pub use what::What;
pub use wire::{Delivery, Request, Response};
pub use world::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, World};

/// A [`World`] behind HTTP on 127.0.0.1. It stops, and ends its connections, when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Simulator {
    /// Serves `world` on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no socket can be bound.
    pub async fn start(world: World) -> io::Result<Simulator> {
        Simulator::start_on(world, 0).await
    }

    /// Serves `world` on that port of 127.0.0.1; 0 takes a free one.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub async fn start_on(world: World, port: u16) -> io::Result<Simulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(world));
        #[expect(clippy::disallowed_methods, reason = "ended when the simulator is dropped")]
        let accepting = tokio::spawn(server::accept(listener, Arc::clone(&shared)));
        Ok(Simulator { shared, address, accepting })
    }

    /// Where it listens, as an endpoint URL for every service.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the world or changes it, between two calls.
    pub fn with_world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.shared.world_now())
    }

    /// Scripts a fault, behind those that are there: the first that matches happens.
    pub fn inject(&self, fault: Fault) {
        self.with_world(|world| world.inject(fault));
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.with_world(World::clear_faults);
    }

    /// Lets every answer wait that long, from now on; waiting calls do not wait for each other.
    pub fn set_latency(&self, latency: Duration) {
        lock(&self.shared.traffic).latency = latency;
    }

    /// The latest calls, oldest first; see [`CallLog::KEPT`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.traffic).log.iter().cloned().collect()
    }

    /// How many calls of `operation` there were since the start or the last [`forget_calls`](Self::forget_calls).
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        lock(&self.shared.traffic).log.count(operation)
    }

    /// The same for the calls of an account in a region.
    #[must_use]
    pub fn count_in(&self, operation: Operation, account: &str, region: &str) -> u64 {
        lock(&self.shared.traffic).log.count_in(operation, account, region)
    }

    /// How often the role with that ARN was assumed with success, since the same moment.
    #[must_use]
    pub fn count_of_role(&self, arn: &str) -> u64 {
        lock(&self.shared.traffic).log.count_of_role(arn)
    }

    /// Begins a new call log and new high-water marks. Requests under way stay counted as such.
    pub fn forget_calls(&self) {
        let mut traffic = lock(&self.shared.traffic);
        traffic.log = CallLog::default();
        traffic.concurrency.highest = traffic.concurrency.now;
        for concurrency in traffic.by_target.values_mut() {
            concurrency.highest = concurrency.now;
        }
    }

    /// How many requests are under way, from their arrival to the begin of their answer.
    #[must_use]
    pub fn concurrency(&self) -> Concurrency {
        lock(&self.shared.traffic).concurrency
    }

    /// The same for the requests of an account in a region.
    #[must_use]
    pub fn concurrency_of(&self, account: &str, region: &str) -> Concurrency {
        let target = (Some(account.to_owned()), Some(region.to_owned()));
        lock(&self.shared.traffic).by_target.get(&target).copied().unwrap_or_default()
    }

    /// Waits until a call is recorded (or was already) that `wanted` accepts, and returns it. A
    /// call is recorded when it arrives, before its answer.
    pub async fn wait_for_call(&self, wanted: impl Fn(&Call) -> bool) -> Call {
        self.wait_for(|log| log.iter().find(|call| wanted(call)).cloned()).await
    }

    /// Waits until the log of calls satisfies `condition`.
    pub async fn wait_until(&self, condition: impl Fn(&CallLog) -> bool) {
        self.wait_for(|log| condition(log).then_some(())).await;
    }

    async fn wait_for<T>(&self, find: impl Fn(&CallLog) -> Option<T>) -> T {
        loop {
            let arrival = self.shared.arrival.notified();
            tokio::pin!(arrival);
            // Before looking, so that a call that arrives meanwhile wakes us.
            arrival.as_mut().enable();
            if let Some(found) = find(&lock(&self.shared.traffic).log) {
                return found;
            }
            arrival.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What the connections share with the [`Simulator`].
#[derive(Debug)]
struct Shared {
    began: Instant,
    world: Mutex<World>,
    traffic: Mutex<Traffic>,
    arrival: Notify,
}

/// The account and region of a call, where they were understood.
type Target = (Option<String>, Option<String>);

#[derive(Debug, Default)]
struct Traffic {
    latency: Duration,
    log: CallLog,
    concurrency: Concurrency,
    by_target: BTreeMap<Target, Concurrency>,
}

impl Shared {
    fn new(mut world: World) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the client compares the end of credentials with this clock"
        )]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        world.clock.tie(now);
        Shared {
            began: Instant::now(),
            world: Mutex::new(world),
            traffic: Mutex::default(),
            arrival: Notify::new(),
        }
    }

    fn latency(&self) -> Duration {
        lock(&self.traffic).latency
    }

    /// The world, as late as it is.
    fn world_now(&self) -> MutexGuard<'_, World> {
        let mut world = lock(&self.world);
        world.clock.set_elapsed(self.began.elapsed());
        world
    }

    /// Answers and records a request, which is under way until the guard is dropped.
    fn take(&self, request: &Request) -> (Response, UnderWay<'_>) {
        let at = self.began.elapsed();
        let (mut call, response) = self.world_now().exchange(request);
        call.at = at;
        let target = (call.account.clone(), call.region.clone());
        let mut traffic = lock(&self.traffic);
        traffic.concurrency.enter();
        traffic.by_target.entry(target.clone()).or_default().enter();
        traffic.log.record(call);
        drop(traffic);
        self.arrival.notify_waiters();
        (response, UnderWay { shared: self, target })
    }
}

/// A request that has arrived and whose answer has not begun.
struct UnderWay<'a> {
    shared: &'a Shared,
    target: Target,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut traffic = lock(&self.shared.traffic);
        traffic.concurrency.leave();
        if let Some(concurrency) = traffic.by_target.get_mut(&self.target) {
            concurrency.leave();
        }
    }
}

/// A panic of a test while it held the lock leaves nothing half done that matters here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
