//! Scripted faults: which call goes wrong, how, and how often.

use std::borrow::Cow;

use bytes::Bytes;

use super::random::Random;
use super::wire::{Delivery, Operation, Protocol, Refusal, Response, success};

/// A fault: the calls that match every condition go wrong. Without conditions every call does.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Only calls of this operation.
    pub operation: Option<Operation>,
    /// Only calls of this account.
    pub account: Option<String>,
    /// Only calls in this region.
    pub region: Option<String>,
    /// Only calls about this provisioned product.
    pub product_id: Option<String>,
    /// Only this page of a list.
    pub page: Option<Page>,
    /// What goes wrong.
    pub what: What,
    /// How often.
    pub when: When,
}

impl Fault {
    /// `what`, on every call; narrow it with the other functions.
    #[must_use]
    pub fn new(what: What) -> Self {
        Fault {
            operation: None,
            account: None,
            region: None,
            product_id: None,
            page: None,
            what,
            when: When::Always,
        }
    }

    /// Only on `operation`.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Only for `account`.
    #[must_use]
    pub fn of_account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Only in `region`.
    #[must_use]
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Only for calls about the provisioned product `id`.
    #[must_use]
    pub fn for_product(mut self, id: impl Into<String>) -> Self {
        self.product_id = Some(id.into());
        self
    }

    /// Only on that page.
    #[must_use]
    pub fn on_page(mut self, page: Page) -> Self {
        self.page = Some(page);
        self
    }

    /// Only the first `times` times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.when = When::Times(times);
        self
    }

    /// By chance, with that probability from 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.when = When::Probability(probability);
        self
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        fn wanted<T: PartialEq + ?Sized>(condition: Option<&T>, value: Option<&T>) -> bool {
            condition.is_none() || condition == value
        }
        // What twists pages leaves calls alone that ask for none.
        (asked.page.is_some() || !self.what.twists_pages())
            && self.operation.is_none_or(|operation| operation == asked.operation)
            && wanted(self.account.as_deref(), Some(asked.account))
            && wanted(self.region.as_deref(), Some(asked.region))
            && wanted(self.product_id.as_deref(), asked.product_id)
            && self.page.is_none_or(|page| asked.page.is_some_and(|ordinal| page.is(ordinal)))
    }
}

/// A page of a list. A call with a token that is none of ours is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The one without a token.
    First,
    /// Any but the first.
    Later,
    /// The nth, from 1.
    Nth(usize),
}

impl Page {
    fn is(self, ordinal: usize) -> bool {
        match self {
            Page::First => ordinal == 1,
            Page::Later => ordinal > 1,
            Page::Nth(n) => ordinal == n,
        }
    }
}

/// How often a fault happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// On every call that matches.
    Always,
    /// On the first calls that match.
    Times(u32),
    /// On each call that matches with this probability; the sequence is the same in every run.
    Probability(f64),
}

/// What goes wrong. Error codes are those of AWS JSON; STS answers with its own names for them.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// `ThrottlingException: Rate exceeded`
    Throttle,
    /// `ValidationException: Rate exceeded`, a throttle in disguise.
    ThrottleAsValidation,
    /// `InternalFailure`, HTTP 500.
    InternalFailure,
    /// HTTP 503 with an HTML body, as from a load balancer.
    ServiceUnavailable,
    /// HTTP 200 whose JSON is cut off.
    MalformedJson,
    /// HTTP 200 with more than 8 MiB. It is well-formed and an empty list: who reads it all is
    /// misled.
    HugeBody,
    /// The request is accepted and never answered.
    Hang,
    /// The true answer, two bytes a second.
    Drip,
    /// The connection is reset.
    Reset,
    /// A later page carries the token that led to it.
    RepeatedToken,
    /// The tokens go A, B, A, B, …
    TokenCycle,
    /// A page without items, and a new token that goes on from the same place.
    EmptyPage,
    /// The last page says `"NextPageToken":null`.
    NullToken,
    /// The last page says `"NextPageToken":""`.
    EmptyToken,
    /// Each later page begins with the last item of the page before.
    OverlappingPages,
    /// `AccessDeniedException`, as of a missing permission.
    Denied,
    /// `AccessDeniedException`, as of a service control policy.
    DeniedByScp,
    /// `ExpiredTokenException`
    Expired,
    /// `InvalidSignatureException`, as of a clock that is wrong.
    Skewed,
    /// `OptInRequired`
    OptInRequired,
    /// `UnrecognizedClientException`
    UnrecognizedClient,
    /// `ResourceNotFoundException`
    NotFound,
    /// `InvalidParametersException`
    InvalidParameters,
    /// Exactly this.
    Raw {
        /// The HTTP status.
        status: u16,
        /// Header names and values; `Date` and `Content-Length` are added.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
}

/// The call that a fault is looked up for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub operation: Operation,
    pub account: &'a str,
    pub arn: &'a str,
    pub region: &'a str,
    pub product_id: Option<&'a str>,
    /// The ordinal of the page, if the call asks for a page.
    pub page: Option<usize>,
}

const HTML_503: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head>\r\n\
    <body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>\r\n";

/// Answers over this size are what [`What::HugeBody`] sends.
const HUGE: usize = 8 * 1024 * 1024;

