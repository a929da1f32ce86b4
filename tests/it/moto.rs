//! Assumed roles and organisations against an AWS that nobody here wrote: moto's server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use servicecatalog_exporter::app::limits;
use servicecatalog_exporter::aws::{Member, Session, Shared};
use servicecatalog_exporter::model::{
    AccountId, AssumeRole, ExternalId, Region, RoleArn, RoleName, SessionName,
};
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::time::Instant;

use crate::support::foreign::{missing, python};
use crate::support::{PATIENCE, config};

/// A running server, ended when it is dropped.
pub struct Moto {
    child: Child,
    said: Value,
}

impl Moto {
    pub async fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto_server.py");
        let mut command = python();
        command.env("AWS_CONFIG_FILE", "/dev/null").env("NO_PROXY", "*").arg(script);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child =
            command.spawn().unwrap_or_else(|error| missing(command.get_program(), &error));
        let stdout = child.stdout.take().unwrap();
        let (line, heard) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = BufReader::new(stdout).read_line(&mut text);
            drop(line.send(text));
        });
        let heard = tokio::time::timeout(2 * PATIENCE, heard).await;
        let text = heard.expect("moto does not start").unwrap();
        let said = serde_json::from_str(&text);
        let said = said.expect("moto says why on standard error; install it with `make tools`");
        Self { child, said }
    }

    pub fn text(&self, key: &str) -> &str {
        self.said[key].as_str().unwrap()
    }

    fn session(&self) -> Session {
        let region = Region::parse("us-east-1").unwrap();
        let limits = limits(&config().aws);
        Session::fixed(self.text("url"), &region, "testing", "testing", limits)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn shared() -> Shared {
    let metrics = Arc::new(SelfMetrics::new(Scope::OneScan));
    Shared::new(&limits(&config().aws), metrics)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn accounts(members: &[Member]) -> BTreeSet<&str> {
    members.iter().map(|member| member.account.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto"]
async fn the_accounts_of_an_organisation_are_those_that_moto_has() {
    let moto = Moto::start().await;
    let directory = moto.session().directory(shared());
    let members = directory.members(soon()).await.unwrap();
    let names: BTreeMap<_, _> =
        members.iter().map(|m| (m.account.as_str().to_owned(), Value::from(&*m.name))).collect();
    assert!(names.len() > 20, "more than one page");
    let told = moto.said["names"].as_object().unwrap();
    assert_eq!(names, told.iter().map(|(id, name)| (id.clone(), name.clone())).collect());
    assert!(members.iter().all(|member| member.management.as_str() == moto.text("management")));
    let inactive: Vec<_> = members.iter().filter(|member| !member.active).collect();
    assert_eq!(inactive.len(), 1);
    assert_eq!(inactive[0].account.as_str(), moto.text("closed"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto"]
async fn the_accounts_below_a_unit_are_found_at_any_depth() {
    let moto = Moto::start().await;
    let directory = moto.session().directory(shared());
    let below = directory.members_below(moto.text("workloads"), soon()).await.unwrap();
    let told = moto.said["below_workloads"].as_array().unwrap();
    assert_eq!(accounts(&below), told.iter().map(|id| id.as_str().unwrap()).collect());
    let unknown = directory.members_below(moto.text("unknown_unit"), soon()).await;
    assert!(unknown.is_err(), "a unit that is not there is no empty unit");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto"]
async fn an_assumed_role_acts_in_the_account_of_its_arn_under_the_name_that_was_asked_for() {
    let moto = Moto::start().await;
    let session = moto.session();
    let account = AccountId::parse("222222222222").unwrap();
    let role = AssumeRole {
        arn: RoleArn::of("aws", &account, &RoleName::parse("Exporter").unwrap()),
        external_id: Some(ExternalId::parse("sesame").unwrap()),
        session_name: SessionName::parse("monitoring").unwrap(),
    };
    let own = session.directory(shared()).identity().await.unwrap();
    assert_eq!(own.account.as_str(), moto.text("management"));
    let assumed = session.assuming(&role);
    let who = assumed.directory(shared()).identity().await.unwrap();
    assert_eq!(who.account, account);
    assert_eq!(who.arn, "arn:aws:sts::222222222222:assumed-role/Exporter/monitoring");
    // It is no management account. AWS denies it the list; moto gives an empty one, and an empty
    // organisation would let every target disappear.
    assert!(assumed.directory(shared()).members(soon()).await.is_err());
}
