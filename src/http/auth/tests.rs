use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::password::hash;

/// The least that bcrypt takes.
const COST: u32 = 4;

fn rules(users: &[(&str, &str)]) -> WebFile {
    let users = users.iter().map(|(name, password)| {
        let hash = hash(password.as_bytes(), COST).unwrap();
        ((*name).to_owned(), PasswordHash::parse(&hash).unwrap())
    });
    WebFile { users: Users(users.collect()), ..WebFile::default() }
}

fn gate(rules: WebFile) -> (Gate, watch::Sender<Arc<WebFile>>) {
    let (sender, receiver) = watch::channel(Arc::new(rules));
    (Gate::new(receiver, "/-/healthy".into(), None).unwrap(), sender)
}

fn login(name: &str, password: impl AsRef<[u8]>) -> HeaderMap {
    raw(&[name.as_bytes(), b":", password.as_ref()].concat())
}

fn raw(credentials: &[u8]) -> HeaderMap {
    let value = format!("Basic {}", STANDARD.encode(credentials));
    [(AUTHORIZATION, value.parse().unwrap())].into_iter().collect()
}

async fn asked(gate: &Gate, headers: &HeaderMap) -> Result<(), Refused> {
    gate.admit("/metrics", headers).await
}

fn found_out(gate: &Gate) -> usize {
    lock(&gate.verdicts).found_out
}

/// What is answered without waiting.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn without_users_everybody_is_let_in_and_with_them_those_who_know_a_password() {
    let (open, _) = gate(WebFile::default());
    assert_eq!(asked(&open, &HeaderMap::new()).await, Ok(()));
    let (closed, _) = gate(rules(&[("ann", "a:b"), ("bob", "two"), ("", "nameless")]));
    for (headers, verdict) in [
        (login("ann", "a:b"), Ok(())),
        (login("bob", "two"), Ok(())),
        (login("", "nameless"), Ok(())),
        (login("ann", "two"), Err(Refused::Unauthorized)),
        (login("ann", ""), Err(Refused::Unauthorized)),
        (login("Ann", "a:b"), Err(Refused::Unauthorized)),
        (login("eve", "a:b"), Err(Refused::Unauthorized)),
        (raw(b"ann"), Err(Refused::Unauthorized)),
        (raw(b"\xff:nameless"), Err(Refused::Unauthorized)),
        (HeaderMap::new(), Err(Refused::Unauthorized)),
    ] {
        assert_eq!(asked(&closed, &headers).await, verdict, "{headers:?}");
    }
    for (header, verdict) in [
        ("basic YW5uOmE6Yg==", Ok(())),
        ("Basic YW5uOmE6Yg", Err(Refused::Unauthorized)),
        ("Bearer YW5uOmE6Yg==", Err(Refused::Unauthorized)),
        ("Basic", Err(Refused::Unauthorized)),
        ("Basic !", Err(Refused::Unauthorized)),
        ("", Err(Refused::Unauthorized)),
    ] {
        let headers = [(AUTHORIZATION, header.parse().unwrap())].into_iter().collect();
        assert_eq!(asked(&closed, &headers).await, verdict, "{header}");
    }
}

#[tokio::test]
async fn health_is_open_and_readiness_only_if_it_was_opened() {
    let mut rules = rules(&[("ann", "one")]);
    rules.rate_limit = Some(RateLimit { interval: Duration::from_secs(3600), burst: 2 });
    let (_sender, receiver) = watch::channel(Arc::new(rules));
    let gate = |ready: Option<&str>| {
        Gate::new(receiver.clone(), "/-/healthy".into(), ready.map(str::to_owned)).unwrap()
    };
    let none = HeaderMap::new();
    let closed = gate(None);
    assert_eq!(closed.admit("/-/ready", &none).await, Err(Refused::Unauthorized));
    for _ in 0..9 {
        assert_eq!(closed.admit("/-/healthy", &none).await, Ok(()), "it is not limited either");
    }
    let open = gate(Some("/-/ready"));
    assert_eq!(open.admit("/-/ready", &none).await, Ok(()));
    assert_eq!(open.admit("/-/ready/", &none).await, Err(Refused::Unauthorized));
    assert!(matches!(open.admit("/-/ready", &none).await, Err(Refused::TooMany(_))));
}

