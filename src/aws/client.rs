//! The calls of one target.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_servicecatalog::operation::list_stack_instances_for_provisioned_product::ListStackInstancesForProvisionedProductOutput;
use aws_sdk_servicecatalog::types::{AccessLevelFilter, AccessLevelFilterKey};
use tokio::time::Instant;

use super::caller::{Caller, Shared};
use super::classify::{CallError, Failure, failure};
use super::clients::{Clients, InRegion as _};
use super::convert;
use super::identity::{Identity, identity};
use super::session::Session;
use crate::model::{
    AccountId, CallCounts, ListingBuilder, Operation, Product, Reason, Region,
    account_and_region_of_arn,
};

/// The most that both operations give (service model).
const PAGE_SIZE: i32 = 20;
/// What an empty body lacks, and an error document that calls itself a success: Service Catalog
/// writes an empty list as `[]`.
pub(super) const LIST_OF_ITEMS: &str = "list, not even an empty one";
/// How long it is remembered whether the credentials work in another region.
const ELSEWHERE_KNOWN_FOR: Duration = Duration::from_secs(60);

/// One page of provisioned products.
#[derive(Debug)]
pub struct ProductsPage {
    /// Its items.
    pub products: Vec<Product>,
    /// The account that the first item with an ARN names.
    pub account: Option<AccountId>,
    /// Where the next page begins; `None` is the end.
    pub next: Option<String>,
}

/// One page of stack instances.
#[derive(Debug)]
pub struct InstancesPage {
    output: ListStackInstancesForProvisionedProductOutput,
}

impl InstancesPage {
    /// Adds its items.
    pub fn add_to(&self, listing: &mut ListingBuilder) {
        for item in self.output.stack_instances() {
            listing.add(
                item.account().unwrap_or_default(),
                item.region().unwrap_or_default(),
                item.stack_instance_status().map(|status| status.as_str()),
            );
        }
    }

    /// Where the next page begins; `None` is the end.
    #[must_use]
    pub fn into_next(self) -> Option<String> {
        self.output.next_page_token.filter(|token| !token.is_empty())
    }
}

/// Makes the calls of one account and region.
#[derive(Debug)]
pub struct TargetClient {
    pub(super) region: Region,
    pub(super) clients: Arc<Clients>,
    pub(super) caller: Caller,
    /// Whether the credentials worked in another region, and when that was found out.
    elsewhere: Mutex<Option<(Instant, bool)>>,
}

impl TargetClient {
    pub(super) fn new(region: &Region, clients: Arc<Clients>, caller: Caller) -> Self {
        Self { region: region.clone(), clients, caller, elsewhere: Mutex::default() }
    }

    /// A client for the same target that calls with another session of its identity: with other
    /// limits, another endpoint. Counts and what was slowed down go on; calls that are under way
    /// with this one end as they began, and count.
    #[must_use]
    pub fn continuing(&self, session: &Session, shared: Shared) -> Self {
        let caller = session.caller(shared, Arc::clone(self.caller.ledger()));
        Self::new(&self.region, session.clients(), caller)
    }

    /// The region that is called.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// All calls so far.
    #[must_use]
    pub fn counts(&self) -> CallCounts {
        self.caller.counts()
    }

    /// Asks whose credentials these are; within five seconds.
    ///
    /// # Errors
    /// As any call. This one needs no permission.
    pub async fn identity(&self) -> Result<Identity, CallError> {
        let failure = match self.identity_in(&self.region).await {
            Ok(identity) => return Ok(identity),
            Err(failure) => failure,
        };
        if failure.unrecognized
            && let Some(identity) = self.identity_elsewhere().await
        {
            // The account of a region that is not enabled must be known, or nothing says so.
            self.caller.told_apart(failure.error.operation, Reason::RegionDisabled);
            return Ok(identity);
        }
        Err(self.caller.counted(failure))
    }

    async fn identity_elsewhere(&self) -> Option<Identity> {
        let identity = self.identity_in(&self.region.always_enabled_elsewhere()).await;
        *self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), identity.is_ok()));
        identity.map_err(|failure| self.caller.counted(failure)).ok()
    }

    async fn identity_in(&self, region: &Region) -> Result<Identity, Failure> {
        identity(&self.caller, &self.clients, region).await
    }

    /// One page of the products of the whole account; a first page where there is no token.
    ///
    /// # Errors
    /// When all attempts failed, or the deadline came.
    pub async fn products(
        &self,
        token: Option<&str>,
        deadline: Instant,
    ) -> Result<ProductsPage, CallError> {
        const SCAN: Operation = Operation::ScanProvisionedProducts;
        // The default, User, would show a monitoring role an empty list and no error.
        let level = AccessLevelFilter::builder().key(AccessLevelFilterKey::Account).value("self");
        let send = || {
            let request = self.clients.catalog().scan_provisioned_products();
            let request = request.access_level_filter(level.clone().build()).page_size(PAGE_SIZE);
            let request = request.set_page_token(token.map(str::to_owned));
            let request = request.customize().in_region(&self.region).send();
            async {
                let page = request.await.map_err(|error| {
                    let mut failure = failure(SCAN, &error);
                    if failure.error.code == "InvalidParametersException" && token.is_none() {
                        // There was no token to refuse.
                        failure.error.reason = Reason::Other;
                    }
                    failure
                })?;
                match page.provisioned_products {
                    Some(_) => Ok(page),
                    None => Err(Failure::lacking(SCAN, LIST_OF_ITEMS, &page)),
                }
            }
        };
        match self.caller.call(SCAN, deadline, send).await {
            Ok(page) => Ok(ProductsPage {
                products: page.provisioned_products().iter().map(convert::product).collect(),
                account: page
                    .provisioned_products()
                    .iter()
                    .find_map(|item| account_and_region_of_arn(item.arn()?).0),
                next: page.next_page_token.filter(|token| !token.is_empty()),
            }),
            Err(failure) => Err(self.told_apart(failure).await),
        }
    }

    /// One page of a stack set's instances; a first page where there is no token.
    ///
    /// # Errors
    /// When all attempts failed, or the deadline came.
    pub async fn stack_instances(
        &self,
        id: &str,
        token: Option<&str>,
        deadline: Instant,
    ) -> Result<InstancesPage, CallError> {
        const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
        let send = || {
            let request = self.clients.catalog().list_stack_instances_for_provisioned_product();
            let request = request.provisioned_product_id(id).page_size(PAGE_SIZE);
            let request = request.set_page_token(token.map(str::to_owned));
            let request = request.customize().in_region(&self.region).send();
            async {
                let page = request.await.map_err(|error| failure(LIST, &error))?;
                match page.stack_instances {
                    Some(_) => Ok(page),
                    None => Err(Failure::lacking(LIST, LIST_OF_ITEMS, &page)),
                }
            }
        };
        match self.caller.call(LIST, deadline, send).await {
            Ok(output) => Ok(InstancesPage { output }),
            Err(failure) => Err(self.told_apart(failure).await),
        }
    }

    /// A region that is not enabled answers as to wrong credentials. They are right if they work
    /// in a region that every account has.
    pub(super) async fn told_apart(&self, mut failure: Failure) -> CallError {
        if failure.unrecognized && self.works_elsewhere().await {
            failure.error.reason = Reason::RegionDisabled;
        }
        self.caller.counted(failure)
    }

    async fn works_elsewhere(&self) -> bool {
        let known = *self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, works)) = known
            && asked.elapsed() < ELSEWHERE_KNOWN_FOR
        {
            return works;
        }
        self.identity_elsewhere().await.is_some()
    }
}
