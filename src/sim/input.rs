//! What a request asks for, and the limits that AWS sets to it.

use serde::Deserialize;

use super::paging::PAGE_MAX;
use super::product::ProvisionedProduct;
use super::wire::{Operation, Protocol, Refusal, Request};

/// Which products a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessLevel {
    Account,
    Role,
    User,
}

impl AccessLevel {
    pub fn shows(self, product: &ProvisionedProduct, caller: &str) -> bool {
        let Some(owner) = product.owner_arn.as_deref() else { return self == AccessLevel::Account };
        match self {
            AccessLevel::Account => true,
            AccessLevel::User => owner == caller,
            AccessLevel::Role => role_of(owner) == role_of(caller),
        }
    }
}

/// The role of a session; anything else is its own role.
fn role_of(arn: &str) -> &str {
    match arn.rsplit_once('/') {
        Some((role, _session)) if arn.contains(":assumed-role/") => role,
        _ => arn,
    }
}

/// The fields of a request body. Fields that do not concern the simulator are let pass.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    pub access_level_filter: Option<AccessLevelFilter>,
    pub provisioned_product_id: Option<String>,
    pub page_size: Option<i64>,
    pub page_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccessLevelFilter {
    pub key: Option<String>,
    pub value: Option<String>,
}

impl Input {
    pub fn read(operation: Operation, request: &Request) -> Result<Self, Refusal> {
        match operation.protocol() {
            Protocol::Json => serde_json::from_slice(&request.body).map_err(|_| {
                Refusal::new("SerializationException", "The request body is not valid JSON")
            }),
            Protocol::Query => Ok(Input::default()),
        }
    }

    pub fn access_level(&self) -> Result<AccessLevel, Refusal> {
        let Some(filter) = &self.access_level_filter else { return Ok(AccessLevel::User) };
        let level = match filter.key.as_deref() {
            Some("Account") => AccessLevel::Account,
            Some("Role") => AccessLevel::Role,
            Some("User") | None => AccessLevel::User,
            Some(other) => {
                return Err(invalid(&format!(
                    "Value '{other}' at 'accessLevelFilter.key' failed to satisfy constraint: \
                     Member must satisfy enum value set: [Account, Role, User]"
                )));
            }
        };
        // The documentation says "Self", every caller found sends "self".
        match &filter.value {
            Some(value) if value.eq_ignore_ascii_case("self") => Ok(level),
            _ => Err(Refusal::new(
                "InvalidParametersException",
                "The value of AccessLevelFilter must be self",
            )),
        }
    }

    pub fn page_size(&self) -> Result<usize, Refusal> {
        let limit = |size: i64, constraint: &str| {
            invalid(&format!(
                "Value '{size}' at 'pageSize' failed to satisfy constraint: \
                 Member must have value {constraint}"
            ))
        };
        match self.page_size {
            // The model allows 0; what AWS makes of it is not known.
            None | Some(0) => Ok(PAGE_MAX),
            Some(size) => match usize::try_from(size) {
                Err(_) => Err(limit(size, "greater than or equal to 0")),
                Ok(size) if size <= PAGE_MAX => Ok(size),
                Ok(_) => Err(limit(size, "less than or equal to 20")),
            },
        }
    }
}

/// A violation of the service's model.
pub(super) fn invalid(violation: &str) -> Refusal {
    Refusal::new("ValidationException", format!("1 validation error detected: {violation}"))
}
