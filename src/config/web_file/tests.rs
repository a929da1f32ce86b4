use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A folder with `server.crt`, `server.key`, `other.key` and `ca.crt`.
struct Folder(tempfile::TempDir);

fn folder() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = |key: &KeyPair| {
        CertificateParams::new(["localhost".into()]).unwrap().self_signed(key).unwrap().pem()
    };
    folder.write("server.crt", &certificate(&key));
    folder.write("server.key", &key.serialize_pem());
    folder.write("other.key", &other.serialize_pem());
    folder.write("ca.crt", &certificate(&other));
    folder
}

impl Folder {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn loader(&self) -> WebLoader {
        WebLoader::new(self.path().join("web.yml"))
    }

    fn load(&self, text: &str) -> Result<Loaded, String> {
        self.write("web.yml", text);
        self.loader().load().map_err(|error| {
            // Messages begin with the file as it was named.
            let line = error.to_string();
            line.strip_prefix(&format!("{}/", self.path().display())).unwrap_or(&line).to_owned()
        })
    }

    #[track_caller]
    fn refuses(&self, text: &str, line: &str) {
        let error = self.load(text).expect_err(text);
        assert!(error.starts_with(line), "{text}\nis refused with\n{error}\nand not\n{line}");
        assert!(error.contains("; "), "it has a remedy: {error}");
    }
}

const FILES: &str = "tls_server_config: {cert_file: server.crt, key_file: server.key";

#[test]
fn a_file_that_says_nothing_is_plain_http_for_everybody() {
    let folder = folder();
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "{}",
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n",
        "tls_server_config: {min_version: TLS12, prefer_server_cipher_suites: true}",
        "tls_server_config: {cert: '', cert_file: '', client_auth_type: '', key: ~}",
        "rate_limit: {interval: 0, burst: 0}",
        "rate_limit: {interval: 0s, burst: 5}",
        "http_server_config: {headers: {X-XSS-Protection: '', Content-Security-Policy: }}",
    ] {
        let Loaded { web, warnings, .. } = folder.load(text).unwrap();
        let nothing = web.tls.is_none()
            && web.headers.is_empty()
            && web.users.0.is_empty()
            && web.rate_limit.is_none();
        assert!(nothing && warnings.is_empty(), "{text}: {web:?} {warnings:?}");
    }
}

#[test]
fn certificates_come_from_files_beside_it_or_from_the_file_itself() {
    let folder = folder();
    let indented = |name| folder.read(name).replace('\n', "\n    ");
    let inline = format!(
        "tls_server_config:\n  cert: |\n    {}\n  key: |\n    {}\n",
        indented("server.crt"),
        indented("server.key")
    );
    let absolute = folder.path().display().to_string();
    for text in [
        format!("{FILES}}}"),
        inline.clone(),
        format!("{FILES}, cert: nonsense, key: nonsense}}"),
        format!(
            "tls_server_config: {{cert_file: {absolute}/server.crt, key_file: {absolute}/server.key}}"
        ),
    ] {
        let loaded = folder.load(&text).expect(&text);
        assert!(loaded.web.tls.is_some());
        assert_eq!(loaded.warnings.len(), 2 * text.matches("cert: nonsense").count());
    }
    let mixed = inline.replace("  key: |", "  key_file: other.key\n  key: |");
    folder
        .refuses(&mixed, "web.yml:15:13: tls_server_config.key_file: \"other.key\" is the key of");
}

