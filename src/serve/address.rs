//! Where to listen, as a person writes it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// An address to listen on: `:10419` (every interface), `127.0.0.1:10419`, `[::1]:10419` or
/// `localhost:10419` (resolved when it is bound). Port 0 asks the kernel for a free one.
///
/// [`Display`](fmt::Display) writes it in the form that [`FromStr`] reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListenAddress(pub(super) Host);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// `:port`: all of IPv6 and IPv4 by one socket, or all of IPv4 where IPv6 is missing.
    Everything {
        port: u16,
    },
    Address(SocketAddr),
    Name {
        name: String,
        port: u16,
    },
}

/// Why a text is no [`ListenAddress`]. The messages say what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("the address is empty: write HOST:PORT or :PORT, for example :10419")]
    Empty,
    /// `http://…`
    #[error("{0:?} is a URL: leave out the scheme and the path, and write HOST:PORT")]
    Url(String),
    /// `localhost`, `::1`, `[::1]`
    #[error("{0:?} has no port: write HOST:PORT, [IPV6]:PORT or :PORT, for example :10419")]
    NoPort(String),
    /// `::1:10419`
    #[error("{0:?} is not clear: put an IPv6 address in brackets, for example [::1]:10419")]
    NoBrackets(String),
    /// `:http`, `:65536`
    #[error("{port:?} in {address:?} is no port: write a number from 0 to 65535")]
    Port {
        /// The whole text.
        address: String,
        /// What stands for the port.
        port: String,
    },
    /// `my host:1`, `[::g]:1`
    #[error("{host:?} in {address:?} is neither an IP address nor a host name")]
    Host {
        /// The whole text.
        address: String,
        /// What stands for the host.
        host: String,
    },
}

impl ListenAddress {
    /// The port, 0 when the kernel is to choose.
    pub fn port(&self) -> u16 {
        match &self.0 {
            Host::Everything { port } | Host::Name { port, .. } => *port,
            Host::Address(address) => address.port(),
        }
    }

    /// The host and port at which a process on the same machine reaches a server that listens
    /// here: the address itself, and the loopback address for those that mean every interface.
    pub fn loopback_for_probe(&self) -> (String, u16) {
        let host = match &self.0 {
            // Both sockets that `:port` may stand for answer on IPv4.
            Host::Everything { .. } => Ipv4Addr::LOCALHOST.to_string(),
            Host::Name { name, .. } => name.clone(),
            Host::Address(address) => match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
                IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.to_string(),
                ip => ip.to_string(),
            },
        };
        (host, self.port())
    }
}

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.contains("://") {
            return Err(AddressError::Url(text.to_owned()));
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(ListenAddress(Host::Address(address)));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some(split) if !text.ends_with(']') => split,
            _ => return Err(AddressError::NoPort(text.to_owned())),
        };
        if text.parse::<Ipv6Addr>().is_ok() || (host.contains(':') && !host.starts_with('[')) {
            return Err(AddressError::NoBrackets(text.to_owned()));
        }
        // `parse` alone would take `+1`.
        let port = Some(port)
            .filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| AddressError::Port {
                address: text.to_owned(),
                port: port.to_owned(),
            })?;
        if host.is_empty() {
            return Ok(ListenAddress(Host::Everything { port }));
        }
        if !is_host_name(host) {
            return Err(AddressError::Host { address: text.to_owned(), host: host.to_owned() });
        }
        Ok(ListenAddress(Host::Name { name: host.to_owned(), port }))
    }
}

/// Whether a resolver should be asked for it. What looks like a mistyped IPv4 address is not a
/// name: top-level domains are not numbers.
fn is_host_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let last_label = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    host.bytes().all(allowed)
        && !last_label.is_empty()
        && !last_label.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Host::Everything { port } => write!(f, ":{port}"),
            Host::Address(address) => address.fmt(f),
            Host::Name { name, port } => write!(f, "{name}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ListenAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn every_form_is_read_and_written_back_alike() {
        for text in [":10419", "127.0.0.1:9", "0.0.0.0:0", "[::1]:9", "[::]:9", "localhost:9"] {
            let address = parse(text).unwrap();
            assert_eq!(address.to_string(), text);
        }
        assert_eq!(parse(" :10419 ").unwrap().to_string(), ":10419");
        assert_eq!(parse("metrics.example.org.:1").unwrap().port(), 1);
    }

    #[test]
    fn a_mistake_is_named_together_with_the_remedy() {
        let message = |text| parse(text).unwrap_err().to_string();
        assert!(message("").contains("for example :10419"));
        assert!(message("http://localhost:9/metrics").contains("leave out the scheme"));
        assert!(message("localhost").contains("has no port"));
        assert!(message("[::1]").contains("has no port"));
        assert!(message("::1:9").contains("brackets"));
        assert!(message("::1").contains("brackets"));
        assert!(message("10419").contains("has no port"));
    }

    #[test]
    fn a_port_is_a_number_of_sixteen_bits() {
        for text in [":http", ":65536", ":-1", ":+1", ":", "127.0.0.1:"] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, AddressError::Port { .. }), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn what_is_neither_address_nor_name_is_refused() {
        for text in ["my host:1", "[::g]:1", "256.0.0.1:1", "10.0.0:1", "a/b:1", ".:1"] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, AddressError::Host { .. }), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn a_probe_asks_the_loopback_address_of_a_server_that_listens_everywhere() {
        let probe = |text| parse(text).unwrap().loopback_for_probe();
        assert_eq!(probe(":1"), ("127.0.0.1".to_owned(), 1));
        assert_eq!(probe("0.0.0.0:2"), ("127.0.0.1".to_owned(), 2));
        assert_eq!(probe("[::]:3"), ("::1".to_owned(), 3));
        assert_eq!(probe("10.1.2.3:4"), ("10.1.2.3".to_owned(), 4));
        assert_eq!(probe("localhost:5"), ("localhost".to_owned(), 5));
    }
}
