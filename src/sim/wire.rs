//! Requests and responses as they stand on the wire, and the error form of each protocol.

use std::borrow::Cow;

use bytes::Bytes;

use super::operation::{Operation, Protocol};

/// One HTTP request, reduced to what decides the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The header `X-Amz-Target`.
    pub target: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `X-Amz-Security-Token`, which goes with the credentials of a role.
    pub security_token: Option<String>,
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
            path: operation.path().into(),
            target: operation.target(),
            authorization: Some(format!(
                "AWS4-HMAC-SHA256 Credential={access_key}/20260101/{region}/{service}/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=0000"
            )),
            security_token: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// The same with the session token of a role's credentials.
    #[must_use]
    pub fn with_token(self, security_token: &str) -> Self {
        Request { security_token: Some(security_token.to_owned()), ..self }
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

const JSON_CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const REST_CONTENT_TYPE: &str = "application/json";
const XML_CONTENT_TYPE: &str = "text/xml";
pub(super) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An error as AWS names it: the code decides, the status follows the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    /// `Reason`, which Organizations gives with an input that it refuses.
    pub reason: Option<&'static str>,
}

impl Refusal {
    /// An error of the client, HTTP 400 unless the protocol has its own status for the code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: 400, code, message: message.into(), reason: None }
    }

    pub fn render(&self, protocol: Protocol, request_id: &str) -> Response {
        match protocol {
            Protocol::Json => {
                let mut body = serde_json::json!({"__type": self.code, "Message": self.message});
                if let Some(reason) = self.reason {
                    body["Reason"] = reason.into();
                }
                // As recorded: no x-amzn-errortype header, and the connection is closed.
                let mut response = success(protocol, request_id, body.to_string().into());
                response.status = self.status;
                response.headers.push(("Connection".into(), "close".into()));
                response
            }
            Protocol::RestJson => {
                let body = serde_json::json!({"message": self.message}).to_string();
                let mut response = success(protocol, request_id, body.into());
                response.status = match self.code {
                    "ValidationException" | "SerializationException" => 400,
                    "TooManyRequestsException" => 429,
                    "UnknownOperationException" => 404,
                    _ if self.status == 400 => 403,
                    _ => self.status,
                };
                response.headers.push(("x-amzn-ErrorType".into(), self.code.into()));
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
                let mut response = success(protocol, request_id, body.into());
                // STS says 403 to callers that it refuses, where the JSON services say 400.
                response.status = match self.code {
                    "Throttling" | "InvalidAction" | "ValidationException" | "ValidationError" => {
                        400
                    }
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
        Protocol::RestJson => REST_CONTENT_TYPE,
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

    #[test]
    fn an_error_of_a_rest_service_has_its_code_in_a_header_and_a_status_of_its_own() {
        for (code, status) in [
            ("AccessDeniedException", 403),
            ("UnrecognizedClientException", 403),
            ("TooManyRequestsException", 429),
            ("ValidationException", 400),
        ] {
            let response = Refusal::new(code, "no").render(Protocol::RestJson, "id");
            assert_eq!(response.status, status);
            assert_eq!(response.header("x-amzn-errortype"), Some(code));
            assert_eq!(response.body, r#"{"message":"no"}"#);
        }
    }
}
