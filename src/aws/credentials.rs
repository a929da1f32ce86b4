//! Credentials: asked for once, kept until shortly before they expire, and shared by every client
//! of their identity.
//!
//! The SDK has a cache too, but its provider for roles asks the hub's own provider anew for each
//! role. A fleet of 800 roles would ask the metadata service 800 times at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_types::sdk_config::SharedTimeSource;
use tokio::time::{Instant, timeout_at};

use super::classify::Failure;
use crate::model::{AssumeRole, RoleArn};

/// So long before they expire they are renewed, but not before three quarters of their life.
const RENEWED_BEFORE: Duration = Duration::from_secs(5 * 60);
/// They may be used until so long before they expire: a request needs to get there.
const USABLE_UNTIL: Duration = Duration::from_secs(10);
/// Where renewing failed and they are still usable, it is tried again after this.
const TRIED_AGAIN: Duration = Duration::from_secs(30);
/// Credentials that do not expire are read again after this: somebody may have changed the file.
const READ_AGAIN: Duration = Duration::from_secs(15 * 60);

/// The credentials of one identity, and of the roles that were assumed with them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    latest: Mutex<Option<Latest>>,
    /// Held by the one that asks; what its failure was for those that waited meanwhile.
    asking: tokio::sync::Mutex<()>,
    failed: Mutex<Failed>,
    roles: Mutex<BTreeMap<AssumeRole, Weak<Kept>>>,
}

#[derive(Debug)]
struct Latest {
    credentials: Credentials,
    renewed_from: SystemTime,
    usable_until: Option<SystemTime>,
}

#[derive(Debug, Default)]
struct Failed {
    times: u64,
    how: Option<Failure>,
}

impl Kept {
    /// What is kept for a role that is assumed with these: the same as long as anyone has it.
    pub(super) fn of_role(&self, role: &AssumeRole) -> Arc<Self> {
        let mut roles = lock(&self.roles);
        if let Some(kept) = roles.get(role).and_then(Weak::upgrade) {
            return kept;
        }
        roles.retain(|_, kept| kept.strong_count() > 0);
        let kept = Arc::new(Self::default());
        roles.insert(role.clone(), Arc::downgrade(&kept));
        kept
    }

    fn fresh(&self, now: SystemTime) -> Option<Credentials> {
        let latest = lock(&self.latest);
        let latest = latest.as_ref().filter(|latest| now < latest.renewed_from);
        latest.map(|latest| latest.credentials.clone())
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        lock(&self.latest).as_ref().is_some_and(|latest| now < latest.renewed_from)
    }

    fn keep(&self, credentials: &Credentials, now: SystemTime) {
        let usable_until = credentials.expiry().map(|expiry| expiry - USABLE_UNTIL);
        let renewed_from = credentials.expiry().map(|expiry| {
            let life = expiry.duration_since(now).unwrap_or_default();
            expiry - RENEWED_BEFORE.min(life / 4)
        });
        *lock(&self.latest) = Some(Latest {
            credentials: credentials.clone(),
            renewed_from: renewed_from.unwrap_or(now + READ_AGAIN),
            usable_until,
        });
    }

    /// Those that should be renewed and cannot be, while they last.
    fn last_resort(&self, now: SystemTime) -> Option<Credentials> {
        let mut latest = lock(&self.latest);
        let latest = latest.as_mut()?;
        latest.usable_until.filter(|until| now < *until)?;
        latest.renewed_from = now + TRIED_AGAIN;
        Some(latest.credentials.clone())
    }
}

/// Hands kept credentials to the SDK, and asks for others when it is time.
#[derive(Debug)]
pub(super) struct KeptProvider {
    pub(super) source: SharedCredentialsProvider,
    pub(super) kept: Arc<Kept>,
    pub(super) time: SharedTimeSource,
}

impl KeptProvider {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let Self { source, kept, time } = self;
        if let Some(credentials) = kept.fresh(time.now()) {
            return Ok(credentials);
        }
        let _asking = kept.asking.lock().await;
        let now = time.now();
        if let Some(credentials) = kept.fresh(now) {
            return Ok(credentials);
        }
        match source.provide_credentials().await {
            Ok(credentials) => {
                kept.keep(&credentials, now);
                Ok(credentials)
            }
            Err(error) => kept.last_resort(time.now()).ok_or(error),
        }
    }
}

impl ProvideCredentials for KeptProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// A role that a hub assumes.
#[derive(Clone, Debug)]
pub(super) struct Role {
    role: AssumeRole,
    /// Whose credentials assume it, in which region, with which limits.
    hub: SdkConfig,
    kept: Arc<Kept>,
    time: SharedTimeSource,
}

impl Role {
    pub(super) fn new(
        role: &AssumeRole,
        hub: SdkConfig,
        kept: Arc<Kept>,
        time: SharedTimeSource,
    ) -> Self {
        Self { role: role.clone(), hub, kept, time }
    }

    pub(super) fn arn(&self) -> &RoleArn {
        &self.role.arn
    }

    /// Sees to it that there are credentials to sign with: `ask` asks for them where that is due.
    /// One asks at a time; who waits for it meanwhile shares its failure, so that a role that is
    /// denied is asked for once, in however many regions it is used. `None`: the deadline came.
    pub(super) async fn ready(
        &self,
        deadline: Instant,
        ask: impl AsyncFnOnce(&Self) -> Result<Credentials, Failure>,
    ) -> Option<Result<(), Failure>> {
        let Self { kept, time, .. } = self;
        if kept.is_fresh(time.now()) {
            return Some(Ok(()));
        }
        let failures = lock(&kept.failed).times;
        let _asking = timeout_at(deadline, kept.asking.lock()).await.ok()?;
        let now = time.now();
        if kept.is_fresh(now) {
            return Some(Ok(()));
        }
        if let Some(shared) = lock(&kept.failed).since(failures) {
            return Some(Err(shared));
        }
        Some(match ask(self).await {
            Ok(credentials) => {
                kept.keep(&credentials, now);
                Ok(())
            }
            Err(_) if kept.last_resort(time.now()).is_some() => Ok(()),
            Err(failure) => {
                let mut failed = lock(&kept.failed);
                failed.times += 1;
                failed.how = Some(failure.clone());
                Err(failure)
            }
        })
    }

    /// AWS calls the credentials of this role wrong, as it does when the role was made anew or its
    /// sessions were revoked: the next call asks for others, however long these would last.
    pub(super) fn distrust(&self) {
        *lock(&self.kept.latest) = None;
    }

    /// Asks STS.
    pub(super) async fn assume(&self) -> Result<Credentials, CredentialsError> {
        // Built when it is needed, once an hour: it holds a client of its own.
        let provider = AssumeRoleProvider::builder(self.role.arn.as_str())
            .configure(&self.hub)
            .session_name(self.role.session_name.as_str());
        let provider = match &self.role.external_id {
            Some(id) => provider.external_id(id.as_str()),
            None => provider,
        };
        provider.build().await.provide_credentials().await
    }

    /// A text of AWS without the external id, which a complaint about it may repeat.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        match &self.role.external_id {
            Some(id) => text.replace(id.as_str(), "<external id>"),
            None => text.to_owned(),
        }
    }
}

impl ProvideCredentials for Role {
    /// For what was not made ready, or expired in between.
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

impl Failed {
    /// The latest, if there is one more than `times`.
    fn since(&self, times: u64) -> Option<Failure> {
        self.how.clone().filter(|_| self.times > times)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
