//! curl and openssl as clients that nobody here wrote.

use std::ffi::OsStr;
use std::process::Command;

use super::requests::users;
use super::*;
use crate::support::foreign::{Ran, run};

/// curl, asking the exporter for its metrics; the first line is the status and the version of HTTP.
async fn curl(folder: &Folder, rig: &Rig, more: &[&str]) -> Ran {
    let mut command = Command::new("curl");
    let url = format!("https://localhost:{}/metrics", rig.address.port());
    command
        .env_clear()
        .current_dir(folder.path())
        .args(["--silent", "--show-error", "--ipv4", "--noproxy", "*", "--cacert", "ca.crt"])
        .args(["--output", "answer", "--write-out", "%{http_code} %{http_version}", &url])
        .args(more);
    run(command, Vec::new()).await
}

async fn openssl<A: AsRef<OsStr>>(folder: &Folder, args: impl IntoIterator<Item = A>) -> Ran {
    let mut command = Command::new("openssl");
    command.env_clear().current_dir(folder.path()).args(args);
    run(command, Vec::new()).await
}

/// What `openssl s_client` says of a handshake.
async fn s_client(folder: &Folder, rig: &Rig, more: &[&str]) -> Ran {
    let address = rig.address.to_string();
    let usual = ["s_client", "-connect", &address, "-servername", "localhost", "-CAfile", "ca.crt"];
    openssl(folder, usual.iter().chain(&["-verify_return_error"]).chain(more)).await
}

/// What `openssl req -x509` makes of a key of that kind.
async fn request_x509(folder: &Folder, name: &str, kind: &[&str]) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    let usual = ["req", "-x509", "-nodes", "-subj", "/CN=client", "-days", "30"];
    let files = ["-keyout", &key, "-out", &certificate];
    let made = openssl(folder, usual.iter().chain(kind).chain(&files)).await;
    assert!(made.status.success(), "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs curl"]
async fn curl_scrapes_over_both_versions_of_http_with_certificate_and_password() {
    let folder = Folder::new();
    folder.authority.client(&[]).write(folder.path(), "client");
    Authority::new("another").client(&[]).write(folder.path(), "stranger");
    let web = format!(
        "tls_server_config: {{{FILES}, client_auth_type: RequireAndVerifyClientCert, \
         client_ca_file: ca.crt}}\n{}",
        users(&[("ann", "one")])
    );
    let rig = folder.serve(&web).await;
    let identity = ["--cert", "client.crt", "--key", "client.key"];
    let ask = async |more: &[&str]| {
        let args: Vec<&str> = identity.iter().chain(more).copied().collect();
        curl(&folder, &rig, &args).await.stdout
    };
    assert_eq!(ask(&["--http2", "--user", "ann:one"]).await, "200 2");
    assert_eq!(ask(&["--http1.1", "--user", "ann:one"]).await, "200 1.1");
    assert_eq!(ask(&["--tls-max", "1.2", "--user", "ann:one", "--compressed"]).await, "200 2");
    assert_eq!(ask(&["--user", "ann:two"]).await, "401 2");
    assert_eq!(ask(&[]).await, "401 2");
    let nothing = curl(&folder, &rig, &["--user", "ann:one"]).await;
    assert!(nothing.stderr.contains("certificate required"), "{nothing:?}");
    let stranger = ["--cert", "stranger.crt", "--key", "stranger.key", "--user", "ann:one"];
    let stranger = curl(&folder, &rig, &stranger).await;
    assert!(stranger.stderr.contains("unknown ca"), "{stranger:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl"]
async fn what_openssl_req_makes_is_let_in_by_itself() {
    let folder = Folder::new();
    let kinds: [&[&str]; 2] =
        [&["-newkey", "rsa:2048"], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]];
    for kind in kinds {
        request_x509(&folder, "client", kind).await;
        request_x509(&folder, "stranger", kind).await;
        let rig = folder
            .serve_tls(", client_auth_type: RequireAndVerifyClientCert, client_ca_file: client.crt")
            .await;
        for (name, status) in [("client", "200 2"), ("stranger", "000 0")] {
            let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
            for version in ["1.2", "1.3"] {
                let args = ["--cert", &certificate, "--key", &key, "--tls-max", version];
                let got = curl(&folder, &rig, &args).await;
                assert!(got.stdout.starts_with(status), "{name} {version}: {got:?}");
            }
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl"]
async fn openssl_negotiates_what_is_configured_and_nothing_else() {
    let folder = Folder::new();
    let rig = folder
        .serve_tls(
            ", min_version: TLS10, curve_preferences: [CurveP256], cipher_suites: \
             [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]",
        )
        .await;
    for (args, said) in [
        (&["-tls1_3"][..], &["TLSv1.3", "Server Temp Key: ECDH, prime256v1, 256 bits"][..]),
        (&["-tls1_2"], &["TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "prime256v1"]),
        (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], &["ECDHE-ECDSA-AES128-GCM"]),
        (&["-alpn", "h2,http/1.1"], &["ALPN protocol: h2"]),
    ] {
        let got = s_client(&folder, &rig, args).await;
        assert!(got.stdout.contains("Verify return code: 0 (ok)"), "{args:?} {got:?}");
        assert!(said.iter().all(|said| got.stdout.contains(said)), "{args:?} {got:?}");
    }
    for args in [
        &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"][..],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"],
        &["-tls1_3", "-groups", "X25519"],
        &["-tls1_3", "-groups", "P-521"],
    ] {
        let got = s_client(&folder, &rig, args).await;
        assert!(!got.status.success() && got.stderr.contains("alert"), "{args:?} {got:?}");
    }
    rig.stop().await;
}
