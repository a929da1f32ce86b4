//! Listening sockets, bound before anything else is done.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use super::address::{Host, ListenAddress};

/// Connections that the kernel completes while the server is busy. The kernel lowers it to
/// `net.core.somaxconn`.
const BACKLOG: i32 = 1024;

/// A socket that listens already: connections to it wait until [`serve`](super::serve) takes them.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    local_addr: SocketAddr,
}

impl Listener {
    /// The address that the kernel gave: the real port, where port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    pub(super) fn into_std(self) -> TcpListener {
        self.socket
    }
}

/// Why the server does not listen. The messages name the address and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "cannot listen on {address}: the port is in use; stop the process that has it \
         (`ss -ltnp` lists them) or choose another address with --web.listen-address"
    )]
    InUse {
        /// As it was asked for.
        address: ListenAddress,
        /// What the kernel said.
        source: io::Error,
    },
    /// A port below 1024 for an unprivileged process, or a security policy.
    #[error(
        "cannot listen on {address}: permission denied; choose a port from 1024 on with \
         --web.listen-address, or give the process the capability CAP_NET_BIND_SERVICE"
    )]
    Denied {
        /// As it was asked for.
        address: ListenAddress,
        /// What the kernel said.
        source: io::Error,
    },
    /// The address belongs to no interface.
    #[error(
        "cannot listen on {address}: this machine has no such address; choose one of its own \
         (`ip address` lists them) or all of them, as in :10419, with --web.listen-address"
    )]
    NotOurs {
        /// As it was asked for.
        address: ListenAddress,
        /// What the kernel said.
        source: io::Error,
    },
    /// The name means nothing to the resolver.
    #[error(
        "cannot listen on {address}: the host name cannot be resolved ({source}); correct it or \
         write an IP address in --web.listen-address"
    )]
    Resolve {
        /// As it was asked for.
        address: ListenAddress,
        /// What the resolver said.
        source: io::Error,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}; choose another with --web.listen-address")]
    Other {
        /// As it was asked for.
        address: ListenAddress,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Binds one address and listens on it.
///
/// `:port` and `[::]:port` take IPv4 as well as IPv6; the former falls back to `0.0.0.0` where
/// the kernel has no IPv6. A host name is resolved here, blocking, and the first of its addresses
/// that can be bound is taken, IPv4 before IPv6.
///
/// # Errors
///
/// When the name cannot be resolved or the kernel refuses the address.
pub fn bind(address: &ListenAddress) -> Result<Listener, BindError> {
    let failed = |source| BindError::new(address, source);
    match &address.0 {
        Host::Address(socket_addr) => listen(*socket_addr).map_err(failed),
        Host::Everything { port } => listen((Ipv6Addr::UNSPECIFIED, *port).into())
            .or_else(|error| match ipv6_is_missing(&error) {
                true => listen((Ipv4Addr::UNSPECIFIED, *port).into()),
                false => Err(error),
            })
            .map_err(failed),
        Host::Name { name, port } => {
            let unresolved = |source| BindError::Resolve { address: address.clone(), source };
            let mut candidates: Vec<SocketAddr> =
                (name.as_str(), *port).to_socket_addrs().map_err(unresolved)?.collect();
            candidates.sort_by_key(SocketAddr::is_ipv6);
            let mut last = io::Error::new(io::ErrorKind::NotFound, "it has no address");
            for candidate in candidates {
                match listen(candidate) {
                    Ok(listener) => return Ok(listener),
                    Err(error) => last = error,
                }
            }
            Err(failed(last))
        }
    }
}

impl BindError {
    fn new(address: &ListenAddress, source: io::Error) -> Self {
        let address = address.clone();
        match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { address, source },
            io::ErrorKind::PermissionDenied => BindError::Denied { address, source },
            io::ErrorKind::AddrNotAvailable => BindError::NotOurs { address, source },
            _ => BindError::Other { address, source },
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // The default of this option is the machine's (net.ipv6.bindv6only): say what is meant.
        socket.set_only_v6(false)?;
    }
    // A restart need not wait until the connections of the last run have left TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let socket = TcpListener::from(socket);
    let local_addr = socket.local_addr()?;
    Ok(Listener { socket, local_addr })
}

/// A kernel without IPv6 refuses the socket; one where it is switched off refuses the address.
fn ipv6_is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn bound(text: &str) -> Listener {
        bind(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn one_socket_without_a_host_answers_on_ipv4() {
        let listener = bound(":0");
        TcpStream::connect((Ipv4Addr::LOCALHOST, listener.local_addr().port())).unwrap();
    }

    #[test]
    fn one_socket_without_a_host_answers_on_ipv6_where_there_is_ipv6() {
        let listener = bound(":0");
        if listener.local_addr().is_ipv6() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, listener.local_addr().port())).unwrap();
        }
    }

    #[test]
    fn a_name_is_resolved_and_the_real_port_is_told() {
        let listener = bound("localhost:0");
        assert!(listener.local_addr().ip().is_loopback());
        assert_ne!(listener.local_addr().port(), 0);
    }

    #[test]
    fn a_port_in_use_is_one_line_with_the_address_and_the_flag() {
        let holder = bound("127.0.0.1:0");
        let taken = holder.local_addr();
        let error = bind(&taken.to_string().parse().unwrap()).unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }));
        let message = error.to_string();
        assert!(message.contains(&taken.to_string()) && message.contains("--web.listen-address"));
        assert!(!message.contains('\n'));
    }

    #[test]
    fn an_address_of_another_machine_is_told_apart() {
        // 192.0.2.0/24 is reserved for documentation (RFC 5737).
        let error = bind(&"192.0.2.1:0".parse().unwrap()).unwrap_err();
        assert!(matches!(error, BindError::NotOurs { .. }), "{error:?}");
    }

    #[test]
    fn a_name_that_cannot_be_resolved_is_told_apart() {
        // .invalid never resolves (RFC 6761).
        let error = bind(&"nowhere.invalid:0".parse().unwrap()).unwrap_err();
        assert!(matches!(error, BindError::Resolve { .. }), "{error:?}");
    }
}