#[test]
fn what_exporter_toolkit_refuses_is_refused_where_it_stands() {
    let folder = folder();
    folder.write("empty", "");
    for (text, line) in [
        ("junk", "web.yml:1:1: expected a mapping, found text"),
        ("- junk", "web.yml:1:1: expected a mapping, found a list"),
        ("tls_config: {}", "web.yml:1:1: tls_config: unknown key"),
        ("rate_limit: {}\nrate_limit: {}", "web.yml:2:1: rate_limit: is set twice"),
        ("tls_server_config: [", "web.yml:1:"),
        ("a: 1\n---\nb: 2", "web.yml"),
        (
            "tls_server_config: {cert_filse: x}",
            "web.yml:1:21: tls_server_config.cert_filse: unknown",
        ),
        (
            "tls_server_config: {key_file: server.key}",
            "web.yml:1:20: tls_server_config: has no cert",
        ),
        (
            "tls_server_config: {cert_file: '', key_file: server.key}",
            "web.yml:1:20: tls_server_config: has no certificate",
        ),
        (
            "tls_server_config: {cert_file: server.crt}",
            "web.yml:1:20: tls_server_config: has no key",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key: ''}",
            "web.yml:1:20: tls_server_config: has no key",
        ),
        (
            "tls_server_config: {client_auth_type: NoClientCert}",
            "web.yml:1:20: tls_server_config: has",
        ),
        (
            "tls_server_config: {client_ca_file: ca.crt}",
            "web.yml:1:20: tls_server_config: has no cert",
        ),
        (
            "tls_server_config: {cert_file: none, key_file: server.key}",
            "web.yml:1:32: tls_server_config.cert_file: \"none\" cannot be read: No such file",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key_file: .}",
            "web.yml:1:54: tls_server_config.key_file: \".\" cannot be read: Is a directory",
        ),
        (
            "tls_server_config: {cert_file: empty, key_file: server.key}",
            "web.yml:1:32: tls_server_config.cert_file: \"empty\" holds no certificate",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key_file: empty}",
            "web.yml:1:54: tls_server_config.key_file: \"empty\" holds no private key",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key_file: other.key}",
            "web.yml:1:54: tls_server_config.key_file: \"other.key\" is the key of another",
        ),
        (
            "tls_server_config: {cert: junk, key_file: server.key}",
            "web.yml:1:27: tls_server_config.cert: holds no certificate",
        ),
        (
            "tls_server_config: {cert_file: [a]}",
            "web.yml:1:32: tls_server_config.cert_file: expected",
        ),
    ] {
        folder.refuses(text, line);
    }
    for (more, line) in [
        ("client_ca_file: ca.crt", "client_ca_file: has no effect, as no certificate is asked for"),
        (
            "client_ca_file: ca.crt, client_auth_type: NoClientCert",
            "client_ca_file: has no effect, as no certificate is asked for",
        ),
        ("client_auth_type: Require", "client_auth_type: \"Require\" is no client_auth_type"),
        ("client_auth_type: requireanyclientcert", "client_auth_type: \"requireanyclientcert\" is"),
        (
            "client_auth_type: RequireAndVerifyClientCert, client_ca_file: none",
            "client_ca_file: \"none\" cannot be read",
        ),
        (
            "client_auth_type: RequireAndVerifyClientCert, client_ca_file: empty",
            "client_ca_file: \"empty\" holds no certificate",
        ),
        ("client_auth_type: RequestClientCert, client_ca: junk", "client_ca: holds no certificate"),
        (
            "min_version: TLS111",
            "min_version: \"TLS111\" is no TLS version that is known here; use TLS10",
        ),
        ("max_version: TLS11, min_version: TLS10", "max_version: TLS 1.0 and 1.1 are broken"),
        ("max_version: TLS12, min_version: TLS13", "max_version: min_version is newer than"),
        (
            "cipher_suites: [TLS_GCM]",
            "cipher_suites[0]: \"TLS_GCM\" is no cipher suite that is known",
        ),
        (
            // Known to Go, and so insecure that exporter-toolkit has no name for it.
            "cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]",
            "cipher_suites[0]: \"TLS_RSA_WITH_AES_128_CBC_SHA\" is no cipher suite",
        ),
        ("cipher_suites: TLS_GCM", "cipher_suites: expected a list, found text"),
        ("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]", "cipher_suites: HTTP/2 needs"),
        ("curve_preferences: [CurveP257]", "curve_preferences[0]: \"CurveP257\" is no curve"),
        ("curve_preferences: [CurveP521]", "curve_preferences: none of these curves is spoken"),
        ("client_allowed_sans: []", "client_allowed_sans: the list is empty"),
        ("prefer_server_cipher_suites: maybe", "prefer_server_cipher_suites: \"maybe\" is neither"),
    ] {
        let error = folder.load(&format!("{FILES}, {more}}}")).expect_err(more);
        assert!(error.contains(&format!(": tls_server_config.{line}")), "{more}\n{error}");
    }
}

