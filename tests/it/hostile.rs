//! Clients that mean harm, against a process of its own: the scrape beside them is answered, and
//! memory stays bounded.
//!
//! In plain HTTP the victim is the demo. Over TLS it is the server alone, in a process of these
//! tests; see [`victim`].

mod descriptors;
mod http2;
mod plain;
mod smuggling;
mod victim;

use std::future::Future;

use tokio::task::JoinSet;

use self::victim::{Socket, Victim};
use crate::http_server::client::soon;

/// More sockets than there are places, and than fit into the kernel's backlog beside them. Where
/// this process may not have so many, all that it may.
fn flood() -> usize {
    const FLOOD: usize = 5000;
    // Two tests have such a flood at the same time, and the others want some sockets too.
    let fits = descriptors::as_many_as_allowed() / 3;
    if fits < FLOOD {
        eprintln!("THE HARD LIMIT OF OPEN FILES IS TOO LOW: {fits} sockets in place of {FLOOD}");
    }
    fits.min(FLOOD)
}

/// Sockets of a flood that wait for the kernel of the victim at the same time. The loopback's queue
/// has room for 1000 packets (`net.core.netdev_max_backlog`): more at once and it drops what others
/// send too, whose kernel then waits longer and longer until it tries again.
const AT_ONCE: usize = 400;

