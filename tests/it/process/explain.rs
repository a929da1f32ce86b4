//! `explain` against a running exporter: here and elsewhere, in the clear, with TLS and a login.

use std::path::Path;

use servicecatalog_exporter::password;
use servicecatalog_exporter::sim::{ACCOUNT, Fault, REGION, What};

use super::program::{Ended, Invocation, Program, exporter, scrape_until};
use super::*;
use crate::support::pki::Authority;

const PASSWORD: &str = "SERVICECATALOG_EXPORTER_PASSWORD";

fn explain(args: &[&str]) -> Invocation {
    exporter(&["explain", ACCOUNT, REGION]).args(args)
}

/// What it prints if it explains.
async fn explained(program: Invocation) -> String {
    let ended = program.run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr, [""; 0]);
    ended.stdout
}

/// The one line that says why it does not.
async fn refused(program: Invocation) -> String {
    let ended: Ended = program.run().await;
    assert_eq!((ended.status.code(), &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    ended.stderr[0].clone()
}

async fn at(daemon: &Program) -> String {
    format!("--web.listen-address={}", daemon.ready().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_of_the_same_configuration_is_asked_and_its_answer_printed() {
    let simulator = some_products().await;
    let daemon = scanning(&simulator, &["--web.route-prefix", "/aws/sc"]).start();
    let address = at(&daemon).await;
    let here = ["--web.route-prefix", "/aws/sc", &address];
    let text = explained(explain(&here)).await;
    assert!(text.starts_with("All is well: the complete list of 25 products is of "), "{text}");
    let first_fact = text.split("\n\n").nth(1).unwrap();
    assert!(first_fact.starts_with("product list "), "{text}");
    assert!(text.lines().any(|line| line.starts_with("attempt ")), "{text}");

    let json = explained(explain(&here).arg("pp-0000000000000").arg("--json")).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["product"]["verdict"], "shown");

    let line = refused(explain(&[&address])).await;
    assert!(line.contains("answered 404") && line.contains("--web.route-prefix"), "{line}");
    let url = format!("http://{}/aws/sc/", daemon.address().await);
    assert!(explained(explain(&["--url", &url])).await.starts_with("All is well"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_target_is_explained_with_the_missing_permission() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Denied).on(SCAN));
    let daemon = scanning(&simulator, &[]).start();
    let address = at(&daemon).await;
    // A denial may be faster than the answer to whose account it is.
    scrape_until(daemon.address().await, |scrape| {
        !scrape.all("servicecatalog_target_info", &[]).is_empty()
    })
    .await;
    let text = explained(explain(&[&address])).await;
    assert!(text.contains("allow servicecatalog:ScanProvisionedProducts on *"), "{text}");
    assert!(
        text.contains("\nmissing iam action  servicecatalog:ScanProvisionedProducts\n"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_it_says_so_and_a_wrong_question_is_a_wrong_command_line() {
    let line = refused(explain(&["--url", "http://127.0.0.1:1"])).await;
    assert!(line.contains("is the exporter running"), "{line}");
    let ended = exporter(&["explain", "12", REGION]).run().await;
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    let silent = super::responder::Responder::start(|_| super::responder::Reply::Never).await;
    let url = format!("http://{}", silent.address);
    let line = refused(explain(&["--timeout", "100ms", "--url", &url])).await;
    assert!(line.contains("gave no answer"), "{line}");
}

/// An exporter with TLS and one user, and its folder.
fn guarded(simulator: &Simulator, folder: &Path) -> Program {
    let authority = Authority::new("authority");
    authority.server().write(folder, "server");
    std::fs::write(folder.join("ca.crt"), &authority.certificate).unwrap();
    let hash = password::hash(b"hunter2", 4).unwrap();
    let web = format!(
        "tls_server_config: {{cert_file: server.crt, key_file: server.key}}\n\
         basic_auth_users: {{ann: {hash}}}\n"
    );
    std::fs::write(folder.join("web.yml"), web).unwrap();
    std::fs::write(folder.join("password"), "hunter2\n").unwrap();
    let daemon = scanning(simulator, &["--web.unauthenticated-ready"]);
    daemon.arg("--web.config.file").arg(folder.join("web.yml")).start()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_and_a_login_the_own_exporter_is_asked_with_both() {
    let (simulator, folder) = (some_products().await, tempfile::tempdir().unwrap());
    let daemon = guarded(&simulator, folder.path());
    asked_for(&simulator, SCAN).await;
    let address = format!("--web.listen-address={}", daemon.address().await);
    let here = || explain(&[&address, "--web.config.file"]).arg(folder.path().join("web.yml"));
    let line = refused(here()).await;
    assert!(line.contains("wants a login") && line.contains("--password-file"), "{line}");
    let line = refused(here().args(&["--user", "ann"]).env(PASSWORD, "wrong")).await;
    assert!(line.contains("wants a login, or another one") && !line.contains("wrong"), "{line}");
    let text = explained(here().args(&["--user", "ann"]).env(PASSWORD, "hunter2")).await;
    assert!(text.contains("\nproduct list "), "{text}");
    let file = folder.path().join("password");
    explained(here().args(&["--user", "ann", "--password-file"]).arg(file)).await;
    let line = refused(explain(&[&address])).await;
    assert!(line.contains("answered 400: This port speaks HTTPS"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_exporter_the_certificate_is_checked_unless_that_is_waived() {
    let (simulator, folder) = (some_products().await, tempfile::tempdir().unwrap());
    let daemon = guarded(&simulator, folder.path());
    asked_for(&simulator, SCAN).await;
    let url = format!("https://localhost:{}", daemon.address().await.port());
    let there = || explain(&["--url", &url, "--user", "ann"]).env(PASSWORD, "hunter2");
    let line = refused(there()).await;
    assert!(line.contains("is not to be trusted") && line.contains("--insecure"), "{line}");
    explained(there().arg("--insecure")).await;
    explained(there().env("SSL_CERT_FILE", folder.path().join("ca.crt"))).await;
    let plain = url.replace("https", "http");
    refused(explain(&["--url", &plain])).await;
}
