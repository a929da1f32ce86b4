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
    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}