#[test]
fn what_is_valid_and_doubtful_is_warned_of() {
    let folder = folder();
    for (more, warning) in [
        ("", ""),
        ("client_auth_type: NoClientCert", ""),
        ("client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt", ""),
        ("client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt", ""),
        ("client_auth_type: VerifyClientCertIfGiven", "without client_ca_file, everybody"),
        ("client_auth_type: RequestClientCert", "keeps strangers out"),
        ("client_auth_type: RequireClientCert", "keeps strangers out"),
        ("client_allowed_sans: [a, 10.0.0.1, 1]", "client_allowed_sans: has no effect"),
        ("min_version: TLS10", "min_version: TLS 1.0 and 1.1 are broken"),
        ("min_version: ~, max_version: TLS13, cipher_suites: [], curve_preferences: []", ""),
        ("curve_preferences: [CurveP521, X25519]", "curve_preferences: not spoken here and left"),
        ("prefer_server_cipher_suites: no", ""),
    ] {
        let text = format!("{FILES}, {more}}}");
        let warnings = folder.load(&text).expect(&text).warnings.join("\n");
        match warning {
            "" => assert_eq!(warnings, "", "{more}"),
            warning => assert!(
                warnings.starts_with("tls_server_config.") && warnings.contains(warning),
                "{more}: {warnings}"
            ),
        }
    }
    let loaded = folder.load("rate_limit: {interval: 1s}").unwrap();
    assert!(loaded.warnings[0].starts_with("rate_limit.burst: is 0"), "{:?}", loaded.warnings);
    let loaded = folder.load("rate_limit: {interval: -1s, burst: 1}").unwrap();
    assert!(loaded.warnings[0].starts_with("rate_limit.interval: is negative"));
    assert_eq!(loaded.web.rate_limit, None);
}

#[test]
fn prefer_server_cipher_suites_decides_whose_order_counts() {
    let folder = folder();
    for (value, server) in [("true", true), ("yes", true), ("off", false), ("~", true)] {
        let text = format!("{FILES}, prefer_server_cipher_suites: {value}}}");
        let tls = folder.load(&text).unwrap().web.tls.unwrap();
        assert_eq!(tls.ignore_client_order, server, "{value}");
    }
    for (value, protocols) in [("true", 2), ("on", 2), ("False", 1), ("no", 1)] {
        let text = format!("{FILES}}}\nhttp_server_config: {{http2: {value}}}");
        let tls = folder.load(&text).unwrap().web.tls.unwrap();
        assert_eq!(tls.alpn_protocols.len(), protocols, "{value}");
    }
}

#[test]
fn headers_are_five_and_two_of_them_are_enumerations() {
    let folder = folder();
    let headers = |text: &str| {
        let web = folder.load(&format!("http_server_config: {{headers: {{{text}}}}}"))?.web;
        let said =
            web.headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
        Ok::<_, String>(said.collect::<Vec<_>>().join(" "))
    };
    for (text, said) in [
        ("X-Frame-Options: deny", "x-frame-options=deny"),
        ("X-Frame-Options: sameorigin", "x-frame-options=sameorigin"),
        ("X-Content-Type-Options: nosniff", "x-content-type-options=nosniff"),
        ("X-XSS-Protection: 1", "x-xss-protection=1"),
        ("X-XSS-Protection: 01.50", "x-xss-protection=01.50"),
        ("X-XSS-Protection: yes", "x-xss-protection=yes"),
        ("X-XSS-Protection: True", "x-xss-protection=True"),
        ("Strict-Transport-Security: max-age=1; b", "strict-transport-security=max-age=1; b"),
        (
            "Content-Security-Policy: \"default-src 'self'\"",
            "content-security-policy=default-src 'self'",
        ),
        ("Strict-Transport-Security: ''", ""),
    ] {
        assert_eq!(headers(text).as_deref(), Ok(said), "{text}");
    }
    for (text, said) in [
        (
            "X-Frame-Options: foo",
            "X-Frame-Options: has a value that no browser knows; write deny or",
        ),
        ("X-Frame-Options: DENY", "X-Frame-Options: has a value"),
        ("X-Frame-Options: ''", "X-Frame-Options: has a value"),
        ("X-Content-Type-Options: sniff", "X-Content-Type-Options: has a value"),
        ("Content-Type: text/html", "Content-Type: is no header that can be set; use Strict-"),
        ("x-frame-options: deny", "x-frame-options: is no header that can be set"),
        ("X-XSS-Protection: \"a\\nb\"", "X-XSS-Protection: is no value of a header"),
        ("X-XSS-Protection: 0, X-XSS-Protection: 1", "X-XSS-Protection: is set twice"),
        ("X-XSS-Protection: [1]", "X-XSS-Protection: expected text"),
    ] {
        let error = headers(text).unwrap_err();
        assert!(error.contains(&format!(": http_server_config.headers.{said}")), "{text}: {error}");
    }
    folder.refuses(
        "http_server_config: {http2: maybe}",
        "web.yml:1:29: http_server_config.http2: \"maybe\"",
    );
}

