//! From whatever the SDK reports to a reason: by error code, never by HTTP status where AWS gave
//! a code.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use http_body_util::LengthLimitError;

use super::connector::AnswerTooLarge;
use super::credentials::Role;
use crate::model::{Operation, Reason};

/// AWS's messages are cut to this many characters.
const MESSAGE_LIMIT: usize = 500;

/// Why a call failed, after all of its attempts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation:?} failed: {reason:?}: {message}")]
pub struct CallError {
    /// What was called.
    pub operation: Operation,
    /// The label value.
    pub reason: Reason,
    /// AWS's error code; empty where the failure is not AWS's.
    pub code: String,
    /// AWS's message, or what failed here; one line of bounded length, without secrets.
    pub message: String,
    /// AWS's id of the request, for its support; empty where there was no answer.
    pub request_id: String,
}

impl CallError {
    /// A failure that is not AWS's.
    pub fn local(operation: Operation, reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { operation, reason, code: String::new(), message, request_id: String::new() }
    }

    /// Whether AWS says that it knows no such thing (or denies that it does), or that a parameter
    /// cannot be: what a listing of a product that is no stack set any more may be answered with.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(&*self.code, "ResourceNotFoundException" | "InvalidParametersException")
    }

    /// Whether every other call of this operation would be denied alike.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        self.reason.is_permanent() && !self.is_refusal()
    }
}

/// What to do about a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// AWS asks to slow down: repeat until the deadline.
    Slower,
    /// It may pass: repeat a few times.
    Soon,
    /// It will not pass by itself.
    Never,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) error: CallError,
    pub(super) again: Again,
    /// Whether a request left the process.
    pub(super) sent: bool,
    /// The credentials are not known there: in a region that is not enabled all are unknown.
    pub(super) unrecognized: bool,
}

impl Failure {
    /// A successful answer that lacks what was asked for.
    pub(super) fn lacking(operation: Operation, what: &str, answer: &impl RequestId) -> Self {
        let message = format!("the answer holds no {what}");
        let mut error = CallError::local(operation, Reason::InvalidResponse, message);
        error.request_id = one_line(answer.request_id().unwrap_or_default());
        Self { error, again: Again::Soon, sent: true, unrecognized: false }
    }
}

/// Reads a failed attempt.
pub(super) fn failure<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + RequestId + Error + 'static,
{
    let code = error.code().unwrap_or_default();
    let message = error.message().unwrap_or_default();
    let (reason, again) =
        if code.is_empty() { of_transport(error) } else { of_code(code, message) };
    let text = if message.is_empty() { chain(error) } else { message.to_owned() };
    let unsent =
        matches!(error, SdkError::ConstructionFailure(_)) || caused_by::<CredentialsError>(error);
    Failure {
        sent: error.raw_response().is_some() || !unsent,
        unrecognized: is_unrecognized(code),
        again,
        error: CallError {
            operation,
            reason,
            code: one_line(code),
            message: one_line(&text),
            request_id: one_line(error.request_id().unwrap_or_default()),
        },
    }
}

/// Reads a failed attempt to assume a role. Whoever is denied here has no credentials: that is the
/// reason, with what to look at, since AWS says neither whether the role is there nor which
/// condition of its trust policy failed.
pub(super) fn assume_failure(role: &Role, error: &CredentialsError) -> Failure {
    const ASSUME: Operation = Operation::AssumeRole;
    let found = causes(error).find_map(|cause| cause.downcast_ref());
    let mut failure = match found {
        Some(error) => self::failure::<AssumeRoleError>(ASSUME, error),
        None => Failure {
            error: CallError::local(ASSUME, Reason::Credentials, one_line(&chain(error))),
            again: Again::Never,
            sent: true,
            unrecognized: false,
        },
    };
    let advice = match (failure.error.reason, &*failure.error.code) {
        (Reason::AccessDenied, _) => {
            failure.error.reason = Reason::Credentials;
            "; check that the role exists, that its trust policy names this identity and asks for \
             the external id that is configured (or for none), and that this identity is allowed \
             sts:AssumeRole on it"
        }
        (Reason::RegionDisabled, _) => {
            "; activate STS for this region in the account of the exporter, or call from another"
        }
        (Reason::Credentials, _) => "; check the credentials with which the role is assumed",
        _ => "",
    };
    let said = role.without_secrets(&failure.error.message);
    failure.error.message = format!("{} cannot be assumed: {said}{advice}", role.arn());
    // It was the hub that STS did not know.
    failure.unrecognized = false;
    failure
}

fn is_unrecognized(code: &str) -> bool {
    matches!(code, "UnrecognizedClientException" | "UnrecognizedClient" | "InvalidClientTokenId")
}

