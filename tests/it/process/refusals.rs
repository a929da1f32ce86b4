//! What cannot begin says why in one clear line, and ends with exit code 1.

use std::net::TcpListener;

use super::program::Invocation;
use super::{SCAN, exporter, on_a_free_port, scanning, some_products};

/// Runs it to its end, and expects one line on stderr beside the log of what went well.
async fn refused(program: Invocation) -> String {
    let ended = program.run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "");
    let complaints = ended.complaints();
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    // Every cause once.
    for part in complaints[0].split(": ") {
        assert_eq!(complaints[0].matches(part).count(), 1, "{part:?} in {:?}", complaints[0]);
    }
    complaints[0].to_owned()
}

fn assert_tells(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is missing in {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_before_aws_is_asked() {
    let simulator = some_products().await;
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let program = exporter(&["--web.listen-address", &taken]).scanning(&simulator);
    let line = refused(program).await;
    assert_tells(&line, &[&taken, "in use", "--web.listen-address"]);
    assert_eq!(simulator.count(SCAN), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_in_use_of_two_is_refused_as_well() {
    let simulator = some_products().await;
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let program = scanning(&simulator, &["--web.listen-address", &taken]);
    assert_tells(&refused(program).await, &[&taken, "in use"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_that_means_nothing_is_told() {
    // .invalid never resolves (RFC 6761).
    let line = refused(exporter(&["--web.listen-address", "nowhere.invalid:0"])).await;
    assert_tells(&line, &["nowhere.invalid:0", "--web.listen-address"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.yml");
    let line = refused(exporter(&["--config.file"]).arg(&missing)).await;
    assert_tells(&line, &["missing.yml", "cannot be read", "--config.file"]);
    let line = refused(exporter(&["--config.file"]).arg(folder.path())).await;
    assert_tells(&line, &["cannot be read", "name a file in it"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_refused_is_told_with_its_place() {
    let line = refused(exporter(&[]).config("scan:\n  interval: 5m\n  intervall: 5m\n")).await;
    assert_tells(&line, &["exporter.yml:3:3", "intervall"]);
    let line = refused(exporter(&[]).config("web:\n  drain_timeout: 1h\n")).await;
    assert_tells(&line, &["exporter.yml:2:18", "web.drain_timeout"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_region_is_told_by_every_command_that_needs_one() {
    for program in [on_a_free_port(&[]), exporter(&["scan"])] {
        let line = refused(program).await;
        assert_tells(&line, &["no AWS region", "AWS_REGION", "aws.region"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_region_is_a_missing_region() {
    let line = refused(on_a_free_port(&[]).env("AWS_REGION", "")).await;
    assert_tells(&line, &["no AWS region", "AWS_REGION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_region_is_one_line_also_where_the_metadata_refuse_to_answer() {
    let metadata = super::responder::Responder::start(|_| super::responder::Reply::Status(403));
    let metadata = metadata.await;
    let program = on_a_free_port(&[])
        .without("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url("/"));
    assert_tells(&refused(program).await, &["no AWS region", "AWS_REGION"]);
    metadata.asked("PUT /latest/api/token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_cannot_be_is_told() {
    let line = refused(on_a_free_port(&[]).env("AWS_REGION", "here and there")).await;
    assert_tells(&line, &["\"here and there\"", "eu-central-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_missing_end_no_daemon() {
    let simulator = some_products().await;
    let program = scanning(&simulator, &[])
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .start();
    let address = program.ready().await;
    assert_tells(&program.logs("a scan failed").await, &["credentials", "remedy="]);
    super::program::scrape(address).await;
    assert_eq!(simulator.count(SCAN), 0);
}
