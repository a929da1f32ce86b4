//! Who gets an answer: the rate limit, then the login, in front of every route.
//!
//! A login costs a bcrypt, so one runs at a time, few wait, and verdicts are remembered: a client
//! that was let in once costs a hash of its password and never waits behind those who guess.
//! Names that nobody has cost as much as those that somebody has.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use rustls::crypto::aws_lc_rs::default_provider;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::{Body, text, with};
use crate::config::{RateLimit, Users, WebFile};
use crate::password::PasswordHash;

/// Logins that wait for the one that is looked at; more are told to come again.
const WAITING: usize = 16;
/// Right passwords that are remembered; more than anybody has users and keeps changing.
const GOOD: usize = 256;
/// Wrong passwords that are remembered, so that a client that was set up wrongly costs nothing.
/// Apart from the right ones, which no flood of these can push out.
const BAD: usize = 1024;

/// Why there is no answer but this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The rate limit; there is room again after that long, if ever.
    TooMany(Option<Duration>),
    /// No login, or a wrong one.
    Unauthorized,
    /// Too many logins wait.
    Busy,
}

/// Stands in front of the routes, by the web file that is in force.
pub struct Gate {
    rules: watch::Receiver<Arc<WebFile>>,
    /// Neither limited nor closed to anybody: whoever restarts what gives no answer here must not
    /// be led to do so by others who ask too much.
    healthy: String,
    /// Open to everybody too, if it is.
    ready: Option<String>,
    bucket: Mutex<Option<Bucket>>,
    verdicts: Arc<Mutex<Verdicts>>,
    /// Of what verdicts are remembered by, new for each process.
    secret: [u8; 32],
    /// Permits of those who wait, and of the one who does not.
    room: Arc<Semaphore>,
    /// The permit of the one who does not.
    lane: Arc<Semaphore>,
}