#[test]
fn users_have_bcrypt_hashes_which_no_message_shows() {
    let folder = folder();
    const HASH: &str = "$2y$10$2UXri9cIDdgeKjBo4Rlpx.U3ZLDV8X1IxKmsfOvhcM5oXQt/mLmXq";
    let text =
        format!("{FILES}}}\nbasic_auth_users: {{dave: {HASH}, 'it''s me': {HASH}, 12: {HASH}}}");
    let Loaded { web, warnings, .. } = folder.load(&text).unwrap();
    let names: Vec<_> = web.users.0.keys().map(String::as_str).collect();
    assert_eq!((names, warnings.len()), (vec!["12", "dave", "it's me"], 0));
    assert!(web.users.0["dave"].matches(b"dave123"));
    assert!(!format!("{web:?}").contains("2UXri9"), "{web:?}");

    for (users, said) in [
        ("{john: doe}", "basic_auth_users.john: is no bcrypt hash; write what"),
        ("{john: }", "basic_auth_users.john: is no bcrypt hash"),
        ("{'jo hn': doe}", "basic_auth_users: is no bcrypt hash"),
        ("{john: [doe]}", "basic_auth_users.john: expected a bcrypt hash, found a list"),
        ("doe", "basic_auth_users: expected a mapping, found text"),
    ] {
        let error = folder.load(&format!("basic_auth_users: {users}")).unwrap_err();
        assert!(error.contains(said) && !error.contains("doe"), "{users}: {error}");
    }
    let costly = HASH.replace("$10$", "$15$");
    let plain = folder.load(&format!("basic_auth_users: {{john: {costly}}}")).unwrap();
    assert!(plain.warnings[0].starts_with("basic_auth_users.john: a bcrypt cost of 15 makes"));
    assert!(
        plain.warnings[1].starts_with("basic_auth_users: passwords cross the network in plain")
    );
    assert!(!plain.warnings.concat().contains("2UXri9"));
}

#[test]
fn a_rate_limit_is_read_as_go_reads_it() {
    let folder = folder();
    let limit =
        |text: &str| folder.load(&format!("rate_limit: {{{text}}}")).map(|l| l.web.rate_limit);
    let every = |nanoseconds, burst| {
        Ok(Some(RateLimit { interval: Duration::from_nanos(nanoseconds), burst }))
    };
    assert_eq!(limit("interval: 1s, burst: 20"), every(1_000_000_000, 20));
    assert_eq!(limit("interval: \"1m0.5s\", burst: 1"), every(60_500_000_000, 1));
    assert_eq!(limit("interval: 1000, burst: 1"), every(1000, 1));
    assert_eq!(limit("interval: 1s"), every(1_000_000_000, 0));
    assert_eq!(limit("interval: 1s, burst: -3"), every(1_000_000_000, 0));
    assert_eq!(limit("burst: 3"), Ok(None));
    for (text, said) in [
        ("interval: 1 second", "interval: \"1 second\" is not a duration; write a number with"),
        ("interval: 1d", "interval: \"1d\" is not"),
        ("interval: [1]", "interval: expected a duration"),
        ("burst: many", "burst: \"many\" is not a whole number"),
        ("burst: 1.5", "burst: \"1.5\" is not a whole number"),
        ("bursts: 1", "bursts: unknown key"),
    ] {
        let error = limit(text).unwrap_err();
        assert!(error.contains(&format!("rate_limit.{said}")), "{text}: {error}");
    }
}

