//! Requests and responses as they stand on the wire, and the error form of each protocol.
//!
//! Service Catalog speaks AWS JSON 1.1 (the operation is in `X-Amz-Target`), STS speaks the query
//! protocol (the operation is the form field `Action`, answers are XML).

use std::borrow::Cow;

use bytes::Bytes;

/// One HTTP request, reduced to what decides the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path, `/` for every operation.
    pub path: String,
    /// The header `X-Amz-Target`.
    pub target: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body: JSON or a form.
    pub body: Bytes,
}

impl Request {
    /// A signed-looking request for `operation` by `access_key` in `region`. The signature is a
    /// stand-in: it is never verified.
    #[must_use]
    pub fn signed(operation: Operation, access_key: &str, region: &str, body: &str) -> Self {
        let service = operation.signing_name();
        Request {
            method: "POST".into(),
            path: "/".into(),
            target: match operation.protocol() {
                Protocol::Json => Some(format!("{TARGET_PREFIX}{}", operation.name())),
                Protocol::Query => None,
            },
            authorization: Some(format!(
                "AWS4-HMAC-SHA256 Credential={access_key}/20260101/{region}/{service}/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=0000"
            )),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }
}

/// One HTTP response, and how it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header names and values; `Date` and `Content-Length` are the server's.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The whole body.
    pub body: Bytes,
    /// How the bytes get to the client.
    pub delivery: Delivery,
}

impl Response {
    /// The value of a header, by its name in lower or upper case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

/// How a response gets to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// At once.
    Whole,
    /// Headers at once, then two bytes of the body a second.
    Drip,
    /// Never: the request is accepted and nothing follows.
    Never,
    /// The connection is reset (TCP RST) instead.
    Reset,
}

/// The operations that the simulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Service Catalog: the provisioned products, 20 a page.
    ScanProvisionedProducts,
    /// Service Catalog: the stack instances of one `CFN_STACKSET`, 20 a page.
    ListStackInstancesForProvisionedProduct,
    /// STS: whose credentials these are.
    GetCallerIdentity,
}

/// The form of requests, answers and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.1.
    Json,
    /// The query protocol of STS.
    Query,
}

const TARGET_PREFIX: &str = "AWS242ServiceCatalogService.";
pub(super) const JSON_CONTENT_TYPE: &str = "application/x-amz-json-1.1";
pub(super) const XML_CONTENT_TYPE: &str = "text/xml";
pub(super) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 3] = [
        Operation::ScanProvisionedProducts,
        Operation::ListStackInstancesForProvisionedProduct,
        Operation::GetCallerIdentity,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::ScanProvisionedProducts => "ScanProvisionedProducts",
            Operation::ListStackInstancesForProvisionedProduct => {
                "ListStackInstancesForProvisionedProduct"
            }
            Operation::GetCallerIdentity => "GetCallerIdentity",
        }
    }

    /// The service in the credential scope, and the prefix of the IAM action.
    #[must_use]
    pub fn signing_name(self) -> &'static str {
        match self.protocol() {
            Protocol::Json => "servicecatalog",
            Protocol::Query => "sts",
        }
    }

    /// How the operation is spoken.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        match self {
            Operation::ScanProvisionedProducts
            | Operation::ListStackInstancesForProvisionedProduct => Protocol::Json,
            Operation::GetCallerIdentity => Protocol::Query,
        }
    }

    /// The operation that a request names, if the simulator knows it.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        if request.method != "POST" || request.path != "/" {
            return None;
        }
        let (protocol, name) = match &request.target {
            Some(target) => (Protocol::Json, target.strip_prefix(TARGET_PREFIX)?),
            None => (Protocol::Query, form_field(&request.body, "Action")?),
        };
        Operation::ALL
            .into_iter()
            .find(|operation| operation.protocol() == protocol && operation.name() == name)
    }
}

/// The value of a form field whose value needs no percent-decoding (action names do not).
fn form_field<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let form = std::str::from_utf8(body).ok()?;
    form.split('&').find_map(|pair| {
        pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value)
    })
}