impl Gate {
    /// Lets everybody through to `healthy`, and to `ready` if there is one.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn new(
        rules: watch::Receiver<Arc<WebFile>>,
        healthy: String,
        ready: Option<String>,
    ) -> Result<Self, rustls::Error> {
        let mut secret = [0; 32];
        default_provider().secure_random.fill(&mut secret)?;
        Ok(Self {
            rules,
            healthy,
            ready,
            bucket: Mutex::default(),
            verdicts: Arc::default(),
            secret,
            room: Arc::new(Semaphore::new(WAITING + 1)),
            lane: Arc::new(Semaphore::new(1)),
        })
    }

    /// Waits for the verdict on a request, which is immediate for whoever was let in before.
    ///
    /// # Errors
    /// When it is not to be answered; [`super::Handler::refused`] says so.
    pub async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(), Refused> {
        if path == self.healthy {
            return Ok(());
        }
        let rules = Arc::clone(&self.rules.borrow());
        self.within_limit(rules.rate_limit, Instant::now())?;
        if rules.users.0.is_empty() || self.ready.as_deref() == Some(path) {
            return Ok(());
        }
        let login = Login::of(headers).ok_or(Refused::Unauthorized)?;
        match self.is_right(&rules.users, login).await? {
            true => Ok(()),
            false => Err(Refused::Unauthorized),
        }
    }

    /// The response with the headers of the web file, which win over ours.
    #[must_use]
    pub fn dressed(&self, mut response: Response<Body>) -> Response<Body> {
        for (name, value) in &self.rules.borrow().headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }

    fn within_limit(&self, limit: Option<RateLimit>, now: Instant) -> Result<(), Refused> {
        let Some(limit) = limit else { return Ok(()) };
        let mut bucket = lock(&self.bucket);
        match &mut *bucket {
            Some(bucket) if bucket.limit == limit => bucket.take(now),
            changed => changed.insert(Bucket::full(limit, now)).take(now),
        }
    }

    async fn is_right(&self, users: &Users, login: Login) -> Result<bool, Refused> {
        let name = str::from_utf8(&login.name).unwrap_or_default();
        let known = users.0.get(name).filter(|_| name.len() == login.name.len());
        let cost = users.0.values().map(PasswordHash::cost).max().unwrap_or_default();
        let hash = known.cloned().unwrap_or_else(|| PasswordHash::decoy(cost));
        let is_known = known.is_some();
        let key = self.key(&login, &hash, is_known);
        if let Some(verdict) = lock(&self.verdicts).on(&key) {
            return Ok(verdict);
        }
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Refused::Busy)?;
        let lane = Arc::clone(&self.lane).acquire_owned().await.map_err(|_| Refused::Busy)?;
        // Whoever was before may have said the same.
        if let Some(verdict) = lock(&self.verdicts).on(&key) {
            return Ok(verdict);
        }
        let verdicts = Arc::clone(&self.verdicts);
        // It ends, and is remembered, also if the client does not wait for it.
        let looking = tokio::task::spawn_blocking(move || {
            let verdict = hash.matches(&login.password) && is_known;
            lock(&verdicts).remember(key, verdict);
            drop((place, lane));
            verdict
        });
        looking.await.map_err(|_| Refused::Busy)
    }

    /// What a verdict is remembered by: tells nobody the password who does not have the secret.
    fn key(&self, login: &Login, hash: &PasswordHash, is_known: bool) -> Key {
        let mut key = Sha256::new();
        key.update(self.secret);
        key.update([u8::from(is_known)]);
        key.update(hash.identity());
        key.update((login.name.len() as u64).to_be_bytes());
        key.update(&login.name);
        key.update(&login.password);
        key.finalize().into()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("rules", &self.rules).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The answer to a request that was refused.
pub(super) fn answer(refused: Refused) -> Response<Body> {
    let after = |response, wait: Duration| {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        with(response, RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    };
    match refused {
        Refused::TooMany(wait) => {
            let response = text(StatusCode::TOO_MANY_REQUESTS, "Too many requests\n");
            match wait {
                Some(wait) => after(response, wait),
                None => response,
            }
        }
        Refused::Unauthorized => {
            let response = text(StatusCode::UNAUTHORIZED, "Unauthorized\n");
            with(response, WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))
        }
        Refused::Busy => {
            let response = text(StatusCode::SERVICE_UNAVAILABLE, "Too many logins wait\n");
            after(response, Duration::from_secs(1))
        }
    }
}

/// What a client says of itself. It is never shown.
struct Login {
    name: Vec<u8>,
    password: Vec<u8>,
}

impl Login {
    /// None: there is none, or none that can be read.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let (scheme, credentials) =
            headers.get(AUTHORIZATION)?.as_bytes().split_at_checked("Basic ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Basic ") {
            return None;
        }
        let mut name = STANDARD.decode(credentials).ok()?;
        let colon = name.iter().position(|byte| *byte == b':')?;
        let password = name.split_off(colon + 1);
        name.truncate(colon);
        Some(Self { name, password })
    }
}

type Key = [u8; 32];

/// What was found out.
#[derive(Debug, Default)]
struct Verdicts {
    good: Latest<GOOD>,
    bad: Latest<BAD>,
    /// How many were found out, rather than remembered.
    found_out: usize,
}

impl Verdicts {
    fn on(&self, key: &Key) -> Option<bool> {
        if self.good.keys.contains(key) {
            return Some(true);
        }
        self.bad.keys.contains(key).then_some(false)
    }

    fn remember(&mut self, key: Key, verdict: bool) {
        self.found_out += 1;
        match verdict {
            true => self.good.insert(key),
            false => self.bad.insert(key),
        }
    }
}

/// The latest keys, at most `MOST`.
#[derive(Debug, Default)]
struct Latest<const MOST: usize> {
    keys: HashSet<Key>,
    order: VecDeque<Key>,
}

impl<const MOST: usize> Latest<MOST> {
    fn insert(&mut self, key: Key) {
        if !self.keys.insert(key) {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }
}

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    limit: RateLimit,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(limit: RateLimit, now: Instant) -> Self {
        Self { limit, tokens: f64::from(limit.burst), at: now }
    }

    fn take(&mut self, now: Instant) -> Result<(), Refused> {
        let interval = self.limit.interval.as_secs_f64();
        let gained = now.saturating_duration_since(self.at).as_secs_f64() / interval;
        self.tokens = (self.tokens + gained).min(f64::from(self.limit.burst));
        self.at = self.at.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = Duration::try_from_secs_f64((1.0 - self.tokens) * interval).ok();
        Err(Refused::TooMany(wait.filter(|_| self.limit.burst > 0)))
    }
}

#[cfg(test)]
mod tests;
