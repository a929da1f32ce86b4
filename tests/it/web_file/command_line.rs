//! `check`, `hash-password`, and a start with a web file that is refused.

use std::process::Command;

use super::requests::login;
use super::*;
use crate::process::program::{Ended, exporter};
use crate::support::foreign::{Ran, run};
use crate::support::http;

async fn check(folder: &Folder, web: &str, more: &[&str]) -> Ended {
    folder.write("web.yml", web);
    let file = folder.path().join("web.yml");
    exporter(&["check", "--web.config.file"]).arg(file).args(more).run().await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_reads_the_web_file_and_warns() {
    let folder = Folder::new();
    let name = folder.path().join("web.yml").display().to_string();
    let good = check(&folder, &format!("tls_server_config: {{{FILES}}}"), &[]).await;
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    assert!(good.stdout.ends_with(&format!("\n{name}: web file is valid\n")), "{}", good.stdout);
    assert!(good.stderr.is_empty(), "{good:?}");

    let costly = "$2y$18$2UXri9cIDdgeKjBo4Rlpx.U3ZLDV8X1IxKmsfOvhcM5oXQt/mLmXq";
    let doubtful = check(&folder, &format!("basic_auth_users: {{ann: {costly}}}"), &[]).await;
    assert_eq!(doubtful.status.code(), Some(0));
    let warnings = doubtful.stderr.join("\n");
    assert!(
        warnings.contains(&format!("warning: {name}: basic_auth_users.ann: a bcrypt cost of 18"))
    );
    assert!(warnings.contains("passwords cross the network in plain text"), "{warnings}");
    assert!(!warnings.contains("2UXri9"), "{warnings}");

    for (web, line) in [
        ("tls: {}", "web.yml:1:1: tls: unknown key; known here: tls_server_config"),
        (
            "tls_server_config: {cert_file: none, key_file: server.key}",
            "web.yml:1:32: tls_server_config.cert_file: \"none\" cannot be read",
        ),
    ] {
        for command in ["check", "serve", "demo"] {
            folder.write("web.yml", web);
            let file = folder.path().join("web.yml");
            let program = exporter(&[command, "--web.listen-address", "127.0.0.1:0"]);
            let ended = program.arg("--web.config.file").arg(file).run().await;
            assert_eq!(ended.status.code(), Some(1), "{command}: {ended:?}");
            assert_eq!(ended.complaints().len(), 1, "{command}: {ended:?}");
            assert!(ended.complaints()[0].contains(line), "{command}: {ended:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_the_file_can_stand_in_the_configuration() {
    let folder = Folder::new();
    folder.write("web.yml", "junk");
    folder.write("exporter.yml", "web: {config_file: web.yml}");
    let config = folder.path().join("exporter.yml");
    let beside = exporter(&["check", "--config.file"]).arg(&config).run().await;
    assert_eq!(beside.status.code(), Some(1), "relative to the folder of the file: {beside:?}");
    let unset = exporter(&["check", "--web.config.file=", "--config.file"]).arg(&config);
    let unset = unset.run().await;
    assert_eq!(unset.status.code(), Some(0), "an empty flag turns it off: {unset:?}");
    let variable = exporter(&["check"])
        .env("SERVICECATALOG_EXPORTER_WEB_CONFIG_FILE", folder.path().join("none.yml"));
    let variable = variable.run().await;
    assert!(variable.stderr[0].contains("none.yml: cannot be read"), "{variable:?}");
}

async fn hash_password(args: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_servicecatalog-exporter"));
    command.env_clear().arg("hash-password").args(args);
    run(command, input.to_vec()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hashed_password_logs_in() {
    let folder = Folder::new();
    let hashed = hash_password(&["ann", "--cost", "4"], b"open sesame\n").await;
    assert!(hashed.status.success() && hashed.stderr.is_empty(), "{hashed:?}");
    assert!(hashed.stdout.starts_with("  ann: $2y$04$"), "{hashed:?}");
    let rig = folder.serve(&format!("basic_auth_users:\n{}", hashed.stdout)).await;
    let status = async |password| {
        let login = login("ann", password);
        http::get(rig.address, "/metrics", &[("Authorization", &login)]).await.status
    };
    assert_eq!((status("open sesame").await, status("open sesame\n").await), (200, 401));
    rig.stop().await;
    let alone = hash_password(&["--cost=4"], b"x").await;
    assert!(alone.stdout.starts_with("$2y$04$") && alone.stdout.lines().count() == 1, "{alone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_that_are_none_or_too_long_are_refused_and_not_repeated() {
    for (input, said) in [
        (vec![], "the password is empty"),
        (b"\n".to_vec(), "the password is empty"),
        (vec![b'x'; 73], "the password has 73 bytes"),
    ] {
        let refused = hash_password(&["--cost=4"], &input).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(refused.stderr.contains(said) && refused.stdout.is_empty(), "{refused:?}");
        assert!(!refused.stderr.contains("xxx"), "{refused:?}");
    }
    for cost in ["3", "32", "ten"] {
        let refused = hash_password(&["--cost", cost], b"x").await;
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(refused.stderr.contains("choose from 4 to 31"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthcheck_asks_over_tls_if_the_file_says_so() {
    let folder = Folder::new();
    for more in [
        "",
        ", max_version: TLS12",
        ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt",
        ", max_version: TLS12, client_auth_type: RequireAnyClientCert",
    ] {
        let rig = folder.serve_tls(more).await;
        let ask = async |web: &str| {
            let address = format!("--web.listen-address={}", rig.address);
            let program = exporter(&["healthcheck", &address, "--web.config.file"]);
            program.arg(folder.path().join(web)).run().await
        };
        let alive = ask("web.yml").await;
        assert_eq!(alive.status.code(), Some(0), "{more}: {alive:?}");
        folder.write("plain.yml", "");
        let other = ask("plain.yml").await;
        assert_eq!(other.status.code(), Some(1), "{other:?}");
        rig.stop().await;
    }
    let plain = folder.serve("").await;
    let address = format!("--web.listen-address={}", plain.address);
    folder.write("tls.yml", &format!("tls_server_config: {{{FILES}}}"));
    let program = exporter(&["healthcheck", &address, "--web.config.file"]);
    let other = program.arg(folder.path().join("tls.yml")).run().await;
    assert_eq!(other.status.code(), Some(1), "{other:?}");
    plain.stop().await;
}