/// Does the same `count` times, `at_once` of them at a time, and returns what came of each.
async fn many<F, T>(count: usize, at_once: usize, mut one: impl FnMut(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut running = JoinSet::new();
    let mut done = Vec::with_capacity(count);
    for number in 0..count {
        if running.len() >= at_once {
            done.push(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(one(number));
    }
    while let Some(ended) = running.join_next().await {
        done.push(ended.unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_connections_that_asked_once_and_stay_keep_nobody_from_asking() {
    for victim in [Victim::plain().await, Victim::secure().await] {
        let before = victim.peak();
        let address = victim.address;
        let connector = victim.connector();
        let flood = flood();
        let idle = many(flood, 64, move |_| {
            let connector = connector.clone();
            async move { soon(connector.asks(address)).await }
        });
        let idle = idle.await;
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(64, before);
        assert_eq!(idle.len(), flood);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_sockets_that_say_nothing_delay_a_newcomer_and_not_who_scrapes_already() {
    for victim in [Victim::plain().await, Victim::secure().await] {
        let mut scraper = victim.scraper().await;
        scraper.scrape().await;
        let before = victim.peak();
        let (count, address) = (flood(), victim.address);
        let (mut flood, mut sockets) = (JoinSet::new(), Vec::new());
        for _ in 0..count {
            if flood.len() == AT_ONCE {
                sockets.push(flood.join_next().await.unwrap().unwrap());
                if sockets.len() % 500 == 0 {
                    scraper.scrape().await;
                }
            }
            flood.spawn(Socket::connect(address));
        }
        sockets.extend(flood.join_all().await);
        // The last of them are still in the queue.
        scraper.scrape().await;
        victim.lets_in_a_newcomer().await;
        victim.has_grown_by_less_than(64, before);
        assert_eq!(sockets.len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_drip_delay_a_newcomer_and_not_who_scrapes_already() {
    for victim in [Victim::plain().await, Victim::secure().await] {
        let mut scraper = victim.scraper().await;
        scraper.scrape().await;
        let before = victim.peak();
        let connector = victim.connector();
        let mut drips = JoinSet::<()>::new();
        for _ in 0..1000 {
            let (connector, address) = (connector.clone(), victim.address);
            drips.spawn(async move {
                // Who was thrown out comes again, until the test has seen enough.
                loop {
                    let Some(client) = connector.try_connect(address).await else { continue };
                    victim::drip(client, b"GET /metrics HTTP/1.1\r\nHost: t\r\nX: ").await;
                }
            });
        }
        for _ in 0..3 {
            scraper.scrape().await;
            victim.lets_in_a_newcomer().await;
        }
        scraper.scrape().await;
        victim.has_grown_by_less_than(96, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_drip_delay_a_newcomer_and_not_who_scrapes_already() {
    let victim = Victim::secure().await;
    let mut scraper = victim.scraper().await;
    scraper.scrape().await;
    let before = victim.peak();
    let mut drips = JoinSet::<()>::new();
    for _ in 0..1000 {
        let address = victim.address;
        drips.spawn(async move {
            loop {
                // A record of a handshake, whose length promises more than ever comes.
                let socket = Socket::connect(address).await;
                victim::drip(socket.client(), b"\x16\x03\x01\x3f\xff\x01\x00\x3f\xfb").await;
            }
        });
    }
    for _ in 0..3 {
        scraper.scrape().await;
        victim.lets_in_a_newcomer().await;
    }
    victim.has_grown_by_less_than(64, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_heads_are_not_kept() {
    for victim in [Victim::plain().await, Victim::secure().await] {
        let before = victim.peak();
        let (connector, address) = (victim.connector(), victim.address);
        let refused = many(256, 64, move |_| {
            let connector = connector.clone();
            async move {
                let mut client = connector.connect(address).await;
                client.send("GET / HTTP/1.1\r\nX: ").await;
                // Until the server hangs up.
                victim::send_on(&mut client, &[b'x'; 64 * 1024], 64).await;
                client.rest_of_answers().await.starts_with(b"HTTP/1.1 431 ")
            }
        });
        let refused = refused.await;
        assert!(refused.iter().any(|refused| *refused), "nobody was told why");
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(96, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_small_headers_are_refused() {
    for victim in [Victim::plain().await, Victim::secure().await] {
        let mut client = victim.client().await;
        client.send("GET / HTTP/1.1\r\n").await;
        victim::send_on(&mut client, "a:b\r\n".repeat(1000).as_bytes(), 100).await;
        let answer = client.rest_of_answers().await;
        assert!(answer.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&answer));
        victim.scrapes_promptly().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_end_whose_answers_nobody_reads_wait_in_the_client() {
    for victim in [Victim::plain().await, Victim::secure().await] {
        let before = victim.peak();
        let (connector, address) = (victim.connector(), victim.address);
        let stuck = many(64, 64, move |_| {
            let connector = connector.clone();
            async move {
                let mut client = connector.connect(address).await;
                let requests = "GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n".repeat(1000);
                let sending = victim::send_on(&mut client, requests.as_bytes(), 1000);
                // 40 MB of requests, unless the server stops to take them, or has enough of a client
                // whose answers hold the places of others.
                let sent = tokio::time::timeout(victim::A_WHILE, sending).await.unwrap_or(false);
                (sent, client)
            }
        });
        let stuck = stuck.await;
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(96, before);
        assert!(stuck.iter().all(|(sent, _)| !sent), "the server took everything");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_closed_sockets_are_answered_or_closed_and_cost_nothing() {
    use tokio::io::AsyncWriteExt as _;
    for victim in [Victim::plain().await, Victim::secure().await] {
        let before = victim.peak();
        let (connector, address) = (victim.connector(), victim.address);
        let ends = many(1000, 64, move |number| {
            let connector = connector.clone();
            async move {
                let mut client = connector.connect(address).await;
                let said = ["", "GET /", "GET /-/healthy HTTP/1.1\r\nHost: t\r\n\r\n"][number % 3];
                client.send(said).await;
                soon(client.stream.shutdown()).await.unwrap();
                let answer = client.rest_of_answers().await;
                answer.starts_with(b"HTTP/1.1 200 ") == (number % 3 == 2)
            }
        });
        assert!(ends.await.into_iter().all(|as_expected| as_expected));
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(48, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_bomb_is_neither_read_nor_unpacked() {
    use std::io::Write as _;
    let level = flate2::Compression::best();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), level);
    for _ in 0..256 {
        bomb.write_all(&[0; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for victim in [Victim::plain().await, Victim::secure().await] {
        let before = victim.peak();
        for method in ["GET", "POST"] {
            let mut client = victim.client().await;
            let length = bomb.len();
            client
                .send(format!(
                    "{method} /metrics HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\n\
                     Content-Length: {length}\r\n\r\n"
                ))
                .await;
            victim::send_on(&mut client, &bomb, 1).await;
            let answer = client.answer().await;
            assert_eq!(answer.headers["connection"], "close");
            client.rest_of_answers().await;
        }
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(32, before);
    }
}
