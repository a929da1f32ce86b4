//! Who may connect: certificates of clients, judged as Go's TLS server judges them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::prelude::{ASN1Time, FromDer as _, GeneralName, X509Certificate};

/// Asks for a certificate. Whoever shows one proves that it has the key; the rest is as set here.
///
/// All of it is decided here, in the handshake that makes a session, so a session that is resumed
/// needs no second look.
#[derive(Debug)]
pub(super) struct Clients {
    /// Who shows none is refused.
    pub mandatory: bool,
    /// None: any certificate will do.
    pub chain: Option<Chain>,
    /// None: whatever names it has.
    pub allowed_sans: Option<Vec<String>>,
    /// What clients are told to choose their certificate by.
    pub hints: Vec<DistinguishedName>,
    pub algorithms: WebPkiSupportedAlgorithms,
}

/// From whom a certificate must come.
#[derive(Debug)]
pub(super) struct Chain {
    pub webpki: Arc<dyn ClientCertVerifier>,
    /// The trusted certificates themselves.
    pub trusted: Vec<CertificateDer<'static>>,
}

impl Chain {
    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // A self-signed certificate that is trusted as it is, what `openssl req -x509` makes, is
        // a certification authority by its own words, and webpki takes none from a client.
        if self.trusted.iter().any(|trusted| trusted == certificate) {
            return good_for_a_client(certificate, now);
        }
        self.webpki.verify_client_cert(certificate, intermediates, now).map(|_| ())
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(chain) = &self.chain {
            chain.verify(certificate, intermediates, now)?;
        }
        if let Some(allowed) = &self.allowed_sans
            && !names(certificate)?.iter().any(|name| allowed.contains(name))
        {
            // The alert is bad_certificate, as of Go.
            return Err(CertificateError::NotValidForName.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Error> {
    let parsed = X509Certificate::from_der(certificate);
    parsed.map(|(_, parsed)| parsed).map_err(|_| CertificateError::BadEncoding.into())
}

/// Whether a trusted certificate is in its time, and meant for a client if it says what for.
fn good_for_a_client(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = parse(certificate)?;
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
    let now = now.ok_or(Error::FailedToGetCurrentTime)?;
    let validity = parsed.validity();
    if now < validity.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after {
        return Err(CertificateError::Expired.into());
    }
    let usage = parsed.extended_key_usage().map_err(|_| CertificateError::BadEncoding)?;
    match usage {
        Some(usage) if !(usage.value.client_auth || usage.value.any) => {
            Err(CertificateError::InvalidPurpose.into())
        }
        _ => Ok(()),
    }
}

/// The alternative names of a certificate as Go writes them: DNS names, e-mail addresses, IP
/// addresses and URIs.
fn names(certificate: &CertificateDer<'_>) -> Result<Vec<String>, Error> {
    let parsed = parse(certificate)?;
    let names = parsed.subject_alternative_name().map_err(|_| CertificateError::BadEncoding)?;
    let names = names.map_or(&[][..], |names| &names.value.general_names);
    Ok(names.iter().filter_map(name).collect())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        GeneralName::URI(uri) => Some(match uri.split_once(':') {
            Some((scheme, rest)) => format!("{}:{rest}", scheme.to_ascii_lowercase()),
            None => (*uri).to_owned(),
        }),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    Some(address.to_ipv4_mapped().map_or_else(|| address.to_string(), |four| four.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_go_writes_them() {
        for (given, written) in [
            (GeneralName::DNSName("a.example"), "a.example"),
            (GeneralName::RFC822Name("a@b.example"), "a@b.example"),
            (GeneralName::URI("SPIFFE://Trust/Path"), "spiffe://Trust/Path"),
            (GeneralName::IPAddress(&[10, 0, 0, 1]), "10.0.0.1"),
            (GeneralName::IPAddress(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "::1"),
            (
                GeneralName::IPAddress(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1]),
                "10.0.0.1",
            ),
            (
                GeneralName::IPAddress(&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 1]),
                "fd00::ab01",
            ),
        ] {
            assert_eq!(name(&given).as_deref(), Some(written));
        }
        assert_eq!(name(&GeneralName::IPAddress(&[1, 2, 3])), None);
    }
}
