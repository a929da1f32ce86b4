//! What a request asks for, and the limits that AWS sets to it.

use serde::Deserialize;

use super::operation::{Operation, Protocol, Service};
use super::product::ProvisionedProduct;
use super::wire::{Refusal, Request};

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
    /// Of a product of the catalog.
    pub product_id: Option<String>,
    /// Of a record, or of a product of the catalog.
    pub id: Option<String>,
    pub sort_by: Option<String>,
    pub sort_order: Option<String>,
    /// How Service Catalog is asked for a page.
    page_size: Option<i64>,
    page_token: Option<String>,
    /// How the other services are.
    max_results: Option<i64>,
    next_token: Option<String>,
    pub parent_id: Option<String>,
    pub child_type: Option<String>,
    pub account_id: Option<String>,
    pub region_opt_status_contains: Option<Vec<String>>,
    pub role_arn: Option<String>,
    pub role_session_name: Option<String>,
    pub external_id: Option<String>,
    pub duration_seconds: Option<i64>,
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
            Protocol::RestJson if request.body.is_empty() => Ok(Input::default()),
            Protocol::Json | Protocol::RestJson => {
                serde_json::from_slice(&request.body).map_err(|_| {
                    Refusal::new("SerializationException", "The request body is not valid JSON")
                })
            }
            Protocol::Query => Input::read_form(&request.body),
        }
    }

    fn read_form(body: &[u8]) -> Result<Self, Refusal> {
        let mut input = Input::default();
        for pair in body.split(|byte| *byte == b'&') {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (key, value) = (halves.next().unwrap_or_default(), halves.next());
            let value = value.and_then(decoded).ok_or_else(|| {
                Refusal::new("ValidationError", "The request body is not a valid form")
            })?;
            match key {
                b"RoleArn" => input.role_arn = Some(value),
                b"RoleSessionName" => input.role_session_name = Some(value),
                b"ExternalId" => input.external_id = Some(value),
                b"DurationSeconds" => {
                    input.duration_seconds = Some(value.parse().map_err(|_| {
                        Refusal::new("ValidationError", "DurationSeconds is not a number")
                    })?);
                }
                _ => {}
            }
        }
        Ok(input)
    }

    /// What the call is about: a provisioned product, a product of the catalog, a record, a root or unit, a role.
    pub fn about(&self) -> Option<&str> {
        [&self.provisioned_product_id, &self.product_id, &self.id, &self.parent_id, &self.role_arn]
            .into_iter()
            .find_map(Option::as_deref)
    }

    pub fn page_token(&self, service: Service) -> Option<&str> {
        match service {
            Service::Catalog => self.page_token.as_deref(),
            _ => self.next_token.as_deref(),
        }
    }

    /// The size that is asked for, as it is said.
    pub fn asked_size(&self, service: Service) -> Option<i64> {
        if service == Service::Catalog { self.page_size } else { self.max_results }
    }

    /// What a page token belongs to, beside the operation.
    pub fn subject(&self, operation: Operation) -> [&str; 3] {
        match operation {
            Operation::ListStackInstancesForProvisionedProduct => {
                [or_empty(&self.provisioned_product_id), "", ""]
            }
            Operation::ListAccountsForParent | Operation::ListChildren => {
                [or_empty(&self.parent_id), or_empty(&self.child_type), ""]
            }
            Operation::ListRegions => [or_empty(&self.account_id), "", ""],
            _ => {
                let level = self.access_level_filter.as_ref().and_then(|f| f.key.as_deref());
                [level.unwrap_or_default(), or_empty(&self.sort_by), or_empty(&self.sort_order)]
            }
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

    /// How many items the page may hold.
    pub fn page_size(&self, operation: Operation) -> Result<usize, Refusal> {
        let service = operation.service();
        let (least, most) = match (service, operation) {
            // The model allows 0; what AWS makes of it is not known.
            (Service::Catalog, Operation::SearchProvisionedProducts) => (0, 100),
            (Service::Catalog, _) => (0, 20),
            (Service::Account, _) => (1, 50),
            _ => (1, 20),
        };
        match self.asked_size(service) {
            // Where more than 20 are possible the default is not said; 20 makes the client turn pages.
            None => Ok(20),
            Some(0) if least == 0 => Ok(20),
            Some(size) if size < least => Err(out_of_bounds(service, size, "greater", least)),
            Some(size) if size > most => Err(out_of_bounds(service, size, "less", most)),
            Some(size) => Ok(usize::try_from(size).unwrap_or(20)),
        }
    }
}

fn or_empty(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}

fn out_of_bounds(service: Service, size: i64, direction: &str, bound: i64) -> Refusal {
    if service == Service::Organizations {
        let reason = if direction == "less" { "MAX_LIMIT_EXCEEDED" } else { "MIN_VALUE_EXCEEDED" };
        return invalid_input(reason);
    }
    let member = if service == Service::Account { "maxResults" } else { "pageSize" };
    invalid(&format!(
        "Value '{size}' at '{member}' failed to satisfy constraint: \
         Member must have value {direction} than or equal to {bound}"
    ))
}

/// A violation of the service's model, as Service Catalog and Account say it.
pub(super) fn invalid(violation: &str) -> Refusal {
    Refusal::new("ValidationException", format!("1 validation error detected: {violation}"))
}

/// A violation of the service's model, as Organizations says it.
pub(super) fn invalid_input(reason: &'static str) -> Refusal {
    Refusal {
        reason: Some(reason),
        ..Refusal::new("InvalidInputException", "You specified an invalid value.")
    }
}

/// The text of a form field, with its percent signs and plus signs resolved.
fn decoded(value: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_escapes() {
        let body = b"Action=AssumeRole&RoleArn=arn%3Aaws%3aiam%3A%3A1%3Arole%2FR&ExternalId=a+b%C3%A9&Other=";
        let input = Input::read_form(body).unwrap();
        assert_eq!(input.role_arn.as_deref(), Some("arn:aws:iam::1:role/R"));
        assert_eq!(input.external_id.as_deref(), Some("a bé"));
        for broken in ["RoleArn=%", "RoleArn=%4", "RoleArn=%zz", "RoleArn=%ff", "RoleArn"] {
            assert_eq!(Input::read_form(broken.as_bytes()).unwrap_err().code, "ValidationError");
        }
    }
}
