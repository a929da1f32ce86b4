//! The words of the field: targets, provisioned products, stack instances, reasons of failure.
//!
//! Values only: nothing here reads a clock, a socket or a file, and nothing fails but parsing.

mod artifact;
mod catalog;
mod hint;
mod instance;
mod kept;
mod names;
mod operation;
mod policy;
mod product;
mod reason;
mod record;
mod role;
mod status;
mod target;
mod time;

pub use artifact::{Artifact, Artifacts, Way};
pub use catalog::{Catalog, CatalogBuilder, GroupKey};
pub use hint::{Hint, Ignored, LONGEST_EVENT};
pub use instance::{Listing, ListingBuilder, PerInstance, Rank, StackInstance};
pub use kept::Kept;
pub use names::{FoundProduct, Names, NamesBuilder, ProductNames, VENDED_ACCOUNT_TYPE};
pub use operation::{CallCounts, Operation, OperationCounts};
pub use policy::PolicyPart;
pub use product::{PerProduct, Product, Provisioning, STACK_SET_TYPE};
pub use reason::Reason;
pub use record::{Record, RecordError, RecordStatus};
pub use role::{AssumeRole, ExternalId, ParseRoleError, RoleArn, RoleName, SessionName};
pub use status::{InstanceStatus, ProductStatus, StatusName, Tally, UNKNOWN};
pub use target::{
    AccountId, ParseAccountError, ParseRegionError, Region, account_and_region_of_arn,
};
pub use time::{Clock, Moment};
