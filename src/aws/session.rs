//! An identity, and the region to call from.

use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_servicecatalog::config::IdentityCache;
use bytes::Bytes;

use super::caller::{Caller, Limits, Shared};
use super::client::TargetClient;
use super::clients::{Clients, sdk_region};
use super::connector::{answered_by, http_client};
use super::credentials::{Kept, KeptProvider, Role};
use super::directory::DirectoryClient;
use super::ledger::Ledger;
use crate::model::{AccountId, AssumeRole, Region};

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No setting names a region.
    #[error(
        "no AWS region is set: set AWS_REGION, or aws.region in the configuration file, or the \
         region of the AWS profile"
    )]
    NoRegion,
    /// A setting names something that is no region.
    #[error("the AWS environment or profile sets a region that cannot be: {0}")]
    BadRegion(#[from] crate::model::ParseRegionError),
}

/// An identity, and the region to call from: the ambient one, or a role that was assumed.
///
/// However many sessions are made of one identity, its credentials are asked for once, kept, and
/// renewed before they expire.
#[derive(Clone, Debug)]
pub struct Session {
    clients: Arc<Clients>,
    region: Region,
    limits: Limits,
    kept: Arc<Kept>,
    /// Where the credentials come from when they are not kept.
    source: SharedCredentialsProvider,
    role: Option<Arc<Role>>,
    /// Whether a region that nobody gives is looked up in the AWS environment.
    looks_up: bool,
}

