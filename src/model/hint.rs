//! What a message of the event queue says has changed: an account and region, and perhaps a stack
//! set.
//!
//! It is a hint only. Anybody who may write to the queue can write anything, so no more is taken
//! than what names a target, by parsers that let nothing else pass, and none of it is shown: what
//! has really changed is what AWS then answers.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::target::{AccountId, Region};

/// Longer messages are not read, in bytes: EventBridge sends none.
/// Source: Amazon EventBridge User Guide, "PutEvents": an entry has at most 256 KB.
pub const LONGEST_EVENT: usize = 256 * 1024;

/// How stacks and stack sets of Service Catalog begin: `SC-<account>-pp-<id>`.
const STACK_NAME: &str = "SC-";

/// Something may have changed there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hint {
    /// The account that has the product.
    pub account: AccountId,
    /// The product's region.
    pub region: Region,
    /// The provisioned product that is named, if one is: the stack set to list.
    pub product: Option<Arc<str>>,
}

macro_rules! ignored {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $meaning:literal;)+) => {
        /// Why a message made no target be scanned.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ignored { $($(#[$doc])* $variant),+ }

        impl Ignored {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The label value.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// What it stands for; Markdown.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),+ }
            }
        }
    };
}

ignored! {
    /// It is no event.
    Malformed = "malformed", "no event of EventBridge, too long for one, or one that names no account and region";
    /// An event of a kind that says nothing of Service Catalog.
    UnknownSource = "unknown_source", "an event of another kind than those that are read";
    /// An event of the right kind about something else.
    NotServiceCatalog = "not_service_catalog", "about a stack that is not Service Catalog's, or a call that changes nothing";
    /// Nobody scans that account and region here.
    UnknownTarget = "unknown_target", "about an account and region that this process does not scan";
    /// The target is denied, and backed off for it.
    Paused = "paused", "about a target that is asked less often because it is denied";
    /// More than can wait.
    Dropped = "dropped", "more messages at once than can wait";
}

impl Ignored {
    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What tells the kinds of events apart.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Cow<'a, str>,
}

/// An event, as far as it is read. `account` and `region` are those that sent it, also when it was
/// passed on from bus to bus.
#[derive(Deserialize)]
struct Event<D> {
    account: String,
    region: String,
    detail: D,
}

#[derive(Deserialize)]
struct Stack {
    #[serde(rename = "stack-id")]
    id: String,
}