fn of_code(code: &str, message: &str) -> (Reason, Again) {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "EC2ThrottledException"
        | "KmsThrottled"
        | "KMS.ThrottlingException" => (Reason::Throttled, Again::Slower),
        // Reported by callers of Service Catalog; the SDK takes it for a mistake of ours.
        "ValidationException" if message.contains("Rate exceeded") => {
            (Reason::Throttled, Again::Slower)
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorized"
        | "NotAuthorizedException"
        | "UnauthorizedOperation" => {
            let scp = message.contains("explicit deny in a service control policy");
            (if scp { Reason::ScpDenied } else { Reason::AccessDenied }, Again::Never)
        }
        "ResourceNotFoundException" => (Reason::AccessDenied, Again::Never),
        // Of SQS, which does not say whether there is no such queue or it may not be used.
        "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "KmsAccessDenied"
        | "KMS.AccessDeniedException" => (Reason::AccessDenied, Again::Never),
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "TokenRefreshRequired"
        | "AuthFailure" => (Reason::Credentials, Again::Never),
        code if is_unrecognized(code) => (Reason::Credentials, Again::Never),
        // The latter by STS, where it was deactivated for a region.
        "OptInRequired" | "RegionDisabledException" | "RegionDisabled" => {
            (Reason::RegionDisabled, Again::Never)
        }
        "InternalFailure"
        | "InternalError"
        | "InternalServerError"
        | "InternalServerException"
        | "InternalServiceError"
        | "InternalServiceException"
        | "ServiceException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => (Reason::ServerError, Again::Soon),
        "RequestTimeout" | "RequestTimeoutException" => (Reason::Timeout, Again::Soon),
        // A page token that AWS no longer takes; a new listing has new tokens.
        "InvalidParametersException" => (Reason::InvalidResponse, Again::Never),
        _ => (Reason::Other, Again::Never),
    }
}

fn of_transport<E>(error: &SdkError<E, HttpResponse>) -> (Reason, Again)
where
    E: Error + 'static,
{
    if caused_by::<AnswerTooLarge>(error) || caused_by::<LengthLimitError>(error) {
        return (Reason::Limit, Again::Never);
    }
    if caused_by::<CredentialsError>(error) {
        return of_credentials(error);
    }
    match error {
        SdkError::TimeoutError(_) => (Reason::Timeout, Again::Soon),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            (Reason::Timeout, Again::Soon)
        }
        SdkError::DispatchFailure(_) => (Reason::Network, Again::Soon),
        SdkError::ResponseError(_) | SdkError::ServiceError(_) => {
            // No code: not written by the service itself. What stands between may fail, too.
            let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
            let broken = caused_by::<hyper::Error>(error) || caused_by::<std::io::Error>(error);
            match status {
                500.. => (Reason::ServerError, Again::Soon),
                _ if broken => (Reason::Network, Again::Soon),
                _ => (Reason::InvalidResponse, Again::Soon),
            }
        }
        _ => (Reason::Other, Again::Never),
    }
}

/// Credentials that ended on the way to a request are asked for while it is signed. Assuming a role
/// has reasons of its own: a throttle, say, says nothing of the credentials.
fn of_credentials(error: &(dyn Error + 'static)) -> (Reason, Again) {
    let inner = causes(error).skip(1);
    let assuming = inner.filter_map(|cause| cause.downcast_ref()).next();
    let Some(assuming): Option<&SdkError<AssumeRoleError, HttpResponse>> = assuming else {
        return (Reason::Credentials, Again::Never);
    };
    let (code, message) = (assuming.code(), assuming.message().unwrap_or_default());
    match code.map_or_else(|| of_transport(assuming), |code| of_code(code, message)) {
        (Reason::AccessDenied, again) => (Reason::Credentials, again),
        other => other,
    }
}

fn caused_by<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<T>())
}

/// The error itself, then what caused it.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// The causes, outermost first, each said once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

/// Text from outside as one line of bounded length.
pub(super) fn one_line(text: &str) -> String {
    line_of(text, MESSAGE_LIMIT)
}

/// Text from outside as one line of at most so many characters.
pub(super) fn line_of(text: &str, most: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicecatalog::operation::scan_provisioned_products::ScanProvisionedProductsError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    /// A request that could not be signed, since a role could not be assumed for that reason.
    fn unsigned(code: &str) -> Failure {
        let answer = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::empty());
        let told = ErrorMetadata::builder().code(code).message("no").build();
        let assuming = SdkError::service_error(AssumeRoleError::generic(told), answer);
        let error = CredentialsError::provider_error(assuming);
        let error: SdkError<ScanProvisionedProductsError, HttpResponse> =
            SdkError::construction_failure(error);
        failure(Operation::ScanProvisionedProducts, &error)
    }

    #[test]
    fn what_keeps_a_request_from_being_signed_is_the_reason_and_no_request_was_sent() {
        for (code, reason, again) in [
            ("Throttling", Reason::Throttled, Again::Slower),
            ("AccessDenied", Reason::Credentials, Again::Never),
            ("ExpiredToken", Reason::Credentials, Again::Never),
            ("InternalFailure", Reason::ServerError, Again::Soon),
        ] {
            let failure = unsigned(code);
            assert_eq!((failure.error.reason, failure.again), (reason, again), "{code}");
            assert!(!failure.sent, "{code}");
        }
    }
}
