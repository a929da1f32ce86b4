//! What flags, variables and the file change in a running exporter.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use servicecatalog_exporter::sim::{self, Fault, What};

use super::program::scrape;
use super::{SCAN, asked_for, exporter, scanning, some_products};
use crate::support::exposition::Scrape;
use crate::support::http;

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_wins_over_its_variable_and_the_variable_over_the_file() {
    let simulator = some_products().await;
    let file = "scan: {interval: 101s}\nweb: {telemetry_path: /file}\nlog: {format: json}\n";
    let program = scanning(&simulator, &["--scan.interval", "103s"])
        .env("SERVICECATALOG_EXPORTER_SCAN_INTERVAL", "102s")
        .env("SERVICECATALOG_EXPORTER_WEB_TELEMETRY_PATH", "/variable")
        .config(file)
        .start();
    let address = program.ready().await;
    let answer = http::get(address, "/variable", &[]).await;
    let scrape = Scrape::read(&answer.text());
    assert_eq!(scrape.value("servicecatalog_scan_interval_seconds", &[]), Some(103.0));
    assert!(program.logs("listening").await.starts_with('{'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_may_name_the_file_and_several_addresses() {
    let simulator = some_products().await;
    let program = exporter(&[]).scanning(&simulator);
    let file = program.file("named.yml", "web: {telemetry_path: /named}\n");
    let program = program
        .env("SERVICECATALOG_EXPORTER_CONFIG_FILE", file)
        .env("SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS", "127.0.0.1:0,localhost:0")
        .start();
    for address in program.addresses(2).await {
        assert_eq!(http::get(address, "/named", &[]).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listen_address_is_served() {
    let simulator = some_products().await;
    let program = scanning(&simulator, &["--web.listen-address", "localhost:0"]).start();
    let addresses = program.addresses(2).await;
    assert_ne!(addresses[0], addresses[1]);
    for address in addresses {
        assert_eq!(http::get(address, "/-/healthy", &[]).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_without_a_host_answers_over_ipv4_and_ipv6() {
    let simulator = some_products().await;
    let program = exporter(&["--web.listen-address", ":0"]).scanning(&simulator).start();
    let port = program.address().await.port();
    let mut hosts: Vec<SocketAddr> = vec![(Ipv4Addr::LOCALHOST, port).into()];
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        hosts.push((Ipv6Addr::LOCALHOST, port).into());
    }
    for host in hosts {
        assert_eq!(http::get(host, "/-/healthy", &[]).await.status, 200, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_where_the_flag_puts_them_and_nowhere_else() {
    let simulator = some_products().await;
    let program = scanning(&simulator, &["--web.telemetry-path", "/a/b"]).start();
    let address = program.ready().await;
    let listening = program.logs("listening").await;
    assert!(listening.contains(&format!("http://{address}/a/b")), "{listening}");
    let metrics = http::get(address, "/a/b", &[]).await;
    assert!(metrics.text().contains("servicecatalog_provisioned_products{"));
    assert_eq!(http::get(address, "/metrics", &[]).await.status, 404);
    assert!(http::get(address, "/", &[]).await.text().contains("./a/b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_json_log_is_an_object_that_says_everything_once() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Denied));
    let program = scanning(&simulator, &["--log.format=json", "--log.level=debug"]).start();
    program.ready().await;
    program.logs("did not say which account").await;
    program.logs("a scan attempt ended").await;
    program.signal("TERM");
    let log = program.end().await.stderr;
    assert!(log.len() >= 6, "{log:#?}");
    for line in log {
        let object: serde_json::Value = serde_json::from_str(&line).expect(&line);
        let object = object.as_object().unwrap();
        for key in ["timestamp", "level", "message", "target"] {
            assert!(object.contains_key(key), "{key} is missing in {line}");
        }
        // A parser keeps one of two that have the same name, and nobody knows which.
        for key in object.keys() {
            assert_eq!(line.matches(&format!("\"{key}\":")).count(), 1, "{key} twice in {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_scan_is_logged_with_its_reason_request_id_and_remedy() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Denied).on(SCAN));
    let program = scanning(&simulator, &[]).start();
    let line = program.logs("a scan failed").await;
    for part in [
        "WARN",
        sim::REGION,
        "reason=\"access_denied\"",
        "operation=\"ScanProvisionedProducts\"",
        "code=\"AccessDeniedException\"",
        "request_id=\"",
        "error=\"",
        "allow servicecatalog:ScanProvisionedProducts",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    assert!(!line.contains("request_id=\"\""), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_leaves_out_what_is_less_severe() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Denied).on(SCAN));
    let program = scanning(&simulator, &["--log.level=warn"]).start();
    program.logs("a scan failed").await;
    program.signal("TERM");
    let log = program.end().await.stderr;
    assert!(log.iter().all(|line| line.contains("Z  WARN ")), "{log:#?}");
    let program = scanning(&simulator, &["--log.level=error"]).start();
    simulator.forget_calls();
    asked_for(&simulator, SCAN).await;
    program.signal("TERM");
    assert_eq!(program.end().await.stderr, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged_at_any_level_nor_served() {
    const TOKEN: &str = "FwoGZXIvYXdzEXAMPLETOKEN";
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::InternalFailure).on(SCAN).times(1));
    simulator.inject(Fault::new(What::Expired).on(SCAN).times(1));
    let program = scanning(&simulator, &["--log.level=trace", "--scan.interval=1s"])
        .env("AWS_SESSION_TOKEN", TOKEN)
        .start();
    let address = program.ready().await;
    program.logs("a scan succeeds again").await;
    let mut said = scrape(address).await.text;
    said.push_str(&http::get(address, "/", &[]).await.text());
    program.signal("TERM");
    let ended = program.end().await;
    let is_detail = |line: &&String| line.contains(" DEBUG ") || line.contains(" TRACE ");
    let details: Vec<_> = ended.stderr.iter().filter(is_detail).collect();
    assert!(!details.is_empty());
    // What libraries say in detail is not ours to vouch for.
    let ours = |line: &&String| line.contains(" servicecatalog_exporter::");
    assert!(details.iter().all(ours), "{details:#?}");
    said.push_str(&ended.stderr.join("\n"));
    said.push_str(&ended.stdout);
    for secret in [sim::SECRET_ACCESS_KEY, TOKEN, "AWS4-HMAC", "Signature="] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}
