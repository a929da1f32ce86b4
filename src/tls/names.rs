//! Versions, suites and curves by the names that Go has for them.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{cipher_suite, kx_group};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};

/// A version of TLS, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Not spoken here.
    Tls10,
    /// Not spoken here.
    Tls11,
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

impl Version {
    /// Every name and what it means.
    pub const NAMES: &[(&str, Self)] = &[
        ("TLS10", Self::Tls10),
        ("TLS11", Self::Tls11),
        ("TLS12", Self::Tls12),
        ("TLS13", Self::Tls13),
    ];

    /// How it is spoken, if it is.
    pub(super) fn spoken(self) -> Option<&'static SupportedProtocolVersion> {
        match self {
            Self::Tls10 | Self::Tls11 => None,
            Self::Tls12 => Some(&rustls::version::TLS12),
            Self::Tls13 => Some(&rustls::version::TLS13),
        }
    }
}

/// A cipher suite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suite {
    /// As Go calls it.
    pub name: &'static str,
    /// None: known, and not spoken here.
    pub(super) spoken: Option<SupportedCipherSuite>,
}

impl Suite {
    /// What Go's `tls.CipherSuites` lists.
    pub const ALL: &[Self] = &[
        suite("TLS_AES_128_GCM_SHA256", Some(cipher_suite::TLS13_AES_128_GCM_SHA256)),
        suite("TLS_AES_256_GCM_SHA384", Some(cipher_suite::TLS13_AES_256_GCM_SHA384)),
        suite("TLS_CHACHA20_POLY1305_SHA256", Some(cipher_suite::TLS13_CHACHA20_POLY1305_SHA256)),
        suite("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", None),
        suite("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", None),
        suite("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", None),
        suite("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", None),
        suite(
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            Some(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ),
        suite(
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            Some(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
        ),
        suite(
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            Some(cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        ),
        suite(
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            Some(cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        ),
        suite(
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            Some(cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        ),
        suite(
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            Some(cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
        ),
    ];

    /// One of these must be there for HTTP/2 over TLS 1.2 (RFC 9113, 9.2.2).
    pub(super) const OF_HTTP2: [&str; 2] =
        ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];

    /// The suite of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|suite| suite.name == name).copied()
    }
}

const fn suite(name: &'static str, spoken: Option<SupportedCipherSuite>) -> Suite {
    Suite { name, spoken }
}

/// A curve of the key exchange.
#[derive(Clone, Copy, Debug)]
pub struct Curve {
    /// As exporter-toolkit calls it.
    pub name: &'static str,
    /// None: known, and not spoken here.
    pub(super) spoken: Option<&'static dyn SupportedKxGroup>,
}

impl Curve {
    /// What exporter-toolkit knows.
    pub const ALL: &[Self] = &[
        Self { name: "CurveP256", spoken: Some(kx_group::SECP256R1) },
        Self { name: "CurveP384", spoken: Some(kx_group::SECP384R1) },
        Self { name: "CurveP521", spoken: None },
        Self { name: "X25519", spoken: Some(kx_group::X25519) },
    ];

    /// The curve of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|curve| curve.name == name).copied()
    }
}
