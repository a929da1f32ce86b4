//! Roles that are assumed, what they cost, and what is asked with them: against a stand-in for AWS
//! that answers as each test says.

pub mod aws;
mod directory;
mod reload;
mod roles;

use std::sync::Arc;
use std::time::Duration;

use servicecatalog_exporter::aws::{Limits, Session, Shared};
use servicecatalog_exporter::model::{
    AccountId, AssumeRole, ExternalId, Region, RoleArn, RoleName, SessionName,
};
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::time::Instant;

use crate::support::{PATIENCE, config, impatient};

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn limits() -> Limits {
    Limits { attempt_timeout: Duration::from_secs(2), max_attempts: 2, ..impatient(&config()) }
}

fn shared(limits: &Limits) -> Shared {
    Shared::new(limits, Arc::new(SelfMetrics::new(Scope::Daemon)))
}

/// The hub: an identity of its own in account 111111111111.
fn hub(url: &str, limits: Limits) -> Session {
    Session::fixed(url, &region("eu-central-1"), "AKIAHUB", "secret", limits)
}

/// The exporter's role in that account.
fn role(account: &str) -> AssumeRole {
    let name = RoleName::parse("Exporter").unwrap();
    AssumeRole {
        arn: RoleArn::of("aws", &AccountId::parse(account).unwrap(), &name),
        external_id: Some(ExternalId::parse("open-sesame").unwrap()),
        session_name: SessionName::default(),
    }
}

fn soon() -> Instant {
    Instant::now() + PATIENCE
}
