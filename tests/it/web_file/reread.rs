//! The file and those that it names are read again while the exporter serves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hyper_util::rt::TokioIo;

use super::demo::{Demo, scrape};
use super::requests::{login, users};
use super::*;
use crate::support::foreign::until;
use crate::support::https::Offer;
use crate::support::pki::Identity;

fn tls(more: &str) -> String {
    format!("tls_server_config: {{{FILES}{more}}}\n")
}

/// What a client of that server sees.
fn certificate(identity: &Identity) -> Vec<u8> {
    identity.der().0[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_rotated_under_load_without_one_failed_scrape() {
    let folder = Folder::new();
    let demo = Arc::new(Demo::start(&folder, &tls("")).await);
    let (over, scrapes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));

    // New connections, some of which resume a session.
    let mut load = Vec::new();
    for is_new in [true, false, false] {
        let client = Offer::to(&folder.authority).client();
        let fresh = || Offer::to(&folder.authority).client();
        let clients: Vec<_> =
            if is_new { (0..400).map(|_| fresh()).collect() } else { vec![client] };
        let (demo, over, scrapes) = (Arc::clone(&demo), Arc::clone(&over), Arc::clone(&scrapes));
        load.push(tokio::spawn(async move {
            for client in clients.iter().cycle() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let reply = client.get(demo.address, "/metrics", &[]).await.unwrap();
                assert_eq!(reply.answer.status, 200);
                scrapes.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    // One that is kept.
    let stream = Offer::to(&folder.authority).client().connect(demo.address).await.unwrap();
    let (mut kept, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut ask_kept = async || {
        let request = http::Request::get("/metrics").header("host", "localhost");
        let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
        let answer = kept.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        http_body_util::BodyExt::collect(answer.into_body()).await.unwrap();
    };

    let client = Offer::to(&folder.authority).client();
    for _ in 0..12 {
        ask_kept().await;
        let before = scrapes.load(Ordering::Relaxed);
        until("scrapes went on", async || {
            (scrapes.load(Ordering::Relaxed) > before + 3).then_some(())
        })
        .await;
        let next = folder.authority.server();
        next.write(folder.path(), "server");
        assert_eq!(demo.reload(&client).await.0, 200);
        assert_eq!(scrape(&folder, &demo).await.certificate, certificate(&next));
        ask_kept().await;
    }
    over.store(true, Ordering::Relaxed);
    for task in load {
        task.await.expect("no scrape fails");
    }
    connection.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_bad_keeps_the_last_good_one_until_it_is_mended() {
    let folder = Folder::new();
    let good = tls("") + &users(&[("ann", "s3cret-of-ann")]);
    let demo = Demo::start(&folder, &good).await;
    let client = Offer::to(&folder.authority).client();
    let ann = login("ann", "s3cret-of-ann");
    let headers = [("Authorization", &*ann)];
    let reload = async || {
        let answer = client.ask("POST", demo.address, "/-/reload", &headers).await.unwrap().answer;
        (answer.status, answer.text())
    };
    let is_served = async || {
        let reply = client.get(demo.address, "/metrics", &headers).await.unwrap();
        assert_eq!(reply.answer.status, 200);
        assert_eq!(client.get(demo.address, "/metrics", &[]).await.unwrap().answer.status, 401);
    };
    demo.says_successful(&client, &headers, true).await;
    let (key, path) = (folder.path().join("server.key"), folder.path().join("web.yml"));
    let right_key = std::fs::read_to_string(&key).unwrap();
    let another = folder.authority.server().key;
    for (bad_web, bad_key, reason) in [
        ("junk", "", "web.yml:1:1: expected a mapping"),
        ("basic_auth_users: {ann: s3cret}", "", "basic_auth_users.ann: is no bcrypt hash"),
        ("", &*another, "\"server.key\" is the key of another certificate"),
        ("", "gone", "\"server.key\" cannot be read"),
    ] {
        match (bad_web, bad_key) {
            ("", "gone") => std::fs::remove_file(&key).unwrap(),
            ("", bad_key) => std::fs::write(&key, bad_key).unwrap(),
            (bad_web, _) => std::fs::write(&path, bad_web).unwrap(),
        }
        let (status, said) = reload().await;
        assert_eq!(status, 400, "{said}");
        assert!(said.contains(reason), "{said}");
        demo.program.logs("the web file is refused; what ran before goes on").await;
        demo.says_successful(&client, &headers, false).await;
        is_served().await;
        std::fs::write(&path, &good).unwrap();
        std::fs::write(&key, &right_key).unwrap();
        assert_eq!(reload().await.0, 200);
        demo.says_successful(&client, &headers, true).await;
        is_served().await;
    }
    let log = demo.program.log();
    for secret in ["s3cret", "$2y$", "PRIVATE", ann.strip_prefix("Basic ").unwrap()] {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_each_file_are_seen_without_being_asked() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &tls("")).await;
    let client = Offer::to(&folder.authority).client();

    // A key that does not fit yet, as halfway through a rotation.
    let next = folder.authority.server();
    folder.write("server.key", &next.key);
    demo.says_successful(&client, &[], false).await;
    folder.write("server.crt", &next.certificate);
    until("the new certificate is served", async || {
        (scrape(&folder, &demo).await.certificate == certificate(&next)).then_some(())
    })
    .await;
    demo.says_successful(&client, &[], true).await;

    folder.write("web.yml", &(tls("") + &users(&[("ann", "one")])));
    until("a login is asked for", async || {
        (scrape(&folder, &demo).await.answer.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_headers_count_on_connections_that_live_already() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &tls("")).await;
    let client = Offer::to(&folder.authority).client();
    let stream = client.connect(demo.address).await.unwrap();
    let (mut kept, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut ask = async || {
        let request = http::Request::get("/metrics").header("host", "localhost");
        let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
        let answer = kept.send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        http_body_util::BodyExt::collect(body).await.unwrap();
        (head.status.as_u16(), head.headers.contains_key("x-frame-options"))
    };
    assert_eq!(ask().await, (200, false));
    let headers = "http_server_config: {headers: {X-Frame-Options: deny}}\n";
    folder.write("web.yml", &(tls("") + headers));
    assert_eq!(demo.reload(&client).await.0, 200);
    assert_eq!(ask().await, (200, true));
    folder.write("web.yml", &(tls("") + headers + &users(&[("ann", "one")])));
    assert_eq!(demo.reload(&client).await.0, 200);
    assert_eq!(ask().await, (401, true));
    connection.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_can_come_and_go_and_both_files_must_be_good_to_be_successful() {
    let folder = Folder::new();
    folder.write("exporter.yml", "");
    let config = folder.path().join("exporter.yml");
    let config = config.to_str().unwrap();
    let demo = Demo::with(&folder, &tls(""), &["--config.file", config]).await;
    let client = Offer::to(&folder.authority).client();

    folder.write("exporter.yml", "scan: junk");
    folder.write("web.yml", "junk");
    let (status, said) = demo.reload(&client).await;
    assert_eq!(status, 400);
    assert!(said.contains("exporter.yml:1:7") && said.contains("web.yml:1:1"), "{said}");
    folder.write("web.yml", &tls(""));
    let (status, said) = demo.reload(&client).await;
    assert!(status == 400 && !said.contains("web.yml"), "{said}");
    demo.says_successful(&client, &[], false).await;
    folder.write("exporter.yml", "");
    folder.write("web.yml", "junk");
    assert_eq!(demo.reload(&client).await.0, 400);
    demo.says_successful(&client, &[], false).await;
    folder.write("web.yml", &tls(""));
    assert_eq!(demo.reload(&client).await.0, 200);
    demo.says_successful(&client, &[], true).await;

    folder.write("web.yml", "");
    assert_eq!(demo.reload(&client).await.0, 200);
    assert_eq!(crate::support::http::get(demo.address, "/metrics", &[]).await.status, 200);
    folder.write("web.yml", &tls(""));
    assert_eq!(crate::support::http::post(demo.address, "/-/reload", &[]).await.status, 200);
    assert_eq!(scrape(&folder, &demo).await.answer.status, 200);
}