#[derive(Deserialize)]
struct StackSet {
    #[serde(rename = "stack-set-arn")]
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    event_name: String,
    #[serde(default)]
    error_code: Option<IgnoredAny>,
    #[serde(default)]
    request_parameters: Option<Parameters>,
    #[serde(default)]
    response_elements: Option<Elements>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    #[serde(default)]
    provisioned_product_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Elements {
    #[serde(default)]
    record_detail: Option<Parameters>,
}

/// Calls of Service Catalog that change a provisioned product. The others say nothing new, least
/// of all those that the exporter makes itself: a rule that lets reading calls through would have
/// each scan ask for the next one.
const CHANGING: [&str; 12] = [
    "CreateProvisionedProductPlan",
    "DeleteProvisionedProductPlan",
    "ProvisionProduct",
    "UpdateProvisionedProduct",
    "UpdateProvisionedProductProperties",
    "TerminateProvisionedProduct",
    "ImportAsProvisionedProduct",
    "ExecuteProvisionedProductPlan",
    "ExecuteProvisionedProductServiceAction",
    "NotifyProvisionProductEngineWorkflowResult",
    "NotifyUpdateProvisionedProductEngineWorkflowResult",
    "NotifyTerminateProvisionedProductEngineWorkflowResult",
];

/// Lifecycle events of Control Tower behind which products of Account Factory change.
const LIFECYCLE: [&str; 4] = [
    "CreateManagedAccount",
    "UpdateManagedAccount",
    "RegisterOrganizationalUnit",
    "DeregisterOrganizationalUnit",
];

impl Hint {
    /// Reads a message as EventBridge puts it on a queue: the event's JSON, nothing round it.
    ///
    /// # Errors
    /// Why it says nothing.
    pub fn read(body: &str) -> Result<Self, Ignored> {
        if body.len() > LONGEST_EVENT {
            return Err(Ignored::Malformed);
        }
        let kind: Kind<'_> = serde_json::from_str(body).map_err(|_| Ignored::Malformed)?;
        match (&*kind.source, &*kind.detail_type) {
            ("aws.cloudformation", "CloudFormation Stack Status Change") => {
                of_stack(&event::<Stack>(body)?.detail.id, "stack/")
            }
            (
                "aws.cloudformation",
                "CloudFormation StackSet Status Change"
                | "CloudFormation StackSet StackInstance Status Change",
            ) => of_stack(&event::<StackSet>(body)?.detail.arn, "stackset/"),
            ("aws.servicecatalog", "AWS API Call via CloudTrail") => {
                let Event { account, region, detail } = event::<Call>(body)?;
                // What was refused changed nothing.
                let refused = detail.error_code.is_some();
                if refused || !CHANGING.contains(&&*detail.event_name) {
                    return Err(Ignored::NotServiceCatalog);
                }
                let named = [
                    detail.request_parameters,
                    detail.response_elements.and_then(|elements| elements.record_detail),
                ];
                let mut named = named.into_iter().flatten().filter_map(|of| {
                    let id = of.provisioned_product_id?;
                    is_product_id(&id).then(|| id.as_str().into())
                });
                Ok(Self { product: named.next(), ..Self::of(&account, &region)? })
            }
            ("aws.controltower", "AWS Service Event via CloudTrail") => {
                let Event { account, region, detail } = event::<Call>(body)?;
                if !LIFECYCLE.contains(&&*detail.event_name) {
                    return Err(Ignored::NotServiceCatalog);
                }
                // The management account in the home region, which have the products.
                Self::of(&account, &region)
            }
            _ => Err(Ignored::UnknownSource),
        }
    }

    fn of(account: &str, region: &str) -> Result<Self, Ignored> {
        let account = AccountId::parse(account).map_err(|_| Ignored::Malformed)?;
        let region = Region::parse(region).map_err(|_| Ignored::Malformed)?;
        Ok(Self { account, region, product: None })
    }
}

fn event<D: DeserializeOwned>(body: &str) -> Result<Event<D>, Ignored> {
    serde_json::from_str(body).map_err(|_| Ignored::Malformed)
}

/// Reads the ARN of a stack or stack set, `arn:aws:cloudformation:<region>:<account>:<type><name>…`.
///
/// The account is the one that the name says: Service Catalog puts the account of the product
/// there. That of the ARN, as that of the envelope, is where the stack set is administrated, which
/// may be the management account on behalf of another one.
fn of_stack(arn: &str, of_type: &str) -> Result<Hint, Ignored> {
    let mut parts = arn.splitn(6, ':');
    let (begin, service) = (parts.next(), parts.nth(1));
    if (begin, service) != (Some("arn"), Some("cloudformation")) {
        return Err(Ignored::Malformed);
    }
    let (Some(region), Some(resource)) = (parts.next(), parts.nth(1)) else {
        return Err(Ignored::Malformed);
    };
    let name = resource.strip_prefix(of_type).ok_or(Ignored::Malformed)?;
    // Behind it comes an id, after / or :.
    let name = name.split(['/', ':']).next().unwrap_or_default();
    let named = name.strip_prefix(STACK_NAME).and_then(|rest| rest.split_once('-'));
    let Some((account, product)) = named.filter(|(_, product)| is_product_id(product)) else {
        return Err(Ignored::NotServiceCatalog);
    };
    let Ok(account) = AccountId::parse(account) else { return Err(Ignored::NotServiceCatalog) };
    let region = Region::parse(region).map_err(|_| Ignored::Malformed)?;
    Ok(Hint { account, region, product: Some(product.into()) })
}

/// `pp-` and at most thirty lower-case letters and digits.
fn is_product_id(text: &str) -> bool {
    let id = text.strip_prefix("pp-").unwrap_or_default();
    (1..=30).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests;
