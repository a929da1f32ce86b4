use rcgen::{CertificateParams, KeyPair};
use rustls::{CipherSuite, NamedGroup};

use super::*;

fn pair() -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".into()]).unwrap().self_signed(&key);
    (certificate.unwrap().pem().into_bytes(), key.serialize_pem().into_bytes())
}

fn settings() -> Settings {
    let (certificates, key) = pair();
    Settings {
        certificates,
        key: KeyPem(key),
        client_auth: ClientAuth::None,
        client_ca: ClientCa::None,
        client_allowed_sans: None,
        min_version: Version::Tls12,
        max_version: Version::Tls13,
        suites: Vec::new(),
        curves: Vec::new(),
        prefer_server_suites: true,
        http2: true,
    }
}

/// The suites of TLS 1.2, the curves, and the warnings.
fn built(settings: &Settings) -> (Vec<CipherSuite>, Vec<NamedGroup>, String) {
    let (config, warnings) = server_config(settings).unwrap();
    let provider = config.crypto_provider();
    let suites = provider.cipher_suites.iter().filter(|suite| suite.tls13().is_none());
    let curves = provider.kx_groups.iter().map(|group| group.name());
    (suites.map(|suite| suite.suite()).collect(), curves.collect(), warnings.join("\n"))
}

fn refused(settings: &Settings) -> (Part, String) {
    let refusal = server_config(settings).unwrap_err();
    (refusal.part, refusal.to_string())
}

fn suites(names: &[&str]) -> Vec<Suite> {
    names.iter().map(|name| Suite::named(name).unwrap()).collect()
}

fn curves(names: &[&str]) -> Vec<Curve> {
    names.iter().map(|name| Curve::named(name).unwrap()).collect()
}

#[test]
fn what_is_listed_is_negotiated_in_that_order() {
    let (all, groups, warnings) = built(&settings());
    assert_eq!((all.len(), warnings.as_str()), (6, ""));
    assert!(groups.contains(&NamedGroup::X25519), "{groups:?}");
    let listed = Settings {
        suites: suites(&[
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_GCM_SHA256",
        ]),
        curves: curves(&["CurveP384", "X25519"]),
        ..settings()
    };
    let (suites, groups, warnings) = built(&listed);
    assert_eq!(
        suites,
        [
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        ]
    );
    assert_eq!(groups, [NamedGroup::secp384r1, NamedGroup::X25519]);
    assert_eq!(warnings, "");
    let (config, _) = server_config(&listed).unwrap();
    let provider = config.crypto_provider();
    let of_tls13 = provider.cipher_suites.iter().filter(|suite| suite.tls13().is_some());
    assert_eq!(of_tls13.count(), 3, "those of TLS 1.3 cannot be chosen");
}