impl Session {
    /// The session that the usual AWS environment describes: environment variables, profiles with
    /// SSO and credential processes, web identity, ECS, EKS Pod Identity, IMDS. What is given here
    /// goes before it; `catalog_url` is the endpoint of Service Catalog alone, so that a VPC
    /// endpoint for it leaves STS where it is.
    ///
    /// # Errors
    /// When no region is set anywhere. Credentials are looked up with the first call.
    pub async fn ambient(
        region: Option<&Region>,
        catalog_url: Option<&str>,
        limits: Limits,
    ) -> Result<Self, SessionError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client(true))
            .timeout_config(timeouts(&limits));
        if let Some(region) = region {
            loader = loader.region(sdk_region(region));
        }
        let config = loader.load().await;
        let region = checked(config.region())?;
        let source = config.credentials_provider().unwrap_or_else(no_credentials);
        let kept = Arc::default();
        let catalog_url = catalog_url.map(str::to_owned);
        Ok(Self::of(config, region, catalog_url, limits, kept, source, None, true))
    }

    /// A session of fixed credentials at a fixed endpoint, which reads no environment and no
    /// profile: for the simulated AWS.
    #[must_use]
    pub fn fixed(
        endpoint_url: &str,
        region: &Region,
        access_key_id: &str,
        secret_access_key: &str,
        limits: Limits,
    ) -> Self {
        let keys = Credentials::new(access_key_id, secret_access_key, None, None, "fixed");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint_url)
            .http_client(http_client(false))
            .build();
        Self::of_keys(keys, config, region, limits)
    }

    /// A session without a network: `answer` stands where AWS is. Requests are signed and answers
    /// are bounded and read as ever, so that it can be tested what an answer may hold.
    #[must_use]
    pub fn answered_by<A>(answer: A, region: &Region, limits: Limits) -> Self
    where
        A: Fn(http::Request<Bytes>) -> http::Response<Bytes> + Clone + Send + Sync + 'static,
    {
        let keys = Credentials::new("nobody", "nothing", None, None, "answered_by");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(answered_by(answer))
            .build();
        Self::of_keys(keys, config, region, limits)
    }

    fn of_keys(keys: Credentials, config: SdkConfig, region: &Region, limits: Limits) -> Self {
        let source = SharedCredentialsProvider::new(keys);
        Self::of(config, region.clone(), None, limits, Arc::default(), source, None, false)
    }

    /// The same identity with its credentials as they are kept, with other settings: for a reload.
    /// A region that is not given is looked up as in [`Session::ambient`]; of fixed sessions and
    /// roles it stays.
    ///
    /// # Errors
    /// As [`Session::ambient`].
    pub async fn with(
        &self,
        region: Option<&Region>,
        catalog_url: Option<&str>,
        limits: Limits,
    ) -> Result<Self, SessionError> {
        let region = match region {
            Some(region) => region.clone(),
            None if self.looks_up => {
                let found = aws_config::default_provider::region::default_provider();
                checked(aws_config::meta::region::ProvideRegion::region(&found).await.as_ref())?
            }
            None => self.region.clone(),
        };
        let config = self.clients.config().clone();
        let catalog_url = catalog_url.map(str::to_owned);
        let (kept, source) = (Arc::clone(&self.kept), self.source.clone());
        let role = self.role.clone();
        Ok(Self::of(config, region, catalog_url, limits, kept, source, role, self.looks_up))
    }

    /// The session of a role that this identity assumes, by STS of this session's region. Nothing
    /// is asked yet. A role that was assumed already, by this session or another of this identity
    /// that is [`with`](Self::with) other settings, keeps its credentials as long as a session of it
    /// is there.
    #[must_use]
    pub fn assuming(&self, role: &AssumeRole) -> Self {
        let kept = self.kept.of_role(role);
        let config = self.clients.config().clone();
        let time = config.time_source().unwrap_or_default();
        let assumed = Arc::new(Role::new(role, config.clone(), Arc::clone(&kept), time));
        let source = SharedCredentialsProvider::new(Role::clone(&assumed));
        let (region, limits) = (self.region.clone(), self.limits.clone());
        let catalog_url = self.clients.catalog_url().map(str::to_owned);
        Self::of(config, region, catalog_url, limits, kept, source, Some(assumed), false)
    }

    #[expect(clippy::too_many_arguments, reason = "the one place that puts a session together")]
    fn of(
        config: SdkConfig,
        region: Region,
        catalog_url: Option<String>,
        limits: Limits,
        kept: Arc<Kept>,
        source: SharedCredentialsProvider,
        role: Option<Arc<Role>>,
        looks_up: bool,
    ) -> Self {
        let time = config.time_source().unwrap_or_default();
        let (from, of) = (source.clone(), Arc::clone(&kept));
        let provider = KeptProvider { source: from, kept: of, time: time.clone() };
        let config = config
            .into_builder()
            .region(sdk_region(&region))
            .credentials_provider(SharedCredentialsProvider::new(provider))
            .identity_cache(IdentityCache::no_cache())
            .time_source(time)
            .timeout_config(timeouts(&limits))
            .app_name(app_name())
            // The retry loop is ours.
            .retry_config(RetryConfig::disabled())
            // Answers are small and have a deadline as a whole.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let clients = Arc::new(Clients::new(config, catalog_url));
        Self { clients, region, limits, kept, source, role, looks_up }
    }

    /// The region to call from.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account of the role; that of the ambient identity has to be asked for.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        self.role.as_ref().map(|role| role.arn().account())
    }

    /// A client for that region's products.
    #[must_use]
    pub fn target(&self, region: &Region, shared: Shared) -> TargetClient {
        let ledger = Ledger::new(region.clone(), self.account().cloned(), &self.limits);
        TargetClient::new(region, self.clients(), self.caller(shared, Arc::new(ledger)))
    }

    /// A client for what is asked about accounts and regions.
    #[must_use]
    pub fn directory(&self, shared: Shared) -> DirectoryClient {
        let ledger = Ledger::new(self.region.clone(), self.account().cloned(), &self.limits);
        let caller = self.caller(shared, Arc::new(ledger));
        DirectoryClient::new(self.region.clone(), self.clients(), caller)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn clients(&self) -> Arc<Clients> {
        Arc::clone(&self.clients)
    }

    /// A caller that goes on with that ledger, at the rate of this session.
    pub(super) fn caller(&self, shared: Shared, ledger: Arc<Ledger>) -> Caller {
        ledger.configure(&self.limits);
        Caller::new(self.limits.clone(), shared, self.role.clone(), ledger)
    }
}

/// A variable that is set to nothing counts as unset here as everywhere.
fn checked(region: Option<&aws_config::Region>) -> Result<Region, SessionError> {
    let region = region.filter(|region| !region.as_ref().is_empty());
    Ok(Region::parse(region.ok_or(SessionError::NoRegion)?.as_ref())?)
}

/// A provider that has none: the loader always finds a provider, so this is never seen.
fn no_credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(
        aws_config::environment::EnvironmentVariableCredentialsProvider::new(),
    )
}

fn timeouts(limits: &Limits) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(limits.connect_timeout)
        .read_timeout(limits.attempt_timeout)
        .operation_attempt_timeout(limits.attempt_timeout)
        .build()
}

#[allow(clippy::expect_used, reason = "a constant that every test of this module reads")]
fn app_name() -> AppName {
    AppName::new(env!("CARGO_PKG_NAME")).expect("the package's name is a valid app name")
}