/// An error as AWS names it: the code decides, the status follows the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    /// An error of the client, HTTP 400.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: 400, code, message: message.into() }
    }

    pub fn render(&self, protocol: Protocol, request_id: &str) -> Response {
        match protocol {
            Protocol::Json => {
                let body =
                    serde_json::json!({"__type": self.code, "Message": self.message}).to_string();
                // As recorded: no x-amzn-errortype header, and the connection is closed.
                let mut response = success(Protocol::Json, request_id, body.into());
                response.status = self.status;
                response.headers.push(("Connection".into(), "close".into()));
                response
            }
            Protocol::Query => {
                let kind = if self.status < 500 { "Sender" } else { "Receiver" };
                let body = format!(
                    "<ErrorResponse xmlns=\"{STS_NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    \
                     <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n  \
                     <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
                    self.code,
                    xml_text(&self.message)
                );
                let mut response = success(Protocol::Query, request_id, body.into());
                // STS says 403 to callers that it refuses, where the JSON services say 400.
                response.status = match self.code {
                    "Throttling" | "InvalidAction" | "ValidationException" => 400,
                    _ if self.status == 400 => 403,
                    _ => self.status,
                };
                response
            }
        }
    }
}

/// A 200 of `protocol`.
pub(super) fn success(protocol: Protocol, request_id: &str, body: Bytes) -> Response {
    let content_type = match protocol {
        Protocol::Json => JSON_CONTENT_TYPE,
        Protocol::Query => XML_CONTENT_TYPE,
    };
    Response {
        status: 200,
        headers: vec![
            ("x-amzn-RequestId".into(), request_id.to_owned().into()),
            ("Content-Type".into(), content_type.into()),
        ],
        body,
        delivery: Delivery::Whole,
    }
}

/// Text as the content of an XML element.
pub(super) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Who signed, and for which region and service: the credential scope of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CredentialScope<'a> {
    pub access_key: &'a str,
    pub region: &'a str,
    pub service: &'a str,
}

impl<'a> CredentialScope<'a> {
    /// Reads `AWS4-HMAC-SHA256 Credential=AKID/date/region/service/aws4_request, …`.
    pub fn parse(authorization: &'a str) -> Option<Self> {
        let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let scope = fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))?;
        let mut parts = scope.split('/');
        let (access_key, _date, region, service, end) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (end == "aws4_request" && parts.next().is_none()).then_some(CredentialScope {
            access_key,
            region,
            service,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_read_from_the_credential_scope() {
        let request = Request::signed(Operation::GetCallerIdentity, "AKIDEXAMPLE", "eu-west-1", "");
        let scope = CredentialScope::parse(request.authorization.as_deref().unwrap()).unwrap();
        assert_eq!(
            (scope.access_key, scope.region, scope.service),
            ("AKIDEXAMPLE", "eu-west-1", "sts")
        );
        assert_eq!(
            CredentialScope::parse("AWS4-HMAC-SHA256 Credential=AKID/eu-west-1, Signature=0"),
            None
        );
        assert_eq!(CredentialScope::parse("Basic Zm9v"), None);
    }

    #[test]
    fn an_operation_is_known_only_by_post_to_the_root_in_its_own_protocol() {
        let scan = Request::signed(Operation::ScanProvisionedProducts, "AKID", "eu-west-1", "{}");
        assert_eq!(Operation::of(&scan), Some(Operation::ScanProvisionedProducts));
        assert_eq!(Operation::of(&Request { method: "GET".into(), ..scan.clone() }), None);
        assert_eq!(Operation::of(&Request { path: "/x".into(), ..scan.clone() }), None);
        assert_eq!(
            Operation::of(&Request {
                target: Some("Other.ScanProvisionedProducts".into()),
                ..scan
            }),
            None
        );
        let identity = Request {
            method: "POST".into(),
            path: "/".into(),
            body: "Version=2011-06-15&Action=GetCallerIdentity".into(),
            ..Request::default()
        };
        assert_eq!(Operation::of(&identity), Some(Operation::GetCallerIdentity));
    }

    #[test]
    fn a_json_error_is_the_recorded_one_byte_for_byte() {
        let refusal = Refusal::new(
            "ResourceNotFoundException",
            "prod-4v6rc4hwaiiha does not exist or access was denied",
        );
        let response = refusal.render(Protocol::Json, "id");
        assert_eq!(response.status, 400);
        assert_eq!(
            response.body,
            r#"{"__type":"ResourceNotFoundException","Message":"prod-4v6rc4hwaiiha does not exist or access was denied"}"#
        );
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(response.header("x-amzn-errortype"), None);
    }

    #[test]
    fn an_error_of_sts_is_xml_with_its_message_escaped() {
        let response = Refusal::new("AccessDenied", "a < b & c").render(Protocol::Query, "id");
        let body = String::from_utf8(response.body.to_vec()).unwrap();
        assert_eq!(response.status, 403);
        assert!(body.contains("<Code>AccessDenied</Code>"), "{body}");
        assert!(body.contains("<Message>a &lt; b &amp; c</Message>"), "{body}");
    }
}