#[test]
fn what_is_known_and_not_spoken_is_left_out_with_a_warning() {
    let partly = Settings {
        suites: Suite::ALL.to_vec(),
        curves: curves(&["CurveP521", "CurveP256"]),
        min_version: Version::Tls10,
        ..settings()
    };
    let (suites, groups, warnings) = built(&partly);
    assert_eq!((suites.len(), groups), (6, vec![NamedGroup::secp256r1]));
    for said in [
        "min_version: TLS 1.0 and 1.1 are",
        "left out: CurveP521",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    ] {
        assert!(warnings.contains(said), "{said}: {warnings}");
    }
    let of_tls12 = Settings {
        suites: super::tests::suites(&["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]),
        http2: false,
        ..settings()
    };
    let (suites, _, warnings) = built(&of_tls12);
    assert!(suites.is_empty() && warnings.contains("clients need TLS 1.3"), "{warnings}");
}

#[test]
fn what_leaves_nothing_to_negotiate_is_refused() {
    let cbc = suites(&["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]);
    for (settings, part, said) in [
        (
            Settings { max_version: Version::Tls11, min_version: Version::Tls10, ..settings() },
            Part::Versions,
            "not spoken here",
        ),
        (
            Settings { min_version: Version::Tls13, max_version: Version::Tls12, ..settings() },
            Part::Versions,
            "newer than",
        ),
        (
            Settings { curves: curves(&["CurveP521"]), ..settings() },
            Part::Curves,
            "none of these curves",
        ),
        (
            Settings {
                suites: cbc.clone(),
                max_version: Version::Tls12,
                http2: false,
                ..settings()
            },
            Part::Suites,
            "none of these suites",
        ),
        (Settings { suites: cbc, ..settings() }, Part::Suites, "HTTP/2 needs"),
    ] {
        let (refused, message) = refused(&settings);
        assert_eq!(refused, part, "{message}");
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn http2_needs_its_suite_unless_it_is_off_or_tls_is_new() {
    let without =
        Settings { suites: suites(&["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]), ..settings() };
    assert!(refused(&without).1.contains("http_server_config.http2: false"));
    let off = Settings { http2: false, ..without.clone() };
    assert_eq!(server_config(&off).unwrap().0.alpn_protocols, [b"http/1.1".to_vec()]);
    let new = Settings { min_version: Version::Tls13, ..without };
    assert_eq!(
        server_config(&new).unwrap().0.alpn_protocols,
        [b"h2".to_vec(), b"http/1.1".to_vec()]
    );
}

#[test]
fn certificates_and_keys_are_told_from_what_is_none() {
    let good = settings();
    let (another, key_of_another) = pair();
    let with = |certificates: &[u8], key: &[u8]| Settings {
        certificates: certificates.to_vec(),
        key: KeyPem(key.to_vec()),
        ..good.clone()
    };
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
    let nonsense = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (settings, part, said) in [
        (with(b"", &good.key.0), Part::Certificates, "no certificate"),
        (with(&good.key.0, &good.key.0), Part::Certificates, "no certificate"),
        (with(broken, &good.key.0), Part::Certificates, "read to its end"),
        (with(nonsense, &good.key.0), Part::Certificates, "cannot be used"),
        (with(&good.certificates, b""), Part::Key, "no private key"),
        (with(&good.certificates, &good.certificates), Part::Key, "no private key"),
        (with(&good.certificates, no_key), Part::Key, "cannot be used"),
        (with(&good.certificates, &key_of_another), Part::Key, "of another certificate"),
        (with(&another, &good.key.0), Part::Key, "of another certificate"),
    ] {
        let (refused, message) = refused(&settings);
        assert_eq!(refused, part, "{message}");
        assert!(message.contains(said) && !message.contains("AAAA"), "{message}");
    }
    let both = [&good.key.0[..], &good.certificates].concat();
    assert!(server_config(&with(&both, &both)).is_ok(), "one file may hold both");
    assert!(!format!("{good:?}").contains("PRIVATE"), "Debug hides the key");
}

#[test]
fn authorities_are_certificates_and_are_needed_where_they_verify() {
    let verifying = Settings { client_auth: ClientAuth::RequireAndVerify, ..settings() };
    let (part, message) = refused(&verifying);
    assert!(part == Part::ClientCa && message.contains("set client_ca_file"), "{message}");
    for pem in [&b""[..], b"none", &settings().key.0] {
        let client_ca = ClientCa::Pem(pem.to_vec());
        let (part, message) = refused(&Settings { client_ca, ..verifying.clone() });
        assert!(part == Part::ClientCa && message.contains("no certificate"), "{message}");
    }
    let nonsense = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let partly = [&verifying.certificates[..], nonsense].concat();
    let (_, _, warnings) =
        built(&Settings { client_ca: ClientCa::Pem(partly), ..verifying.clone() });
    assert_eq!(warnings, "client_ca: 1 of its certificates cannot be read");
    let none = Settings { client_allowed_sans: Some(vec!["a".into()]), ..settings() };
    assert!(built(&none).2.starts_with("client_allowed_sans: has no effect"));
    let any = Settings { client_auth: ClientAuth::RequireAny, ..settings() };
    assert!(built(&any).2.contains("keeps strangers out"));
}
