//! An identity and a region to call from.

use std::sync::Mutex;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_servicecatalog::config::StalledStreamProtectionConfig;

use super::caller::{Caller, Limits, Shared};
use super::client::TargetClient;
use super::connector::http_client;
use crate::model::Region;

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

/// An identity and a region to call from.
#[derive(Debug)]
pub struct Session {
    config: SdkConfig,
    region: Region,
    catalog_url: Option<String>,
    limits: Limits,
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
            loader = loader.region(aws_config::Region::new(region.to_string()));
        }
        let config = loader.load().await;
        // A variable that is set to nothing counts as unset here as everywhere.
        let region = config.region().filter(|region| !region.as_ref().is_empty());
        let region = region.ok_or(SessionError::NoRegion)?;
        let region = Region::parse(region.as_ref())?;
        let catalog_url = catalog_url.map(str::to_owned);
        Ok(Self { config, region, catalog_url, limits })
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
            .region(aws_config::Region::new(region.to_string()))
            .endpoint_url(endpoint_url)
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                keys,
            ))
            .http_client(http_client(false))
            .timeout_config(timeouts(&limits))
            .build();
        Self { config, region: region.clone(), catalog_url: None, limits }
    }

    /// The region to call.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// A client for that region's products.
    #[must_use]
    pub fn target(&self, shared: Shared) -> TargetClient {
        let mut catalog = aws_sdk_servicecatalog::config::Builder::from(&self.config)
            .app_name(app_name())
            .retry_config(RetryConfig::disabled())
            // Answers are small and have a deadline as a whole.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(url) = &self.catalog_url {
            catalog = catalog.endpoint_url(url);
        }
        let sts = aws_sdk_sts::config::Builder::from(&self.config)
            .app_name(app_name())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let elsewhere = self.region.always_enabled_elsewhere();
        let sts_elsewhere = sts.clone().region(aws_config::Region::new(elsewhere.to_string()));
        TargetClient {
            region: self.region.clone(),
            catalog: aws_sdk_servicecatalog::Client::from_conf(catalog.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            sts_elsewhere: aws_sdk_sts::Client::from_conf(sts_elsewhere.build()),
            caller: Caller::new(self.limits.clone(), shared),
            elsewhere: Mutex::default(),
        }
    }
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
