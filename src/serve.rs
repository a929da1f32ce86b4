//! The mechanism of a server.
