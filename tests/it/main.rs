//! The one integration binary: the AWS SDK is linked once, each behaviour is a module.

mod cli;
mod counted;
mod http_server;
mod logged;
mod paced;
mod publication;
mod reasons;
mod support;
mod wire;
