//! A record: what Service Catalog notes of one operation on a provisioned product.

use std::sync::Arc;

/// How far an operation is (`RecordStatus` of the service model).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// It has not ended, in AWS's spelling: CREATED, IN_PROGRESS, IN_PROGRESS_IN_ERROR, or a
    /// value that this build does not know.
    Open(Arc<str>),
}

impl RecordStatus {
    /// Reads AWS's spelling; an absent one is open.
    #[must_use]
    pub fn read(text: Option<&str>) -> Self {
        match text {
            Some("SUCCEEDED") => Self::Succeeded,
            Some("FAILED") => Self::Failed,
            other => Self::Open(other.unwrap_or_default().into()),
        }
    }

    /// AWS's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Open(other) => other,
        }
    }
}

/// Why an operation failed, in AWS's words: each one line of bounded length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// AWS's error code.
    pub code: Box<str>,
    /// AWS's description; it may quote whatever the failed operation said.
    pub text: Box<str>,
}

/// One operation on a provisioned product. Never a label: error texts and ids of records change
/// without end.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// How far it is.
    pub status: RecordStatus,
    /// What was done: PROVISION_PRODUCT, UPDATE_PROVISIONED_PRODUCT, …: an open set.
    pub kind: Box<str>,
    /// When it began, Unix seconds.
    pub created: Option<f64>,
    /// When it last moved, Unix seconds.
    pub updated: Option<f64>,
    /// The first error that AWS names.
    pub error: Option<RecordError>,
}

impl Record {
    /// Whether it will never change again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self.status, RecordStatus::Open(_))
    }

    /// Whether it ended badly.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.status == RecordStatus::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_operation_that_ended_is_final_and_a_status_of_tomorrow_is_open() {
        let record = |status: Option<&str>| Record {
            status: RecordStatus::read(status),
            kind: "".into(),
            created: None,
            updated: None,
            error: None,
        };
        let cases = [
            (Some("SUCCEEDED"), true),
            (Some("FAILED"), true),
            (Some("IN_PROGRESS"), false),
            (Some("IN_PROGRESS_IN_ERROR"), false),
            (Some("CREATED"), false),
            (Some("PAUSED"), false),
            (None, false),
        ];
        for (status, is_final) in cases {
            let record = record(status);
            assert_eq!(record.is_final(), is_final, "{status:?}");
            assert_eq!(record.status.as_str(), status.unwrap_or_default());
            assert_eq!(record.has_failed(), status == Some("FAILED"));
        }
    }
}