impl What {
    fn twists_pages(&self) -> bool {
        matches!(
            self,
            What::RepeatedToken
                | What::TokenCycle
                | What::EmptyPage
                | What::NullToken
                | What::EmptyToken
                | What::OverlappingPages
        )
    }

    /// The answer that replaces the true one; `None` if this fault changes how the true answer is
    /// paged or delivered.
    pub(super) fn replacement(&self, asked: &Asked<'_>, request_id: &str) -> Option<Response> {
        let protocol = asked.operation.protocol();
        if let Some(refusal) = self.refusal(asked) {
            return Some(refusal.render(protocol, request_id));
        }
        let response = match self {
            What::ServiceUnavailable => Response {
                status: 503,
                headers: vec![("Content-Type".into(), "text/html".into())],
                body: Bytes::from_static(HTML_503.as_bytes()),
                delivery: Delivery::Whole,
            },
            What::MalformedJson => success(
                protocol,
                request_id,
                Bytes::from_static(br#"{"ProvisionedProducts":[{"Arn":"arn:aws:serv"#),
            ),
            What::HugeBody => {
                let mut body =
                    br#"{"ProvisionedProducts":[],"StackInstances":[],"Padding":""#.to_vec();
                body.resize(body.len() + HUGE, b'x');
                body.extend_from_slice(br#""}"#);
                success(protocol, request_id, body.into())
            }
            What::Hang => Response {
                delivery: Delivery::Never,
                ..success(protocol, request_id, Bytes::new())
            },
            What::Reset => Response {
                delivery: Delivery::Reset,
                ..success(protocol, request_id, Bytes::new())
            },
            What::Raw { status, headers, body } => Response {
                status: *status,
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.clone().into(), value.clone().into()))
                    .collect(),
                body: body.clone(),
                delivery: Delivery::Whole,
            },
            _ => return None,
        };
        Some(response)
    }

    fn refusal(&self, asked: &Asked<'_>) -> Option<Refusal> {
        let sts = asked.operation.protocol() == Protocol::Query;
        let name = |json: &'static str, query: &'static str| if sts { query } else { json };
        let refusal = match self {
            What::Throttle => {
                Refusal::new(name("ThrottlingException", "Throttling"), "Rate exceeded")
            }
            What::ThrottleAsValidation => Refusal::new("ValidationException", "Rate exceeded"),
            What::InternalFailure => Refusal {
                status: 500,
                code: "InternalFailure",
                message: "The request processing has failed because of an unknown error".into(),
            },
            What::Denied | What::DeniedByScp => {
                let action =
                    format!("{}:{}", asked.operation.signing_name(), asked.operation.name());
                let because: Cow<'_, str> = if *self == What::DeniedByScp {
                    "with an explicit deny in a service control policy".into()
                } else {
                    format!("because no identity-based policy allows the {action} action").into()
                };
                let Asked { account, arn, region, .. } = asked;
                let resource = if sts {
                    "*".into()
                } else {
                    format!("arn:aws:servicecatalog:{region}:{account}:*/*")
                };
                let message = format!(
                    "User: {arn} is not authorized to perform: {action} \
                     on resource: {resource} {because}"
                );
                Refusal::new(name("AccessDeniedException", "AccessDenied"), message)
            }
            What::Expired => Refusal::new(
                name("ExpiredTokenException", "ExpiredToken"),
                "The security token included in the request is expired",
            ),
            What::Skewed => Refusal::new(
                name("InvalidSignatureException", "SignatureDoesNotMatch"),
                "Signature expired: 20200101T000000Z is now earlier than 20200101T001000Z \
                 (20200101T001500Z - 5 min.)",
            ),
            What::OptInRequired => Refusal::new(
                "OptInRequired",
                "The AWS Access Key Id needs a subscription for the service",
            ),
            What::UnrecognizedClient => unrecognized_client(asked.operation.protocol()),
            What::NotFound => Refusal::new(
                "ResourceNotFoundException",
                format!(
                    "{} does not exist or access was denied",
                    asked.product_id.unwrap_or("Resource")
                ),
            ),
            What::InvalidParameters => {
                Refusal::new("InvalidParametersException", "Invalid parameters")
            }
            _ => return None,
        };
        Some(refusal)
    }
}

/// The credentials are not known here: wrong, deleted, or of a region that is not enabled.
pub(super) fn unrecognized_client(protocol: Protocol) -> Refusal {
    let code = match protocol {
        Protocol::Json => "UnrecognizedClientException",
        Protocol::Query => "InvalidClientTokenId",
    };
    Refusal::new(code, "The security token included in the request is invalid.")
}

/// The faults of a world, in the order in which they were scripted.
#[derive(Debug, Clone)]
pub(super) struct Script {
    faults: Vec<Fault>,
    random: Random,
}

impl Script {
    pub fn new() -> Self {
        Script { faults: Vec::new(), random: Random::new(0) }
    }

    pub fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// What goes wrong with this call: the first fault that matches and happens.
    pub fn strike(&mut self, asked: &Asked<'_>) -> Option<What> {
        for fault in &mut self.faults {
            if !fault.matches(asked) {
                continue;
            }
            let happens = match &mut fault.when {
                When::Always => true,
                When::Times(0) => false,
                When::Times(left) => {
                    *left -= 1;
                    true
                }
                When::Probability(probability) => self.random.unit() < *probability,
            };
            if happens {
                return Some(fault.what.clone());
            }
        }
        None
    }
}
