use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use aws_types::sdk_config::TimeSource;

use super::super::classify::{Again, CallError};
use super::*;
use crate::model::{Operation, Reason, SessionName};

const MINUTE: u64 = 60;

/// Seconds since some day, by command.
#[derive(Clone, Debug, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl TimeSource for Time {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000_000 + self.0.load(Ordering::SeqCst))
    }
}

/// Gives credentials that live so long, named by how often it was asked, until it is told to fail.
#[derive(Clone, Debug)]
struct Source {
    time: Time,
    life: Option<u64>,
    asked: Arc<AtomicU64>,
    fails: Arc<AtomicU64>,
}

impl Source {
    fn new(life: Option<u64>) -> Self {
        let (asked, fails) = Default::default();
        Self { time: Time::default(), life, asked, fails }
    }

    fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        if self.fails.load(Ordering::SeqCst) > 0 {
            return Err(CredentialsError::not_loaded("told to"));
        }
        let expiry = self.life.map(|life| self.time.now() + Duration::from_secs(life));
        Ok(Credentials::new(asked.to_string(), "secret", None, expiry, "test"))
    }

    fn provider(&self) -> KeptProvider {
        KeptProvider {
            source: SharedCredentialsProvider::new(self.clone()),
            kept: Arc::default(),
            time: SharedTimeSource::new(self.time.clone()),
        }
    }

    /// A role whose credentials this is asked for, by a hub that cannot be reached.
    fn role(&self) -> Role {
        let arn = RoleArn::parse("arn:aws:iam::222222222222:role/Exporter").unwrap();
        let session_name = SessionName::default();
        let role = AssumeRole { arn, external_id: None, session_name };
        let time = SharedTimeSource::new(self.time.clone());
        Role::new(&role, SdkConfig::builder().build(), Arc::default(), time)
    }

    async fn ready(&self, role: &Role) -> Result<(), Reason> {
        let ask = async |_: &Role| self.credentials().map_err(|_| failure());
        let deadline = Instant::now() + Duration::from_secs(10);
        role.ready(deadline, ask).await.unwrap().map_err(|failure| failure.error.reason)
    }
}

impl ProvideCredentials for Source {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(self.credentials())
    }
}

fn failure() -> Failure {
    Failure {
        error: CallError::local(Operation::AssumeRole, Reason::Credentials, "told to"),
        again: Again::Never,
        sent: true,
        unrecognized: false,
    }
}

/// Which credentials are handed out; `None` if none are.
async fn given(provider: &KeptProvider) -> Option<u64> {
    let credentials = provider.provide_credentials().await.ok()?;
    credentials.access_key_id().parse().ok()
}

#[tokio::test]
async fn credentials_are_kept_and_renewed_five_minutes_before_they_expire() {
    let source = Source::new(Some(60 * MINUTE));
    let provider = source.provider();
    assert_eq!(given(&provider).await, Some(1));
    source.time.pass(55 * MINUTE - 1);
    assert_eq!(given(&provider).await, Some(1));
    source.time.pass(1);
    assert_eq!(given(&provider).await, Some(2));
}

#[tokio::test]
async fn credentials_of_a_short_life_are_not_renewed_all_the_time() {
    let source = Source::new(Some(4 * MINUTE));
    let provider = source.provider();
    given(&provider).await;
    source.time.pass(3 * MINUTE - 1);
    assert_eq!(given(&provider).await, Some(1));
    source.time.pass(1);
    assert_eq!(given(&provider).await, Some(2));
}

#[tokio::test]
async fn credentials_without_end_are_read_again_after_a_quarter_of_an_hour() {
    let source = Source::new(None);
    let provider = source.provider();
    given(&provider).await;
    source.time.pass(15 * MINUTE - 1);
    assert_eq!(given(&provider).await, Some(1));
    source.time.pass(1);
    assert_eq!(given(&provider).await, Some(2));
}

#[tokio::test]
async fn credentials_that_cannot_be_renewed_are_used_while_they_last() {
    let source = Source::new(Some(60 * MINUTE));
    let provider = source.provider();
    given(&provider).await;
    source.fails.store(1, Ordering::SeqCst);
    source.time.pass(56 * MINUTE);
    assert_eq!(given(&provider).await, Some(1));
    source.time.pass(29);
    assert_eq!(given(&provider).await, Some(1));
    assert_eq!(source.asked.load(Ordering::SeqCst), 2, "not asked again all the time");
    source.time.pass(1);
    given(&provider).await;
    assert_eq!(source.asked.load(Ordering::SeqCst), 3);
    source.time.pass(4 * MINUTE);
    assert_eq!(given(&provider).await, None, "they have expired");
    source.fails.store(0, Ordering::SeqCst);
    assert_eq!(given(&provider).await, Some(5));
}

#[tokio::test]
async fn a_role_is_made_ready_by_the_same_law() {
    let source = Source::new(Some(60 * MINUTE));
    let role = source.role();
    assert_eq!(source.ready(&role).await, Ok(()));
    source.time.pass(54 * MINUTE);
    assert_eq!(source.ready(&role).await, Ok(()));
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    source.fails.store(1, Ordering::SeqCst);
    source.time.pass(2 * MINUTE);
    assert_eq!(source.ready(&role).await, Ok(()), "they last for four minutes more");
    source.time.pass(4 * MINUTE);
    assert_eq!(source.ready(&role).await, Err(Reason::Credentials));
    assert_eq!(source.ready(&role).await, Err(Reason::Credentials), "who comes later asks again");
    assert_eq!(source.asked.load(Ordering::SeqCst), 4);
}

#[test]
fn what_is_kept_for_a_role_is_the_same_as_long_as_anyone_has_it() {
    let (hub, role) = (Kept::default(), Source::new(None).role().role);
    let kept = hub.of_role(&role);
    assert!(Arc::ptr_eq(&kept, &hub.of_role(&role)));
    let other = AssumeRole { session_name: SessionName::parse("other").unwrap(), ..role.clone() };
    assert!(!Arc::ptr_eq(&kept, &hub.of_role(&other)));
    drop(kept);
    hub.of_role(&other);
    assert_eq!(lock(&hub.roles).len(), 1, "what nobody has is forgotten");
}
