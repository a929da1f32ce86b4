//! Why something failed: a closed set, because it becomes a label.

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// Why a call or a stage of a scan failed, most telling first: of several failures of one
        /// stage the smallest is exported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $variant),+ }

        impl Reason {
            /// Every reason, most telling first.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The label value.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

reasons! {
    /// AWS asked to slow down, and the deadline came meanwhile.
    Throttled = "throttled",
    /// A service control policy of the organisation forbids it.
    ScpDenied = "scp_denied",
    /// The identity lacks a permission.
    AccessDenied = "access_denied",
    /// No, expired, or invalid credentials, or a wrong clock.
    Credentials = "credentials",
    /// The region is not enabled in that account.
    RegionDisabled = "region_disabled",
    /// A deadline passed.
    Timeout = "timeout",
    /// DNS, connect, TLS, or a connection that broke.
    Network = "network",
    /// AWS failed: 5xx.
    ServerError = "server_error",
    /// An answer that cannot be read or makes no sense.
    InvalidResponse = "invalid_response",
    /// More pages or bytes than allowed.
    Limit = "limit",
    /// Everything else, a panic too.
    Other = "other",
}

impl Reason {
    /// The reason of that label value.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == text)
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether asking again soon is of no use: somebody has to mend it.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        (Self::ScpDenied..=Self::RegionDisabled).contains(&self)
    }
}

impl Reason {
    /// What it stands for; Markdown.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Throttled => {
                "ThrottlingException and its kin, `ValidationException: Rate exceeded`; also when \
                 the deadline came while throttled"
            }
            Self::ScpDenied => "denied by a service control policy of the organisation",
            Self::AccessDenied => {
                "any other denial; ResourceNotFoundException for a product that the next complete \
                 list still holds"
            }
            Self::Credentials => "no, expired or invalid credentials, or a wrong clock",
            Self::RegionDisabled => {
                "OptInRequired; or credentials that AWS does not know there but knows in a region \
                 that every account has"
            }
            Self::Timeout => "a deadline: connect, attempt or scan",
            Self::Network => "DNS, connect, TLS, or a connection that broke",
            Self::ServerError => "HTTP 5xx, InternalFailure, ServiceUnavailable",
            Self::InvalidResponse => {
                "an answer that cannot be read, a page token that repeats or is refused"
            }
            Self::Limit => "more pages than `scan.max_pages`, or an answer over 8 MiB",
            Self::Other => "everything else, a panic too",
        }
    }

    /// What the user can do about it, when `operation` failed for this reason.
    #[must_use]
    pub fn remedy(self, operation: super::Operation) -> String {
        let action = operation.iam_action();
        match self {
            Self::Throttled => "lower aws.max_requests_per_second, or raise scan.interval and \
                scan.timeout; other callers in this account and region share its quota"
                .into(),
            Self::ScpDenied => format!(
                "a service control policy denies {action}: exempt the exporter's role in it, or \
                 leave this account and region out"
            ),
            Self::AccessDenied if action.starts_with("servicecatalog:") => format!(
                "allow {action} on * for this identity (with the condition StringEquals \
                 servicecatalog:accountLevel self, if any)"
            ),
            Self::AccessDenied if action.starts_with("sqs:") => format!(
                "check that the queue of events.queue_url exists, and allow {action} on it for \
                 this identity, and kms:Decrypt if it is encrypted with a key of yours"
            ),
            Self::AccessDenied => format!("allow {action} on * for this identity"),
            Self::Credentials if operation == super::Operation::AssumeRole => {
                "check that the role exists, that its trust policy names the identity of the \
                 exporter and the external id that is configured, if any, and that this identity \
                 may sts:AssumeRole it"
                    .into()
            }
            Self::Credentials => "check the credentials of this process, that they have not \
                expired, and the clock of this machine"
                .into(),
            Self::RegionDisabled => "enable the region in this account, or leave it out".into(),
            Self::Timeout => "check the way to AWS; where it is slow or the account is large, \
                raise aws.attempt_timeout or scan.timeout"
                .into(),
            Self::Network => {
                "check DNS, routes, proxy and TLS on the way to the AWS endpoint".into()
            }
            Self::ServerError => "AWS failed; the next scan tries again".into(),
            Self::InvalidResponse => "the next scan tries again; if it stays, look for a proxy \
                that changes answers, and report it with the request id"
                .into(),
            Self::Limit => "raise scan.max_pages if the account really has so many pages; an answer over 8 MiB \
                comes from something else than AWS"
                .into(),
            Self::Other => "read the message; if it is no mistake of the configuration, please \
                report it with the request id"
                .into(),
        }
    }
}
