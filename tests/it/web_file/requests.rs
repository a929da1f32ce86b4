//! Headers, users and the rate limit, for each request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use servicecatalog_exporter::password;

use super::*;
use crate::support::exposition::Scrape;
use crate::support::foreign::until;
use crate::support::http::{self, Answer};
use crate::support::https::Offer;

const REQUESTS: &str = "servicecatalog_exporter_http_requests_total";

/// `basic_auth_users` with hashes that are quick.
pub(super) fn users(users: &[(&str, &str)]) -> String {
    let line = |(name, password): &(&str, &str)| {
        format!("  {name}: {}\n", password::hash(password.as_bytes(), 4).unwrap())
    };
    format!("basic_auth_users:\n{}", users.iter().map(line).collect::<String>())
}

/// The value of `Authorization`.
pub(super) fn login(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

async fn get(rig: &Rig, path: &str, login: &str) -> Answer {
    let headers = [("Authorization", login)];
    http::get(rig.address, path, if login.is_empty() { &[] } else { &headers }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_on_every_answer_and_win_over_ours() {
    let folder = Folder::new();
    let web = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: 1\n    \
               Strict-Transport-Security: max-age=31536000; includeSubDomains\n    \
               X-Content-Type-Options: nosniff\n    \
               Content-Security-Policy: \"default-src 'self' *.test.example.net\"\n";
    let rig = folder.serve(&(web.to_owned() + &users(&[("ann", "one")]))).await;
    let ann = login("ann", "one");
    for (path, login, status) in [
        ("/", &*ann, 200),
        ("/metrics", &*ann, 200),
        ("/nowhere", &*ann, 404),
        ("/-/reload", &*ann, 403),
        ("/-/healthy", "", 200),
        ("/metrics", "", 401),
    ] {
        let answer = get(&rig, path, login).await;
        assert_eq!(answer.status, status, "{path}");
        for (name, value) in [
            ("x-frame-options", "deny"),
            ("x-xss-protection", "1"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'self' *.test.example.net"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
            let times = answer.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count();
            assert_eq!(times, 1, "{path}: {name}");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_users_only_health_is_open_and_refusals_are_counted_by_their_route() {
    let folder = Folder::new();
    let rig = folder.serve(&users(&[("ann", "one"), ("bob", "two")])).await;
    rig.scan().await;
    for path in ["/", "/metrics", "/-/ready", "/-/reload", "/-/scan", "/nowhere", "/-/healthy/"] {
        for wrong in ["", &login("ann", "two"), &login("eve", "one"), &login("", ""), "Bearer x"] {
            let answer = get(&rig, path, wrong).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Basic")));
            assert_eq!(answer.text(), "Unauthorized\n");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
    assert_eq!(get(&rig, "/-/healthy", "").await.status, 200);
    for right in [login("ann", "one"), login("bob", "two")] {
        assert_eq!(get(&rig, "/metrics", &right).await.status, 200);
        assert_eq!(get(&rig, "/-/ready", &right).await.status, 200);
    }
    until("all requests were counted", async || {
        let scrape = Scrape::read(&get(&rig, "/metrics", &login("ann", "one")).await.text());
        let count = |handler| scrape.value(REQUESTS, &[("handler", handler), ("code", "401")]);
        let handlers = ["landing", "metrics", "ready", "reload", "scan"].map(count);
        (handlers == [Some(5.0); 5] && count("other") == Some(10.0)).then_some(())
    })
    .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_open_too_if_it_is_opened() {
    let folder = Folder::new();
    folder.write("web.yml", &users(&[("ann", "one")]));
    let file = folder.path().join("web.yml");
    let rig = Rig::with(World::sized(3, 1, 1), |config| {
        config.web.config_file = Some(file);
        config.web.unauthenticated_ready = true;
    })
    .await;
    rig.scan().await;
    assert_eq!(get(&rig, "/-/ready", "").await.status, 200);
    assert_eq!(get(&rig, "/-/healthy", "").await.status, 200);
    assert_eq!(get(&rig, "/metrics", "").await.status, 401);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_log_in_over_tls_as_well() {
    let folder = Folder::new();
    let rig = folder
        .serve(&format!("tls_server_config: {{{FILES}}}\n{}", users(&[("ann", "one")])))
        .await;
    let client = Offer::to(&folder.authority).client();
    let ask = async |login: &str| {
        let reply = client.get(rig.address, "/metrics", &[("Authorization", login)]).await;
        reply.unwrap().answer.status
    };
    assert_eq!(ask(&login("ann", "one")).await, 200);
    assert_eq!(ask(&login("ann", "two")).await, 401);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_rate_everything_but_health_is_refused_before_anybody_logs_in() {
    let folder = Folder::new();
    let web = format!("rate_limit: {{interval: 1h, burst: 3}}\n{}", users(&[("ann", "one")]));
    let rig = folder.serve(&web).await;
    let ann = login("ann", "one");
    for expected in [200, 200, 200, 429, 429] {
        assert_eq!(get(&rig, "/metrics", &ann).await.status, expected);
    }
    let refused = get(&rig, "/-/ready", "").await;
    assert_eq!(refused.status, 429, "whoever has no login hears of the limit first");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");
    for _ in 0..5 {
        assert_eq!(get(&rig, "/-/healthy", "").await.status, 200);
    }
    rig.stop().await;

    let rig = folder.serve("rate_limit: {interval: 1s, burst: 0}").await;
    let refused = get(&rig, "/metrics", "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, None), "never");
    rig.stop().await;
}
