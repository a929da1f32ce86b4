//! Whom each `client_auth_type` lets in.

use super::*;
use crate::support::https::Offer;
use crate::support::pki::{
    self, Identity, address, dns, early, email, expired, for_anything, for_servers, uri,
};

/// What a client shows.
struct Shown {
    nothing: Option<Identity>,
    good: Option<Identity>,
    of_another: Option<Identity>,
    expired: Option<Identity>,
    for_servers: Option<Identity>,
    /// It is in the file of authorities itself.
    itself: Option<Identity>,
    itself_expired: Option<Identity>,
}

impl Shown {
    fn new(folder: &Folder) -> Self {
        let authority = &folder.authority;
        let (itself, over) = (pki::self_signed(|params| params), pki::self_signed(expired));
        let authorities = [&authority.certificate, &itself.certificate, &over.certificate];
        folder.write("clients.crt", &authorities.map(String::as_str).concat());
        Self {
            nothing: None,
            good: Some(authority.client(&[])),
            of_another: Some(Authority::new("another").client(&[])),
            expired: Some(authority.expired()),
            for_servers: Some(authority.for_servers()),
            itself: Some(itself),
            itself_expired: Some(over),
        }
    }
}

const IN: Result<(), &str> = Ok(());
const REQUIRED: Result<(), &str> = Err("CertificateRequired");
const UNKNOWN: Result<(), &str> = Err("UnknownCA");
const EXPIRED: Result<(), &str> = Err("CertificateExpired");
const UNFIT: Result<(), &str> = Err("UnsupportedCertificate");

#[tokio::test(flavor = "multi_thread")]
async fn each_client_auth_type_lets_in_whom_go_lets_in() {
    let folder = Folder::new();
    let shown = Shown::new(&folder);
    let ca = ", client_ca_file: clients.crt";
    for (auth, ca, verdicts) in [
        // nothing, good, of another, expired, for servers, itself, itself expired
        ("NoClientCert", "", [IN, IN, IN, IN, IN, IN, IN]),
        ("RequestClientCert", "", [IN, IN, IN, IN, IN, IN, IN]),
        ("RequestClientCert", ca, [IN, IN, IN, IN, IN, IN, IN]),
        ("RequireAnyClientCert", "", [REQUIRED, IN, IN, IN, IN, IN, IN]),
        ("RequireClientCert", ca, [REQUIRED, IN, IN, IN, IN, IN, IN]),
        ("VerifyClientCertIfGiven", ca, [IN, IN, UNKNOWN, EXPIRED, UNFIT, IN, EXPIRED]),
        ("RequireAndVerifyClientCert", ca, [REQUIRED, IN, UNKNOWN, EXPIRED, UNFIT, IN, EXPIRED]),
    ] {
        let rig = folder.serve_tls(&format!(", client_auth_type: {auth}{ca}")).await;
        let clients = [
            ("nothing", &shown.nothing),
            ("good", &shown.good),
            ("of another", &shown.of_another),
            ("expired", &shown.expired),
            ("for servers", &shown.for_servers),
            ("itself", &shown.itself),
            ("itself, expired", &shown.itself_expired),
        ];
        for ((client, identity), verdict) in clients.into_iter().zip(verdicts) {
            for version in rustls::ALL_VERSIONS {
                let offer = Offer::to(&folder.authority).of(identity.as_ref());
                let offer = Offer { versions: &[version], ..offer };
                let got = offer.get(rig.address, "/metrics").await;
                let case = format!("{auth}{ca}, {client}, {version:?}: {got:?}");
                match verdict {
                    Ok(()) => assert_eq!(got.map(|reply| reply.answer.status), Ok(200), "{case}"),
                    Err(alert) => assert!(got.unwrap_err().contains(alert), "{case}"),
                }
            }
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_certificate_shown_by_itself_is_held_to_its_time_and_purpose() {
    let folder = Folder::new();
    let cases = [
        (pki::self_signed(|params| params), IN),
        (pki::self_signed(for_anything), IN),
        (pki::self_signed(for_servers), UNFIT),
        (pki::self_signed(early), EXPIRED),
        (pki::self_signed(expired), EXPIRED),
    ];
    let trusted: String = cases.iter().map(|(identity, _)| &*identity.certificate).collect();
    folder.write("clients.crt", &trusted);
    let rig = folder
        .serve_tls(", client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.crt")
        .await;
    for (identity, verdict) in &cases {
        let got = Offer::to(&folder.authority).of(Some(identity)).get(rig.address, "/").await;
        match verdict {
            Ok(()) => assert_eq!(got.unwrap().answer.status, 200),
            Err(alert) => assert!(got.unwrap_err().contains(alert)),
        }
    }
    // Its name and key are not enough: it must be the very certificate.
    let stranger = pki::self_signed(|params| params);
    let got = Offer::to(&folder.authority).of(Some(&stranger)).get(rig.address, "/").await;
    assert!(got.is_err());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_name_of_each_kind_lets_in_and_every_other_is_refused() {
    let folder = Folder::new();
    let rig = folder
        .serve_tls(
            ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, \
             client_allowed_sans: [prometheus.example, ops@example.com, 10.0.0.1, 'fd00::ab01', \
             'spiffe://example/prometheus']",
        )
        .await;
    for (names, is_in) in [
        (vec![dns("prometheus.example")], true),
        (vec![email("ops@example.com")], true),
        (vec![address("10.0.0.1")], true),
        (vec![address("fd00:0::ab01")], true),
        (vec![uri("spiffe://example/prometheus")], true),
        (vec![dns("another.example"), dns("prometheus.example")], true),
        (vec![], false),
        (vec![dns("another.example")], false),
        (vec![dns("sub.prometheus.example")], false),
        (vec![dns("*.example")], false),
        (vec![dns("Prometheus.example")], false),
        (vec![email("ops@example.org")], false),
        (vec![address("10.0.0.2")], false),
        (vec![uri("spiffe://example/prometheus/")], false),
    ] {
        let identity = folder.authority.client(&names);
        let got = Offer::to(&folder.authority).of(Some(&identity)).get(rig.address, "/").await;
        match is_in {
            true => assert_eq!(got.unwrap().answer.status, 200, "{names:?}"),
            false => assert!(got.unwrap_err().contains("BadCertificate"), "{names:?}"),
        }
    }
    let stranger = Authority::new("another").client(&[dns("prometheus.example")]);
    let got = Offer::to(&folder.authority).of(Some(&stranger)).get(rig.address, "/").await;
    assert!(got.unwrap_err().contains("UnknownCA"), "a name of another authority's says nothing");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_allowed_names_a_certificate_is_required_whatever_the_type() {
    let folder = Folder::new();
    let good = folder.authority.client(&[dns("prometheus.example")]);
    let another = folder.authority.client(&[dns("another.example")]);
    for auth in ["RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven"] {
        let more = format!(
            ", client_auth_type: {auth}, client_ca_file: ca.crt, \
             client_allowed_sans: [prometheus.example]"
        );
        let rig = folder.serve_tls(&more).await;
        let offer = || Offer::to(&folder.authority);
        assert!(offer().get(rig.address, "/").await.unwrap_err().contains("CertificateRequired"));
        assert!(offer().of(Some(&good)).get(rig.address, "/").await.is_ok(), "{auth}");
        let refused = offer().of(Some(&another)).get(rig.address, "/").await.unwrap_err();
        assert!(refused.contains("BadCertificate"), "{auth}: {refused}");
        rig.stop().await;
    }
}
