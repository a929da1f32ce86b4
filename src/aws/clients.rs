//! The SDK's clients of one identity.
//!
//! A client of the SDK takes tens of kilobytes, and a fleet has thousands of targets. So there is
//! one of each service for an identity, made when it is first needed, and each request says its
//! region.

use std::sync::OnceLock;

use aws_config::SdkConfig;
use aws_sdk_servicecatalog::client::customize::CustomizableOperation;

use crate::model::Region;

/// The SDK's clients of one identity.
#[derive(Debug)]
pub(super) struct Clients {
    config: SdkConfig,
    /// The endpoint of Service Catalog alone.
    catalog_url: Option<String>,
    catalog: OnceLock<aws_sdk_servicecatalog::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Clients {
    pub(super) fn new(config: SdkConfig, catalog_url: Option<String>) -> Self {
        Self { config, catalog_url, catalog: OnceLock::new(), sts: OnceLock::new() }
    }

    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(super) fn catalog_url(&self) -> Option<&str> {
        self.catalog_url.as_deref()
    }

    /// For requests that say their region: see [`InRegion`].
    pub(super) fn catalog(&self) -> &aws_sdk_servicecatalog::Client {
        self.catalog.get_or_init(|| {
            let config = aws_sdk_servicecatalog::config::Builder::from(&self.config);
            let config = match &self.catalog_url {
                Some(url) => config.endpoint_url(url),
                None => config,
            };
            aws_sdk_servicecatalog::Client::from_conf(config.build())
        })
    }

    /// For requests that say their region.
    pub(super) fn sts(&self) -> &aws_sdk_sts::Client {
        self.sts.get_or_init(|| aws_sdk_sts::Client::new(&self.config))
    }

    /// For one discovery. The SDK finds the one region of its partition where the service is, and
    /// signs for it.
    pub(super) fn organizations(&self) -> aws_sdk_organizations::Client {
        aws_sdk_organizations::Client::new(&self.config)
    }

    /// For one discovery; its region is found alike.
    pub(super) fn account(&self) -> aws_sdk_account::Client {
        aws_sdk_account::Client::new(&self.config)
    }
}

/// A request to Service Catalog in a region.
pub(super) trait InRegion {
    /// The same request, sent to that region.
    fn in_region(self, region: &Region) -> Self;
}

impl<T, E, B> InRegion for CustomizableOperation<T, E, B> {
    fn in_region(self, region: &Region) -> Self {
        let region = sdk_region(region);
        self.config_override(aws_sdk_servicecatalog::Config::builder().region(region))
    }
}

/// A region as the SDK knows it.
pub(super) fn sdk_region(region: &Region) -> aws_config::Region {
    aws_config::Region::new(region.to_string())
}
