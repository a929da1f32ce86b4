//! The same over TLS, with whoever answers.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};

use super::Bounded;

/// What came back.
pub(super) enum Answer {
    /// Through TLS.
    Bytes(Vec<u8>),
    /// A server that lives and would answer, but not to who has no certificate.
    WantsCertificate,
}

/// Whose certificates will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Everybody's.
    Anybody,
    /// Those that this machine trusts, for the name that was asked for.
    Machine,
}

/// Asks through TLS; `None` is a server that does not speak it.
pub(super) fn exchange(
    stream: Bounded,
    host: &str,
    trust: Trust,
    request: &str,
    most: usize,
) -> io::Result<Option<Answer>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(config(trust)?, name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    match super::exchange(&mut stream, request, most) {
        Ok(answer) => Ok(Some(Answer::Bytes(answer))),
        Err(error) => match tls_error(&error).cloned().or_else(|| last_words(&mut stream)) {
            Some(Error::AlertReceived(alert)) if wants_certificate(alert) => {
                Ok(Some(Answer::WantsCertificate))
            }
            // What HTTP in the clear answers to a ClientHello is no TLS record.
            Some(Error::InvalidMessage(_)) => Ok(None),
            _ => Err(error),
        },
    }
}

/// Who refuses says so and closes. The request may meet the closed door before that is heard.
fn last_words(stream: &mut StreamOwned<ClientConnection, Bounded>) -> Option<Error> {
    while stream.conn.read_tls(&mut stream.sock).ok()? > 0 {
        if let Err(error) = stream.conn.process_new_packets() {
            return Some(error);
        }
    }
    None
}

/// Why the certificate of the server will not do, if that is what failed.
pub(super) fn certificate_error(error: &io::Error) -> Option<&Error> {
    tls_error(error).filter(|error| matches!(error, Error::InvalidCertificate(_)))
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// TLS 1.3 has an alert for it; TLS 1.2 has not, and servers differ.
fn wants_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::NoCertificate
            | AlertDescription::HandshakeFailure
    )
}

fn config(trust: Trust) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = match trust {
        Trust::Anybody => {
            let anybody = Arc::new(Anybody(provider));
            builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
        }
        Trust::Machine => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(Arc::new(config))
}

/// Content with every certificate: who knocks at the own machine, whose name no certificate has, or
/// was told not to care.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::server::WebPkiClientVerifier;
    use rustls::version::{TLS12, TLS13};
    use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

    use super::super::{ProbeError, Scheme, probe};
    use super::*;

    /// A server of one connection that answers 200, and asks for certificates of its own kind.
    fn server(version: &'static SupportedProtocolVersion, asks: bool) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let name = vec!["elsewhere.example".to_owned()];
        let certificate = CertificateParams::new(name).unwrap().self_signed(&key).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .unwrap();
        let builder = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(certificate.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![certificate.der().clone()];
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(config).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let mut head = [0; 1024];
            if stream.read(&mut head).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                stream.conn.send_close_notify();
            }
            let _ = stream.flush();
        });
        address
    }

    fn knock(address: SocketAddr) -> Result<(), ProbeError> {
        let patience = Duration::from_secs(20);
        probe(Scheme::MaybeTls, "127.0.0.1", address.port(), "/-/healthy", patience)
    }

    #[test]
    fn a_server_is_healthy_whatever_its_certificate_says() {
        for version in [&TLS12, &TLS13] {
            knock(server(version, false)).unwrap();
        }
    }

    #[test]
    fn a_server_that_wants_a_certificate_lives() {
        for version in [&TLS12, &TLS13] {
            knock(server(version, true)).unwrap();
        }
    }

    #[test]
    fn a_server_in_the_clear_is_asked_in_the_clear() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        knock(address).unwrap();
    }
}
