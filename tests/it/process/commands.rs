//! The commands that answer at once.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};

use super::program::{Invocation, exporter, program};
use super::responder::{Reply, Responder};
use super::{scanning, some_products};
use crate::support::http;

/// Runs a command that is to succeed and to say nothing on stderr; gives its output.
async fn output(program: Invocation) -> String {
    let ended = program.run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr, [""; 0]);
    ended.stdout
}

/// Runs `healthcheck` that is to find nothing healthy; gives the one line that says why.
async fn unhealthy(address: &str) -> String {
    let ended = exporter(&["healthcheck", "--web.listen-address", address]).run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    assert_eq!(ended.stderr[0].matches(address).count(), 1, "{ended:?}");
    ended.stderr[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_is_valid_and_still_worth_a_thought() {
    let ended = exporter(&["check"]).config("scan: {interval: 10s}\n").run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("exporter.yml: configuration is valid\n"), "{ended:?}");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    assert!(ended.stderr[0].starts_with("warning: scan.interval is 10s"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_refuses_what_serve_refuses_in_the_same_words() {
    const BAD: &str = "metrics: {per_product: some}\n";
    let checked = exporter(&["check"]).config(BAD).run().await;
    let served = exporter(&["serve"]).config(BAD).run().await;
    assert_eq!((checked.status.code(), served.status.code()), (Some(1), Some(1)));
    let told = |lines: &[String]| lines[0].split_once("exporter.yml").unwrap().1.to_owned();
    assert!(told(&checked.stderr).starts_with(":1:24: metrics.per_product: "), "{checked:?}");
    assert_eq!(told(&checked.stderr), told(&served.stderr));
    assert_eq!((checked.stderr.len(), served.stderr.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_is_content_with_a_running_exporter() {
    let simulator = some_products().await;
    let daemon = scanning(&simulator, &[]).start();
    let address = daemon.address().await.to_string();
    let healthy = exporter(&["healthcheck", "--web.listen-address", &address]);
    assert_eq!(output(healthy).await, "");
    // As in a container, where both have the same variables.
    let healthy =
        exporter(&["healthcheck"]).env("SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS", &address);
    assert_eq!(output(healthy).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_every_path_has_its_prefix_and_healthcheck_knows_it() {
    let simulator = some_products().await;
    let proxied = ["--web.external-url", "https://tools.example.com/aws/sc/"];
    let daemon = scanning(&simulator, &proxied).start();
    let line = daemon.logs("listening").await;
    let address = daemon.address().await;
    assert!(line.contains(&format!("metrics=\"http://{address}/aws/sc/metrics\"")), "{line}");
    for (path, status) in [
        ("/aws/sc/metrics", 200),
        ("/aws/sc/-/healthy", 200),
        ("/aws/sc/", 200),
        ("/", 302),
        ("/metrics", 404),
        ("/-/healthy", 404),
    ] {
        assert_eq!(http::get(address, path, &[]).await.status, status, "{path}");
    }
    let address = address.to_string();
    let healthcheck = exporter(&["healthcheck", "--web.listen-address", &address]);
    assert_eq!(output(healthcheck.args(&proxied)).await, "");
    assert!(unhealthy(&address).await.contains("answered 404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_fails_where_nobody_listens() {
    // Bound, so that nobody else gets the port, and not listening.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let free = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    assert!(unhealthy(&free).await.contains("is the exporter running"));
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_fails_where_something_else_answers() {
    let other_site = Responder::start(|_| Reply::Status(404)).await;
    let line = unhealthy(&other_site.address.to_string()).await;
    assert!(line.contains("/-/healthy answered 404"), "{line}");
    let no_http = Responder::start(|_| Reply::Raw(b"SSH-2.0-OpenSSH\r\n")).await;
    let line = unhealthy(&no_http.address.to_string()).await;
    assert!(line.contains("does not speak HTTP as"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_does_not_wait_longer_than_it_is_told() {
    let silent = Responder::start(|_| Reply::Never).await;
    let address = silent.address.to_string();
    let ended = exporter(&["healthcheck", "--timeout", "100ms", "--web.listen-address", &address]);
    let ended = ended.run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr[0].contains("gave no answer"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_are_valid_and_know_every_command() {
    let script = output(exporter(&["completions", "bash"])).await;
    for word in ["serve", "demo", "scan", "check", "healthcheck", "--config.file"] {
        assert!(script.contains(word), "{word}");
    }
    let read = program("/usr/bin/env", &["bash", "-n"]);
    let file = read.file("completions.bash", &script);
    assert_eq!(output(read.arg(file)).await, "");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = output(exporter(&["completions", shell])).await;
        assert!(script.contains("servicecatalog-exporter"), "{shell}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manual_page_is_roff_with_every_flag_and_command() {
    let page = output(exporter(&["man"])).await;
    assert!(page.contains("\n.TH servicecatalog-exporter 1 "), "{page}");
    let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SUBCOMMANDS"] {
        assert!(sections.contains(&section), "{section} is not in {sections:?}");
    }
    let plain = page.replace("\\-", "-");
    for flag in ["config.file", "web.listen-address", "web.drain-timeout", "scan.timeout"] {
        assert!(plain.contains(&format!("--{flag}")), "{flag}");
    }
    for command in ["serve", "demo", "scan", "check", "metrics", "healthcheck", "completions"] {
        assert!(plain.contains(&format!("servicecatalog-exporter-{command}(1)")), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_tells_what_it_was_built_from_and_with() {
    let text = output(exporter(&["--version"])).await;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("servicecatalog-exporter {}", env!("CARGO_PKG_VERSION")));
    let fact = |name: &str| {
        let line = lines.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name} is missing in {text}"))
    };
    let revision = fact("revision").trim_end_matches("-dirty");
    let is_commit = revision.len() == 12 && revision.chars().all(|c| c.is_ascii_hexdigit());
    assert!(is_commit || revision == "unknown", "{revision}");
    assert!(fact("rustc").split('.').all(|part| !part.is_empty()), "{text}");
    assert!(fact("target").contains(std::env::consts::ARCH), "{text}");
    assert!(output(exporter(&["-V"])).await.starts_with("servicecatalog-exporter "));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_prints_the_reference_of_every_family_that_is_served() {
    let reference = output(exporter(&["metrics"])).await;
    let simulator = some_products().await;
    let daemon = scanning(&simulator, &[]).start();
    let served = super::program::scrape(daemon.ready().await).await;
    for line in served.text.lines() {
        let Some(rest) = line.strip_prefix("# TYPE ") else { continue };
        let family = rest.split(' ').next().unwrap();
        assert!(reference.contains(&format!("`{family}`")), "{family} is not in the reference");
    }
}
