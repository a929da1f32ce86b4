//! What goes wrong, and what the client gets to see of it.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use super::operation::{Operation, Protocol, Service};
use super::wire::{Delivery, Refusal, Response, success};

/// What goes wrong. Error codes are those of Service Catalog; other services answer with their own
/// names for them.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// `ThrottlingException: Rate exceeded`; `TooManyRequestsException` of Organizations and Account.
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
    /// When it arrived, since the world began.
    pub now: Duration,
    pub product_id: Option<&'a str>,
    /// The product, record, role, root or unit that it is about.
    pub about: Option<&'a str>,
    /// The ordinal of the page, if the call asks for a page.
    pub page: Option<usize>,
}

const HTML_503: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head>\r\n\
    <body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>\r\n";

/// Answers over this size are what [`What::HugeBody`] sends.
const HUGE: usize = 8 * 1024 * 1024;

impl What {
    pub(super) fn twists_pages(&self) -> bool {
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
                    br#"{"ProvisionedProducts":[],"StackInstances":[],"Accounts":[],"Children":[],"Regions":[],"Padding":""#.to_vec();
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
            What::Throttle => match asked.operation.service() {
                Service::Organizations | Service::Account => Refusal::new(
                    "TooManyRequestsException",
                    "Too many requests in too short a time",
                ),
                Service::ServiceCatalog | Service::Sts => {
                    Refusal::new(name("ThrottlingException", "Throttling"), "Rate exceeded")
                }
            },
            What::ThrottleAsValidation => Refusal::new("ValidationException", "Rate exceeded"),
            What::InternalFailure => Refusal {
                status: 500,
                code: "InternalFailure",
                message: "The request processing has failed because of an unknown error".into(),
                reason: None,
            },
            What::Denied | What::DeniedByScp => {
                Refusal::new(name("AccessDeniedException", "AccessDenied"), self.denial(asked))
            }
            What::Expired => expired(asked.operation.protocol()),
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
                    asked.about.unwrap_or("Resource")
                ),
            ),
            What::InvalidParameters => {
                Refusal::new("InvalidParametersException", "Invalid parameters")
            }
            _ => return None,
        };
        Some(refusal)
    }

    fn denial(&self, asked: &Asked<'_>) -> String {
        let Asked { operation, account, arn, region, .. } = asked;
        let action = format!("{}:{}", operation.signing_name(), operation.name());
        let resource: Cow<'_, str> = match operation.service() {
            Service::ServiceCatalog => {
                format!("arn:aws:servicecatalog:{region}:{account}:*/*").into()
            }
            Service::Account => format!("arn:aws:account::{account}:account").into(),
            Service::Sts => asked.about.unwrap_or("*").into(),
            Service::Organizations => "*".into(),
        };
        let because = match (self, operation) {
            (What::DeniedByScp, _) => " with an explicit deny in a service control policy".into(),
            // STS does not say which of the two policies it was, that of the role or the caller's.
            (_, Operation::AssumeRole) => String::new(),
            _ => format!(" because no identity-based policy allows the {action} action"),
        };
        format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource}{because}"
        )
    }
}

/// The credentials were right until a while ago.
pub(super) fn expired(protocol: Protocol) -> Refusal {
    let code = match protocol {
        Protocol::Json | Protocol::RestJson => "ExpiredTokenException",
        Protocol::Query => "ExpiredToken",
    };
    Refusal::new(code, "The security token included in the request is expired")
}

/// The credentials are not known here: wrong, deleted, or of a region that is not enabled.
pub(super) fn unrecognized_client(protocol: Protocol) -> Refusal {
    let code = match protocol {
        Protocol::Json | Protocol::RestJson => "UnrecognizedClientException",
        Protocol::Query => "InvalidClientTokenId",
    };
    Refusal::new(code, "The security token included in the request is invalid.")
}
