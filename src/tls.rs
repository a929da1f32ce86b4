//! TLS of the server: settings as values → what rustls serves with, or why not.
//!
//! Pure: files are read elsewhere. The settings are those of exporter-toolkit's web file, and mean
//! what they mean to Go's TLS server, as far as rustls can. What it lacks on purpose (CBC suites,
//! TLS 1.0 and 1.1) is left out with a warning as long as something remains to negotiate.

mod client;
mod names;

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

pub use self::names::{Curve, Suite, Version};

use self::client::{Chain, Clients};

/// What a server of TLS is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's certificate and those between it and the root, in PEM.
    pub certificates: Vec<u8>,
    /// The key of the first certificate, in PEM.
    pub key: KeyPem,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// Who vouches for clients.
    pub client_ca: ClientCa,
    /// Names of which a client's certificate must have one; with any, a certificate is required.
    pub client_allowed_sans: Option<Vec<String>>,
    /// The oldest version.
    pub min_version: Version,
    /// The newest version.
    pub max_version: Version,
    /// Suites of TLS 1.2, the preferred ones first; none are all. Those of TLS 1.3 are always there.
    pub suites: Vec<Suite>,
    /// Curves, the preferred ones first; none are all.
    pub curves: Vec<Curve>,
    /// Whether the order of the server counts, rather than that of the client.
    pub prefer_server_suites: bool,
    /// Whether HTTP/2 is offered.
    pub http2: bool,
}

/// A private key in PEM, which is never shown.
#[derive(Clone)]
pub struct KeyPem(pub Vec<u8>);

impl fmt::Debug for KeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPem(..)")
    }
}

/// What is asked of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// Nothing.
    None,
    /// A certificate, whoever issued it; none is fine too.
    Request,
    /// A certificate, whoever issued it.
    RequireAny,
    /// None, or a certificate that can be verified.
    VerifyIfGiven,
    /// A certificate that can be verified.
    RequireAndVerify,
}

impl ClientAuth {
    /// Every name and what it means.
    pub const NAMES: &[(&str, Self)] = &[
        ("NoClientCert", Self::None),
        ("RequestClientCert", Self::Request),
        ("RequireAnyClientCert", Self::RequireAny),
        // As it was once called.
        ("RequireClientCert", Self::RequireAny),
        ("VerifyClientCertIfGiven", Self::VerifyIfGiven),
        ("RequireAndVerifyClientCert", Self::RequireAndVerify),
    ];

    /// Whether it matters who issued a certificate.
    #[must_use]
    pub fn verifies(self) -> bool {
        matches!(self, Self::VerifyIfGiven | Self::RequireAndVerify)
    }
}

/// Who vouches for clients.
#[derive(Clone, Debug)]
pub enum ClientCa {
    /// Nobody was named.
    None,
    /// Certificates in PEM.
    Pem(Vec<u8>),
    /// Whom this machine trusts.
    System(Vec<CertificateDer<'static>>),
}

/// Which setting is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`Settings::certificates`]
    Certificates,
    /// [`Settings::key`]
    Key,
    /// [`Settings::client_ca`]
    ClientCa,
    /// [`Settings::min_version`] and [`Settings::max_version`]
    Versions,
    /// [`Settings::suites`]
    Suites,
    /// [`Settings::curves`]
    Curves,
    /// None of them alone.
    Whole,
}

/// Why there is no server of TLS. It shows neither keys nor certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Refusal {
    /// Which setting is wrong.
    pub part: Part,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

fn refuse(part: Part, what: impl Into<String>, remedy: &'static str) -> Refusal {
    Refusal { part, what: what.into(), remedy }
}