#[tokio::test]
async fn every_login_costs_one_bcrypt_known_or_not_and_the_next_time_none() {
    let (gate, _) = gate(rules(&[("ann", "one"), ("bob", "two")]));
    let logins = [
        (login("ann", "one"), Ok(())),
        (login("bob", "two"), Ok(())),
        (login("ann", "two"), Err(Refused::Unauthorized)),
        (login("eve", "one"), Err(Refused::Unauthorized)),
        (raw(b"\xff\xfe:one"), Err(Refused::Unauthorized)),
    ];
    for (count, (headers, verdict)) in logins.iter().enumerate() {
        assert_eq!(asked(&gate, headers).await, *verdict);
        assert_eq!(found_out(&gate), count + 1);
    }
    for (headers, verdict) in &logins {
        assert_eq!(at_once(asked(&gate, headers)), Some(*verdict));
    }
    assert_eq!(found_out(&gate), logins.len());
    let nobody = HeaderMap::new();
    assert_eq!(at_once(asked(&gate, &nobody)), Some(Err(Refused::Unauthorized)));
}

#[tokio::test]
async fn nobody_who_guesses_delays_whoever_was_let_in_before() {
    let (gate, _) = gate(rules(&[("ann", "one")]));
    let ann = login("ann", "one");
    assert_eq!(asked(&gate, &ann).await, Ok(()));

    // Somebody's bcrypt runs and does not end.
    let running = Arc::clone(&gate.lane).try_acquire_owned().unwrap();
    let place = Arc::clone(&gate.room).try_acquire_owned().unwrap();
    let guesses: Vec<_> = (0..WAITING + 5).map(|n| login("ann", format!("guess {n}"))).collect();
    let mut waiting: Vec<_> = guesses.iter().map(|guess| Box::pin(asked(&gate, guess))).collect();
    let mut context = Context::from_waker(Waker::noop());
    let polled: Vec<_> =
        waiting.iter_mut().map(|guess| guess.as_mut().poll(&mut context)).collect();
    let (first, rest) = polled.split_at(WAITING);
    assert!(first.iter().all(Poll::is_pending), "they wait: {polled:?}");
    assert!(rest.iter().all(|guess| *guess == Poll::Ready(Err(Refused::Busy))), "{polled:?}");
    assert_eq!(at_once(asked(&gate, &ann)), Some(Ok(())), "ann does not wait");

    // Who leaves makes room.
    waiting.truncate(WAITING - 1);
    assert_eq!(at_once(asked(&gate, &login("ann", "another"))), None);
    drop((running, place));
    for guess in waiting {
        assert_eq!(guess.await, Err(Refused::Unauthorized));
    }
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_is_forgotten_and_the_right_ones_are_not() {
    let mut verdicts = Verdicts::default();
    let key = |n: usize| -> Key { Sha256::digest(n.to_be_bytes()).into() };
    verdicts.remember(key(0), true);
    for n in 1..=3 * BAD {
        verdicts.remember(key(n), false);
    }
    assert_eq!(verdicts.on(&key(0)), Some(true));
    assert_eq!(verdicts.on(&key(1)), None);
    assert_eq!(verdicts.on(&key(3 * BAD)), Some(false));
    assert_eq!((verdicts.bad.keys.len(), verdicts.bad.order.len()), (BAD, BAD));
    for n in 0..3 * GOOD {
        verdicts.remember(key(n), true);
    }
    assert_eq!((verdicts.good.keys.len(), verdicts.good.order.len()), (GOOD, GOOD));
}

#[tokio::test]
async fn users_count_as_soon_as_they_change() {
    let (gate, sender) = gate(rules(&[("ann", "one")]));
    assert_eq!(asked(&gate, &login("ann", "one")).await, Ok(()));
    sender.send_replace(Arc::new(rules(&[("ann", "changed"), ("bob", "two")])));
    assert_eq!(asked(&gate, &login("ann", "one")).await, Err(Refused::Unauthorized));
    assert_eq!(asked(&gate, &login("ann", "changed")).await, Ok(()));
    assert_eq!(asked(&gate, &login("bob", "two")).await, Ok(()));
    sender.send_replace(Arc::new(rules(&[("bob", "two")])));
    assert_eq!(asked(&gate, &login("ann", "changed")).await, Err(Refused::Unauthorized));
    sender.send_replace(Arc::default());
    assert_eq!(asked(&gate, &HeaderMap::new()).await, Ok(()));
}

#[tokio::test]
async fn long_passwords_and_nuls_count_as_in_go() {
    let longest = "x".repeat(72);
    let (gate, _) = gate(rules(&[("long", &longest), ("nul", "a\0b")]));
    assert_eq!(asked(&gate, &login("long", longest.clone() + "and more")).await, Ok(()));
    assert_eq!(asked(&gate, &login("long", "x".repeat(71))).await, Err(Refused::Unauthorized));
    assert_eq!(asked(&gate, &login("long", "x".repeat(10_000))).await, Ok(()));
    assert_eq!(asked(&gate, &login("nul", "a\0b")).await, Ok(()));
    assert_eq!(asked(&gate, &login("nul", "a")).await, Err(Refused::Unauthorized));
}

#[test]
fn the_rate_limit_is_a_bucket_that_is_full_at_first() {
    let limit = |seconds, burst| RateLimit { interval: Duration::from_secs(seconds), burst };
    let (gate, _) = gate(WebFile::default());
    let begun = Instant::now();
    let ask = |limit, at| gate.within_limit(Some(limit), begun + Duration::from_secs(at));
    let wait = |seconds| Err(Refused::TooMany(Some(Duration::from_secs(seconds))));
    let two = limit(10, 2);
    assert_eq!([ask(two, 0), ask(two, 0), ask(two, 0)], [Ok(()), Ok(()), wait(10)]);
    assert_eq!([ask(two, 5), ask(two, 10), ask(two, 10)], [wait(5), Ok(()), wait(10)]);
    let saved_up = [ask(two, 1000), ask(two, 1000), ask(two, 1000)];
    assert_eq!(saved_up, [Ok(()), Ok(()), wait(10)], "no more than the burst is saved up");
    assert_eq!(ask(two, 0), wait(10), "a clock that goes back gives nothing");
    assert_eq!(ask(limit(10, 0), 2000), Err(Refused::TooMany(None)), "never");
    assert_eq!(ask(limit(20, 1), 2000), Ok(()), "another limit counts at once");
    assert_eq!(gate.within_limit(None, begun), Ok(()));
}

#[test]
fn each_refusal_says_what_to_do() {
    let header = |refused, name| {
        let value = answer(refused).headers().get(name).cloned();
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let millis = |millis| Refused::TooMany(Some(Duration::from_millis(millis)));
    assert_eq!(answer(Refused::Unauthorized).status(), 401);
    assert_eq!(header(Refused::Unauthorized, WWW_AUTHENTICATE).as_deref(), Some("Basic"));
    assert_eq!(answer(millis(1)).status(), 429);
    assert_eq!(header(millis(1), RETRY_AFTER).as_deref(), Some("1"));
    assert_eq!(header(millis(2001), RETRY_AFTER).as_deref(), Some("3"));
    assert_eq!(header(Refused::TooMany(None), RETRY_AFTER), None);
    assert_eq!(answer(Refused::Busy).status(), 503);
    assert_eq!(header(Refused::Busy, RETRY_AFTER).as_deref(), Some("1"));
}
