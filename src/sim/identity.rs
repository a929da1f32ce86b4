//! Who calls: access keys, roles, and the credentials that a role gives for a while.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::random::Random;

/// Who an access key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub account: String,
    /// The user or the session of a role, as GetCallerIdentity names it.
    pub arn: String,
}

impl Principal {
    /// The role that this is a session of, `arn:aws:iam::<account>:role/<name>`, if it is one.
    fn role_arn(&self) -> Option<String> {
        let (partition, rest) = self.arn.strip_prefix("arn:")?.split_once(":sts::")?;
        let (account, rest) = rest.split_once(":assumed-role/")?;
        let (name, _session) = rest.rsplit_once('/')?;
        Some(format!("arn:{partition}:iam::{account}:role/{name}"))
    }
}

/// Who may assume a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Every caller that the world knows.
    Anyone,
    /// These: ids of accounts, or ARNs of users, roles, sessions or `arn:aws:iam::<account>:root`.
    Listed(Vec<String>),
}

impl Trust {
    fn includes(&self, caller: &Principal) -> bool {
        let Trust::Listed(listed) = self else { return true };
        let role = caller.role_arn();
        let root = format!(":iam::{}:root", caller.account);
        listed.iter().any(|trusted| {
            *trusted == caller.account
                || *trusted == caller.arn
                || Some(trusted) == role.as_ref()
                || trusted.strip_prefix("arn:").is_some_and(|rest| rest.ends_with(&root))
        })
    }
}

/// A role that can be assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `arn:aws:iam::<account>:role/<path and name>`
    pub arn: String,
    /// The account it is in.
    pub account: String,
    /// What the caller has to say, if anything.
    pub external_id: Option<String>,
    /// Who may assume it.
    pub trusted: Trust,
    /// `MaxSessionDuration`: who asks for longer is refused.
    pub longest_session: Duration,
    /// How long its credentials live whatever is asked for. AWS gives 15 minutes at least; a test
    /// may want seconds.
    pub lifetime: Option<Duration>,
}

impl Role {
    /// A role that everyone may assume, for an hour at most.
    #[must_use]
    pub fn new(account: &str, name: &str) -> Self {
        Role {
            arn: format!("arn:aws:iam::{account}:role/{name}"),
            account: account.to_owned(),
            external_id: None,
            trusted: Trust::Anyone,
            longest_session: Duration::from_secs(3600),
            lifetime: None,
        }
    }

    /// The same role, for callers only that say this external id.
    #[must_use]
    pub fn with_external_id(mut self, external_id: &str) -> Self {
        self.external_id = Some(external_id.to_owned());
        self
    }

    /// The same role, for these callers only; see [`Trust::Listed`].
    #[must_use]
    pub fn trusting<T: Into<String>>(mut self, trusted: impl IntoIterator<Item = T>) -> Self {
        self.trusted = Trust::Listed(trusted.into_iter().map(Into::into).collect());
        self
    }

    /// The same role with credentials that live exactly that long.
    #[must_use]
    pub fn living(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Whether the trust policy lets `caller` in.
    pub(super) fn admits(&self, caller: &Principal, external_id: Option<&str>) -> bool {
        self.trusted.includes(caller)
            && self.external_id.as_deref().is_none_or(|wanted| external_id == Some(wanted))
    }

    /// What a session of it is called.
    pub(super) fn session_arn(&self, session: &str) -> String {
        let name = self.arn.rsplit('/').next().unwrap_or_default();
        let partition = self.arn.split(':').nth(1).unwrap_or("aws");
        format!("arn:{partition}:sts::{}:assumed-role/{name}/{session}", self.account)
    }
}

/// Credentials of a role, as they were given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub access_key: String,
    pub secret: String,
    pub token: String,
    pub principal: Principal,
    /// When they end, since the world began.
    pub ends: Duration,
}

/// What the world knows of an access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known<'a> {
    Yes(&'a Principal),
    Expired,
    /// Nobody's, or sent without the token that belongs to it.
    No,
}

/// Every access key, those of users and those of sessions.
#[derive(Debug, Clone)]
pub(super) struct Identities {
    principals: BTreeMap<String, Principal>,
    sessions: BTreeMap<String, Session>,
    /// The keys of the sessions, oldest first.
    issued: VecDeque<String>,
    random: Random,
}

/// How many sessions are known. The oldest are forgotten, and unknown instead of expired.
const SESSIONS_KEPT: usize = 65_536;

impl Identities {
    pub fn new(seed: u64) -> Self {
        Identities {
            principals: BTreeMap::new(),
            sessions: BTreeMap::new(),
            issued: VecDeque::new(),
            random: Random::new(seed),
        }
    }

    pub fn add(&mut self, access_key: &str, principal: Principal) {
        self.principals.insert(access_key.to_owned(), principal);
    }

    /// Who sent `access_key` and `token`, `now` since the world began.
    pub fn who(&self, access_key: &str, token: Option<&str>, now: Duration) -> Known<'_> {
        if let Some(principal) = self.principals.get(access_key) {
            return Known::Yes(principal);
        }
        match self.sessions.get(access_key) {
            Some(session) if Some(session.token.as_str()) != token => Known::No,
            Some(session) if session.ends <= now => Known::Expired,
            Some(session) => Known::Yes(&session.principal),
            None => Known::No,
        }
    }

    /// Whether the key belongs to the session of a role that was assumed here.
    pub fn is_session(&self, access_key: &str) -> bool {
        self.sessions.contains_key(access_key)
    }

    /// Gives out credentials.
    pub fn issue(&mut self, principal: Principal, ends: Duration) -> Session {
        let session = Session {
            access_key: format!("ASIA{}{}", self.letters(8), self.letters(8)),
            secret: (0..5).map(|_| self.letters(8)).collect(),
            token: (0..30).map(|_| self.letters(8)).collect(),
            principal,
            ends,
        };
        if self.issued.len() == SESSIONS_KEPT
            && let Some(oldest) = self.issued.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        self.issued.push_back(session.access_key.clone());
        self.sessions.insert(session.access_key.clone(), session.clone());
        session
    }

    /// Up to twelve capital letters and digits.
    fn letters(&mut self, count: usize) -> String {
        self.random.id("").to_uppercase().chars().skip(1).take(count).collect()
    }
}