/// What rustls serves with, and what is worth a second thought, one sentence each that begins with
/// the name of the setting.
///
/// Each has session tickets and a session store of its own, so that nobody resumes a session that
/// was made by other rules.
///
/// # Errors
/// When nothing could be negotiated, or certificate, key and authorities are not what they should be.
pub fn server_config(settings: &Settings) -> Result<(ServerConfig, Vec<String>), Refusal> {
    let mut warnings = Vec::new();
    let (provider, versions) = negotiable(settings, &mut warnings)?;
    let provider = Arc::new(provider);
    let identity = identity(settings, &provider)?;
    let clients = clients(settings, &provider, &mut warnings)?;
    let unusable = |error: rustls::Error| {
        refuse(Part::Whole, error.to_string(), "allow more versions, suites or curves")
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(unusable)?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.ignore_client_order = settings.prefer_server_suites;
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(unusable)?;
    let protocols: &[&[u8]] = if settings.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok((config, warnings))
}

/// What remains of versions, suites and curves.
fn negotiable(
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Result<(CryptoProvider, Vec<&'static SupportedProtocolVersion>), Refusal> {
    let (min, max) = (settings.min_version, settings.max_version);
    if max < min {
        let what = "min_version is newer than max_version";
        return Err(refuse(Part::Versions, what, "swap them"));
    }
    if max < Version::Tls12 {
        let what = "TLS 1.0 and 1.1 are broken and not spoken here, and nothing else is allowed";
        return Err(refuse(Part::Versions, what, "set max_version to TLS12 or TLS13"));
    }
    if min < Version::Tls12 {
        warnings.push(
            "min_version: TLS 1.0 and 1.1 are broken and not spoken here; clients need TLS 1.2"
                .into(),
        );
    }
    let mut provider = aws_lc_rs::default_provider();
    let mut versions: Vec<Version> = [Version::Tls12, Version::Tls13].into();
    versions.retain(|version| (min..=max).contains(version));
    if !settings.suites.is_empty() {
        suites(settings, &mut provider, &mut versions, warnings)?;
    }
    if !settings.curves.is_empty() {
        let curves = settings.curves.iter();
        provider.kx_groups = curves.clone().filter_map(|curve| curve.spoken).collect();
        let missing = curves.filter(|curve| curve.spoken.is_none()).map(|curve| curve.name);
        left_out("curve_preferences", missing, warnings);
        if provider.kx_groups.is_empty() {
            let what = "none of these curves is spoken here";
            return Err(refuse(Part::Curves, what, "add X25519, CurveP256 or CurveP384"));
        }
    }
    Ok((provider, versions.into_iter().filter_map(Version::spoken).collect()))
}

/// Only suites of TLS 1.2 can be chosen, as in Go.
fn suites(
    settings: &Settings,
    provider: &mut CryptoProvider,
    versions: &mut Vec<Version>,
    warnings: &mut Vec<String>,
) -> Result<(), Refusal> {
    let listed = &settings.suites;
    let is_of_http2 = |suite: &Suite| Suite::OF_HTTP2.contains(&suite.name);
    if settings.http2 && settings.min_version < Version::Tls13 && !listed.iter().any(is_of_http2) {
        let what = format!(
            "HTTP/2 needs {} or {}, and neither is listed",
            Suite::OF_HTTP2[0],
            Suite::OF_HTTP2[1]
        );
        let remedy = "add one of them, or set http_server_config.http2: false";
        return Err(refuse(Part::Suites, what, remedy));
    }
    let missing = listed.iter().filter(|suite| suite.spoken.is_none());
    left_out("cipher_suites", missing.map(|suite| suite.name), warnings);
    let chosen = listed.iter().filter_map(|suite| suite.spoken);
    let chosen: Vec<_> = chosen.filter(|suite| suite.tls13().is_none()).collect();
    if chosen.is_empty() && versions.contains(&Version::Tls12) {
        if !versions.contains(&Version::Tls13) {
            let what = "none of these suites of TLS 1.2 is spoken here, and TLS 1.3 is not allowed";
            let remedy = "add one whose name holds GCM or CHACHA20, or set max_version: TLS13";
            return Err(refuse(Part::Suites, what, remedy));
        }
        warnings.push(
            "cipher_suites: none of TLS 1.2 remains, so clients need TLS 1.3, whose suites are \
             always there"
                .into(),
        );
        versions.retain(|version| *version == Version::Tls13);
    }
    provider.cipher_suites.retain(|suite| suite.tls13().is_some());
    provider.cipher_suites.extend(chosen);
    Ok(())
}

fn left_out<'a>(key: &str, names: impl Iterator<Item = &'a str>, warnings: &mut Vec<String>) {
    let names: Vec<&str> = names.collect();
    if !names.is_empty() {
        warnings.push(format!("{key}: not spoken here and left out: {}", names.join(", ")));
    }
}

fn identity(settings: &Settings, provider: &CryptoProvider) -> Result<CertifiedKey, Refusal> {
    let chain = CertificateDer::pem_slice_iter(&settings.certificates).collect::<Result<_, _>>();
    let chain: Vec<CertificateDer<'static>> = chain.map_err(|_| {
        let what = "is no PEM that can be read to its end";
        refuse(Part::Certificates, what, "write the server's certificate in PEM")
    })?;
    if chain.is_empty() {
        let remedy = "write the server's certificate in PEM: -----BEGIN CERTIFICATE-----";
        return Err(refuse(Part::Certificates, "holds no certificate in PEM", remedy));
    }
    let key = PrivateKeyDer::from_pem_slice(&settings.key.0).map_err(|_| {
        let remedy = "write the key of the certificate in PEM: -----BEGIN PRIVATE KEY-----";
        refuse(Part::Key, "holds no private key in PEM, or one that is encrypted", remedy)
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let remedy =
                "name the key of the first certificate, whose order is: server, then issuers";
            refuse(Part::Key, "is the key of another certificate", remedy)
        }
        rustls::Error::InvalidCertificate(error) => {
            let what = format!("holds a certificate that cannot be used: {error}");
            refuse(Part::Certificates, what, "have it issued as X.509 version 3")
        }
        _ => {
            let remedy = "use RSA of 2048 bits or more, ECDSA on P-256, P-384 or P-521, or Ed25519";
            refuse(Part::Key, "holds a private key that cannot be used", remedy)
        }
    })
}

