//! Versions, suites, curves and protocols are negotiated as configured.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{cipher_suite, kx_group};
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, NamedGroup, ProtocolVersion, SupportedCipherSuite};

use super::*;
use crate::support::https::{Offer, Reply};

const AES_128: SupportedCipherSuite = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
const AES_256: SupportedCipherSuite = cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_spoken_if_it_is_allowed() {
    let folder = Folder::new();
    let (old, new) = (ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3);
    for (more, spoken) in [
        ("", vec![old, new]),
        (", min_version: TLS10", vec![old, new]),
        (", min_version: TLS12, max_version: TLS13", vec![old, new]),
        (", min_version: TLS13", vec![new]),
        (", max_version: TLS12", vec![old]),
    ] {
        let rig = folder.serve_tls(more).await;
        for (version, offered) in [(&TLS12, old), (&TLS13, new)] {
            let offer = Offer { versions: &[version], ..Offer::to(&folder.authority) };
            match offer.get(rig.address, "/").await {
                Ok(reply) => {
                    assert_eq!((reply.version, spoken.contains(&offered)), (offered, true))
                }
                Err(error) => {
                    assert!(!spoken.contains(&offered), "{more}: {error}");
                    assert!(error.contains("ProtocolVersion"), "{error}");
                }
            }
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn suites_of_tls_1_2_are_chosen_in_the_order_of_whoever_is_preferred() {
    let folder = Folder::new();
    let listed = ", max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, \
                  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]";
    let suite = async |more: &str, suites: &[SupportedCipherSuite]| {
        let rig = folder.serve_tls(&format!("{listed}{more}")).await;
        let offer = Offer { suites, ..Offer::to(&folder.authority) };
        let got = offer.get(rig.address, "/").await.map(|reply| reply.suite);
        rig.stop().await;
        got
    };
    let (small, large) = (AES_128.suite(), AES_256.suite());
    let both = [AES_128, AES_256];
    assert_eq!(suite("", &both).await, Ok(large), "the server's order");
    assert_eq!(suite(", prefer_server_cipher_suites: true", &both).await, Ok(large));
    assert_eq!(suite(", prefer_server_cipher_suites: false", &both).await, Ok(small));
    assert_eq!(suite("", &[AES_128]).await, Ok(small));
    let none = suite("", &[cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]).await;
    assert!(none.unwrap_err().contains("HandshakeFailure"));
}

#[tokio::test(flavor = "multi_thread")]
async fn suites_of_tls_1_3_are_always_there() {
    let folder = Folder::new();
    let rig = folder.serve_tls(", cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]").await;
    for suite in [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ] {
        let offer = Offer { suites: &[suite], versions: &[&TLS13], ..Offer::to(&folder.authority) };
        assert_eq!(offer.get(rig.address, "/").await.unwrap().suite, suite.suite());
    }
    let offer = Offer { versions: &[&TLS12], ..Offer::to(&folder.authority) };
    let suite = offer.get(rig.address, "/").await.unwrap().suite;
    assert_eq!(suite, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curves_are_those_that_are_listed() {
    let folder = Folder::new();
    let listed = ", curve_preferences: [CurveP384, CurveP521, CurveP256]";
    let rig = folder.serve_tls(listed).await;
    for version in rustls::ALL_VERSIONS {
        let group = async |groups: &[&'static dyn SupportedKxGroup]| {
            let offer = Offer { versions: &[version], groups, ..Offer::to(&folder.authority) };
            offer.get(rig.address, "/").await.map(|reply| reply.group)
        };
        let (large, small) = (NamedGroup::secp384r1, NamedGroup::secp256r1);
        assert_eq!(group(&[kx_group::SECP384R1]).await, Ok(Some(large)));
        assert_eq!(group(&[kx_group::SECP256R1]).await, Ok(Some(small)));
        assert_eq!(group(&[kx_group::X25519, kx_group::SECP384R1]).await, Ok(Some(large)));
        assert!(group(&[kx_group::X25519]).await.unwrap_err().contains("HandshakeFailure"));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_offered_unless_it_is_switched_off() {
    let folder = Folder::new();
    let protocol = async |web: &str, protocols: &[&str]| {
        let rig = folder.serve(&format!("tls_server_config: {{{FILES}}}\n{web}")).await;
        let offer = Offer { protocols, ..Offer::to(&folder.authority) };
        let stream = offer.client().connect(rig.address).await;
        let protocol = stream.map(|stream| {
            let name = stream.get_ref().1.alpn_protocol();
            name.map(|name| String::from_utf8(name.to_vec()).unwrap())
        });
        rig.stop().await;
        protocol
    };
    let chosen = |name: &str| Ok(Some(name.to_owned()));
    let (both, off) = (["h2", "http/1.1"], "http_server_config: {http2: false}");
    assert_eq!(protocol("", &both).await, chosen("h2"));
    assert_eq!(protocol("", &["http/1.1", "h2"]).await, chosen("h2"), "the server's order");
    assert_eq!(protocol("", &["http/1.1"]).await, chosen("http/1.1"));
    assert_eq!(protocol("", &[]).await, Ok(None));
    assert_eq!(protocol(off, &both).await, chosen("http/1.1"));
    let none = protocol(off, &["h2"]).await.unwrap_err();
    assert!(none.contains("NoApplicationProtocol"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_every_kind_serve() {
    let folder = Folder::new();
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        folder.authority.server_of(algorithm).write(folder.path(), "server");
        let rig = folder.serve_tls("").await;
        let reply: Reply = Offer::to(&folder.authority).get(rig.address, "/").await.unwrap();
        assert_eq!(reply.answer.status, 200);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_stays_plain_and_tls_is_no_plain_http() {
    let folder = Folder::new();
    let plain = folder.serve("http_server_config: {http2: true}\n").await;
    assert_eq!(crate::support::http::get(plain.address, "/", &[]).await.status, 200);
    assert!(Offer::to(&folder.authority).get(plain.address, "/").await.is_err());
    plain.stop().await;
}
