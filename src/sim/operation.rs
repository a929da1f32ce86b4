//! The operations that the simulator knows: their services, names, and how they are spoken.

use super::wire::Request;

/// The operations that the simulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Service Catalog: the provisioned products, 20 a page.
    ScanProvisionedProducts,
    /// Service Catalog: the stack instances of one `CFN_STACKSET`, 20 a page.
    ListStackInstancesForProvisionedProduct,
    /// Service Catalog: the provisioned products with names and tags, up to 100 a page.
    SearchProvisionedProducts,
    /// Service Catalog: what became of one launch, update or termination.
    DescribeRecord,
    /// Service Catalog: every version of a product, to who owns it.
    ListProvisioningArtifacts,
    /// Service Catalog: a product and its active versions, to an end user.
    DescribeProduct,
    /// Service Catalog: a product and its versions, to an administrator.
    DescribeProductAsAdmin,
    /// STS: whose credentials these are.
    GetCallerIdentity,
    /// STS: credentials of a role.
    AssumeRole,
    /// Organizations: all accounts, 20 a page.
    ListAccounts,
    /// Organizations: the accounts directly in a root or unit, 20 a page.
    ListAccountsForParent,
    /// Organizations: the units or accounts directly in a root or unit, 20 a page.
    ListChildren,
    /// Account: the regions and whether they are enabled, up to 50 a page.
    ListRegions,
}

/// The form of requests, answers and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.1: the operation is in `X-Amz-Target`.
    Json,
    /// The query protocol of STS: a form with the field `Action`, answers are XML.
    Query,
    /// REST with JSON: the operation is in the path.
    RestJson,
}

/// A service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Catalog,
    Sts,
    Organizations,
    Account,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 13] = [
        Operation::ScanProvisionedProducts,
        Operation::ListStackInstancesForProvisionedProduct,
        Operation::SearchProvisionedProducts,
        Operation::DescribeRecord,
        Operation::ListProvisioningArtifacts,
        Operation::DescribeProduct,
        Operation::DescribeProductAsAdmin,
        Operation::GetCallerIdentity,
        Operation::AssumeRole,
        Operation::ListAccounts,
        Operation::ListAccountsForParent,
        Operation::ListChildren,
        Operation::ListRegions,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// The service in the credential scope, and the prefix of the IAM action.
    #[must_use]
    pub fn signing_name(self) -> &'static str {
        match self.service() {
            Service::Catalog => "servicecatalog",
            Service::Sts => "sts",
            Service::Organizations => "organizations",
            Service::Account => "account",
        }
    }

    /// How the operation is spoken.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        match self.service() {
            Service::Catalog | Service::Organizations => Protocol::Json,
            Service::Sts => Protocol::Query,
            Service::Account => Protocol::RestJson,
        }
    }

    pub(super) fn service(self) -> Service {
        self.entry().0
    }

    /// The path that is posted to.
    pub(super) fn path(self) -> &'static str {
        match self {
            Operation::ListRegions => "/listRegions",
            _ => "/",
        }
    }

    /// What stands in `X-Amz-Target`, if anything.
    pub(super) fn target(self) -> Option<String> {
        let prefix = match self.service() {
            Service::Catalog => "AWS242ServiceCatalogService",
            Service::Organizations => "AWSOrganizationsV20161128",
            Service::Sts | Service::Account => return None,
        };
        Some(format!("{prefix}.{}", self.name()))
    }

    /// Whether the answer is a page of a list, with a token that leads to the next.
    pub(super) fn is_paged(self) -> bool {
        !matches!(
            self,
            Operation::DescribeRecord
                | Operation::ListProvisioningArtifacts
                | Operation::DescribeProduct
                | Operation::DescribeProductAsAdmin
                | Operation::GetCallerIdentity
                | Operation::AssumeRole
        )
    }

    /// The operation that a request names, if the simulator knows it.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        let protocol = Protocol::of(request);
        let action = match protocol {
            Protocol::Query => Some(form_field(&request.body, "Action")?),
            Protocol::Json | Protocol::RestJson => None,
        };
        Operation::ALL.into_iter().find(|operation| {
            request.method == "POST"
                && request.path == operation.path()
                && request.target == operation.target()
                && protocol == operation.protocol()
                && action.is_none_or(|action| action == operation.name())
        })
    }

    /// The service and the name.
    fn entry(self) -> (Service, &'static str) {
        match self {
            Operation::ScanProvisionedProducts => (Service::Catalog, "ScanProvisionedProducts"),
            Operation::ListStackInstancesForProvisionedProduct => {
                (Service::Catalog, "ListStackInstancesForProvisionedProduct")
            }
            Operation::SearchProvisionedProducts => (Service::Catalog, "SearchProvisionedProducts"),
            Operation::DescribeRecord => (Service::Catalog, "DescribeRecord"),
            Operation::ListProvisioningArtifacts => (Service::Catalog, "ListProvisioningArtifacts"),
            Operation::DescribeProduct => (Service::Catalog, "DescribeProduct"),
            Operation::DescribeProductAsAdmin => (Service::Catalog, "DescribeProductAsAdmin"),
            Operation::GetCallerIdentity => (Service::Sts, "GetCallerIdentity"),
            Operation::AssumeRole => (Service::Sts, "AssumeRole"),
            Operation::ListAccounts => (Service::Organizations, "ListAccounts"),
            Operation::ListAccountsForParent => (Service::Organizations, "ListAccountsForParent"),
            Operation::ListChildren => (Service::Organizations, "ListChildren"),
            Operation::ListRegions => (Service::Account, "ListRegions"),
        }
    }
}

impl Protocol {
    /// The protocol that a request speaks, so that it is refused in its own form.
    pub(super) fn of(request: &Request) -> Self {
        match &request.target {
            Some(_) => Protocol::Json,
            None if request.path == "/" => Protocol::Query,
            None => Protocol::RestJson,
        }
    }
}

/// The value of a form field whose value needs no percent-decoding (action names do not).
fn form_field<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let form = std::str::from_utf8(body).ok()?;
    form.split('&').find_map(|pair| {
        pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_recognised_in_its_own_protocol() {
        for operation in Operation::ALL {
            let form = format!("Version=2011-06-15&Action={}", operation.name());
            let request = Request::signed(operation, "AKID", "eu-west-1", &form);
            assert_eq!(Operation::of(&request), Some(operation));
        }
    }

    #[test]
    fn an_operation_is_known_only_by_post_to_its_own_path_in_its_own_protocol() {
        let scan = Request::signed(Operation::ScanProvisionedProducts, "AKID", "eu-west-1", "{}");
        let regions = Request::signed(Operation::ListRegions, "AKID", "eu-west-1", "{}");
        let strangers = [
            Request { method: "GET".into(), ..scan.clone() },
            Request { path: "/x".into(), ..scan.clone() },
            Request { path: "/listRegions".into(), ..scan.clone() },
            Request { path: "/".into(), ..regions },
            Request { target: Some("Other.ScanProvisionedProducts".into()), ..scan.clone() },
            Request {
                target: Some("AWSOrganizationsV20161128.ScanProvisionedProducts".into()),
                ..scan
            },
        ];
        for stranger in strangers {
            assert_eq!(Operation::of(&stranger), None, "{stranger:?}");
        }
    }
}