fn clients(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
    warnings: &mut Vec<String>,
) -> Result<Arc<dyn ClientCertVerifier>, Refusal> {
    let auth = settings.client_auth;
    let allowed_sans = settings.client_allowed_sans.clone();
    if auth == ClientAuth::None {
        if allowed_sans.is_some() {
            let what = "client_allowed_sans: has no effect, as no certificate is asked for; set \
                        client_auth_type: RequireAndVerifyClientCert";
            warnings.push(what.into());
        }
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    let (trusted, hints) = authorities(&settings.client_ca, warnings)?;
    let chain = match auth.verifies() {
        false => None,
        true => Some(chain(trusted, provider)?),
    };
    if chain.is_none() {
        warnings.push(
            "client_auth_type: anybody can make the certificate that it asks for; only \
             RequireAndVerifyClientCert keeps strangers out"
                .into(),
        );
    }
    Ok(Arc::new(Clients {
        mandatory: allowed_sans.is_some()
            || matches!(auth, ClientAuth::RequireAny | ClientAuth::RequireAndVerify),
        chain,
        allowed_sans,
        hints,
        algorithms: provider.signature_verification_algorithms,
    }))
}

type Authorities = (Vec<CertificateDer<'static>>, Vec<rustls::DistinguishedName>);

/// The trusted certificates, and their names for clients who have several to choose from.
fn authorities(ca: &ClientCa, warnings: &mut Vec<String>) -> Result<Authorities, Refusal> {
    const REMEDY: &str = "write the certificate of whoever issues those of the clients, in PEM";
    let listed: Vec<CertificateDer<'static>> = match ca {
        ClientCa::None => return Ok((Vec::new(), Vec::new())),
        // Their names would fill a handshake.
        ClientCa::System(certificates) => return Ok((certificates.clone(), Vec::new())),
        ClientCa::Pem(pem) => {
            let listed = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>();
            let what = "is no PEM that can be read to its end";
            listed.map_err(|_| refuse(Part::ClientCa, what, REMEDY))?
        }
    };
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(listed.iter().cloned());
    if added == 0 {
        let what = "holds no certificate in PEM, so every client would be refused";
        return Err(refuse(Part::ClientCa, what, REMEDY));
    }
    if ignored > 0 {
        warnings.push(format!("client_ca: {ignored} of its certificates cannot be read"));
    }
    Ok((listed, roots.subjects()))
}

fn chain(
    trusted: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Chain, Refusal> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted.iter().cloned());
    let webpki =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let webpki = webpki.map_err(|_| {
        let what = "nobody is named who vouches for clients, and this machine trusts nobody either";
        refuse(Part::ClientCa, what, "set client_ca_file")
    })?;
    Ok(Chain { webpki, trusted })
}

#[cfg(test)]
mod tests;