#[test]
fn no_message_shows_a_key_or_what_was_to_be_one() {
    let folder = folder();
    let key = folder.read("server.key");
    let secret = key.lines().nth(1).unwrap();
    let indented = key.replace('\n', "\n    ");
    for text in [
        format!("tls_server_config:\n  cert_file: server.crt\n  key_file: |\n    {indented}\n"),
        format!("tls_server_config:\n  cert_file: ca.crt\n  key: |\n    {indented}\n"),
        format!("tls_server_config:\n  cert_file: |\n    {indented}\n  key_file: server.key\n"),
        format!("tls_server_config:\n  cert: |\n    {indented}\n  key_file: server.key\n"),
        format!("tls_server_config:\n  key: |\n{key}\n"),
        format!("tls_server_config: {{key: {secret}, {secret}: 1}}"),
        format!("{secret}: 1"),
    ] {
        let error = folder.load(&text).expect_err(&text);
        assert!(!error.contains(secret) && !error.contains("PRIVATE"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_change_of_any_of_the_files_is_seen_and_nothing_else() {
    let folder = folder();
    let text = format!("{FILES}, client_ca_file: ca.crt, client_auth_type: RequestClientCert}}");
    let loaded = folder.load(&text).unwrap().contents;
    let loader = folder.loader();
    assert!(loader.contents() == loaded, "what was read is what is there");
    folder.write("unrelated", "x");
    folder.write("server.crt", &folder.read("server.crt"));
    assert!(loader.contents() == loaded);
    for name in ["web.yml", "server.crt", "server.key", "ca.crt"] {
        let before = folder.read(name);
        folder.write(name, &format!("{before}\n"));
        let after = loader.contents();
        assert!(after != loaded, "{name}");
        std::fs::remove_file(folder.path().join(name)).unwrap();
        assert!(loader.contents() != loaded && loader.contents() != after, "{name} is gone");
        folder.write(name, &before);
        assert!(loader.contents() == loaded, "{name} is as it was");
    }
}

#[test]
fn files_that_are_none_or_too_large_are_refused() {
    let folder = folder();
    let error = folder.loader().load().unwrap_err().to_string();
    assert!(error.contains("cannot be read") && error.contains("--web.config.file"), "{error}");
    folder.write("large", &"x".repeat(2 << 20));
    folder.refuses(
        "tls_server_config: {cert_file: large, key_file: server.key}",
        "web.yml:1:32: tls_server_config.cert_file: \"large\" is larger than",
    );
    folder.refuses(&"#".repeat(2 << 20), "web.yml: is larger than");
}

#[test]
fn what_is_no_regular_file_is_read_once() {
    let loader = WebLoader::new("/dev/null".into());
    let loaded = loader.load().unwrap();
    assert!(loaded.web.tls.is_none() && loader.contents() == loaded.contents);
    assert!(loader.load_again().unwrap_err().to_string().contains("can be read only once"));

    let folder = folder();
    let text = format!("{FILES}, client_ca_file: /dev/null, client_auth_type: RequestClientCert}}");
    folder.refuses(&text, "web.yml:1:91: tls_server_config.client_ca_file: \"/dev/null\" holds no");
    folder.write("web.yml", "tls_server_config: {cert_file: /dev/null, key_file: server.key}");
    let error = folder.loader().load_again().unwrap_err().to_string();
    assert!(error.starts_with("/dev/null: is no regular file"), "{error}");
}

#[test]
fn scalars_are_what_is_written_without_comments_and_through_aliases() {
    let folder = folder();
    let header = |value: &str| {
        let text = format!("http_server_config:\n  headers:\n    X-XSS-Protection: {value}\n");
        let web = folder.load(&text).expect(&text).web;
        web.headers.first().map(|(_, value)| value.to_str().unwrap().to_owned())
    };
    for value in ["1", "007", "0x10", "1e3", "1.50", "-0", ".5", "true", "No", "1_000", "1; b"] {
        assert_eq!(header(value).as_deref(), Some(value));
        assert_eq!(header(&format!("{value} # comment")).as_deref(), Some(value));
        assert_eq!(header(&format!("'{value}'")).as_deref(), Some(value));
    }
    assert_eq!(header("~"), None);
    assert_eq!(header("!!str 1").as_deref(), Some("1"));
    let limit = folder.load("rate_limit: {burst: &n 5, interval: *n}").unwrap().web.rate_limit;
    assert_eq!(limit, Some(RateLimit { interval: Duration::from_nanos(5), burst: 5 }));
    let limit = folder.load("# ä\nrate_limit:\n  interval: 2 # ä\n  burst: 3 # b\n").unwrap();
    let limit = limit.web.rate_limit;
    assert_eq!(limit, Some(RateLimit { interval: Duration::from_nanos(2), burst: 3 }));
}
