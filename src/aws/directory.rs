//! Which accounts and regions there are.
//!
//! Everything is listed to the end or not at all: a list that lacks its last page would let healthy
//! targets disappear.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus, ChildType};
use tokio::time::Instant;

use super::caller::{Caller, Shared};
use super::classify::{CallError, Failure, failure};
use super::clients::Clients;
use super::identity::{Identity, identity};
use super::session::Session;
use crate::model::{AccountId, CallCounts, Operation, Reason, Region, account_and_region_of_arn};

/// The most that Organizations gives on a page (service model).
const ORGANIZATIONS_PAGE: i32 = 20;
/// The most that Account Management gives on a page (service model).
const REGIONS_PAGE: i32 = 50;
/// An organisation has tens of thousands of accounts at most; this is for 100,000.
const MAX_PAGES: usize = 5_000;
/// Below one root or unit. AWS's quota is 2,000 for a whole organisation unless it was raised.
const MAX_UNITS: usize = 10_000;
/// AWS nests units five deep; more is an answer that makes no sense.
const MAX_DEPTH: usize = 10;

/// An account of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub account: AccountId,
    /// Its name, as the organisation calls it; may be empty.
    pub name: String,
    /// The management account of its organisation.
    pub management: AccountId,
    /// Whether it is in use: neither pending, nor suspended, nor closed.
    pub active: bool,
}

/// Asks which accounts and regions there are, as one identity.
#[derive(Debug)]
pub struct DirectoryClient {
    region: Region,
    clients: Arc<Clients>,
    caller: Caller,
}

impl DirectoryClient {
    pub(super) fn new(region: Region, clients: Arc<Clients>, caller: Caller) -> Self {
        Self { region, clients, caller }
    }

    /// A client that asks by another session of the same identity: see
    /// [`TargetClient::continuing`](super::TargetClient::continuing).
    #[must_use]
    pub fn continuing(&self, session: &Session, shared: Shared) -> Self {
        let caller = session.caller(shared, Arc::clone(self.caller.ledger()));
        Self::new(session.region().clone(), session.clients(), caller)
    }

    /// All calls so far.
    #[must_use]
    pub fn counts(&self) -> CallCounts {
        self.caller.counts()
    }

    /// Asks whose credentials these are; within five seconds.
    ///
    /// # Errors
    /// As any call. This one needs no permission.
    pub async fn identity(&self) -> Result<Identity, CallError> {
        let identity = identity(&self.caller, &self.clients, &self.region).await;
        identity.map_err(|failure| self.caller.counted(failure))
    }

    /// Every account of the organisation, by its id; the management account too.
    ///
    /// # Errors
    /// When a page could not be had until the deadline, or makes no sense.
    pub async fn members(&self, deadline: Instant) -> Result<Vec<Member>, CallError> {
        const LIST: Operation = Operation::ListAccounts;
        let client = self.clients.organizations();
        let mut members = Members::new(LIST);
        let mut chain = Chain::new(LIST);
        while let Some(token) = chain.next() {
            let send = || {
                let request = client.list_accounts().max_results(ORGANIZATIONS_PAGE);
                let request = request.set_next_token(token.clone()).send();
                async {
                    let page = request.await.map_err(|error| failure(LIST, &error))?;
                    listed(LIST, page.accounts.is_some(), page)
                }
            };
            let page = self.call(LIST, deadline, send).await?;
            members.add(page.accounts())?;
            chain.page(page.next_token)?;
        }
        if members.found.is_empty() {
            let message = "the organisation has no account, not even that of its management";
            return Err(CallError::local(LIST, Reason::InvalidResponse, message));
        }
        Ok(members.into_list())
    }

    /// Every account below a root (`r-…`) or organisational unit (`ou-…`), at any depth, by its id.
    ///
    /// # Errors
    /// As [`DirectoryClient::members`]; and when units are nested without end.
    pub async fn members_below(
        &self,
        parent: &str,
        deadline: Instant,
    ) -> Result<Vec<Member>, CallError> {
        let client = self.clients.organizations();
        let mut members = Members::new(Operation::ListAccountsForParent);
        let mut seen = BTreeSet::from([parent.to_owned()]);
        let mut open = vec![(parent.to_owned(), 0)];
        while let Some((unit, depth)) = open.pop() {
            self.accounts_in(&client, &unit, &mut members, deadline).await?;
            for child in self.units_in(&client, &unit, deadline).await? {
                let fail = |reason, message| {
                    Err(CallError::local(Operation::ListChildren, reason, message))
                };
                if depth >= MAX_DEPTH {
                    let message = format!("units are nested more than {MAX_DEPTH} deep");
                    return fail(Reason::InvalidResponse, message);
                }
                if !seen.insert(child.clone()) {
                    let message = "a unit is in two others, or in itself".to_owned();
                    return fail(Reason::InvalidResponse, message);
                }
                if seen.len() > MAX_UNITS {
                    return fail(Reason::Limit, format!("there are more than {MAX_UNITS} units"));
                }
                open.push((child, depth + 1));
            }
        }
        Ok(members.into_list())
    }

    /// The accounts directly in a root or unit.
    async fn accounts_in(
        &self,
        client: &aws_sdk_organizations::Client,
        parent: &str,
        members: &mut Members,
        deadline: Instant,
    ) -> Result<(), CallError> {
        const LIST: Operation = Operation::ListAccountsForParent;
        let mut chain = Chain::new(LIST);
        while let Some(token) = chain.next() {
            let send = || {
                let request = client.list_accounts_for_parent().parent_id(parent);
                let request = request.max_results(ORGANIZATIONS_PAGE);
                let request = request.set_next_token(token.clone()).send();
                async {
                    let page = request.await.map_err(|error| failure(LIST, &error))?;
                    listed(LIST, page.accounts.is_some(), page)
                }
            };
            let page = self.call(LIST, deadline, send).await?;
            members.add(page.accounts())?;
            chain.page(page.next_token)?;
        }
        Ok(())
    }

    /// The units directly in a root or unit.
    async fn units_in(
        &self,
        client: &aws_sdk_organizations::Client,
        parent: &str,
        deadline: Instant,
    ) -> Result<BTreeSet<String>, CallError> {
        const LIST: Operation = Operation::ListChildren;
        let mut units = BTreeSet::new();
        let mut chain = Chain::new(LIST);
        while let Some(token) = chain.next() {
            let send = || {
                let request = client.list_children().parent_id(parent);
                let request = request.child_type(ChildType::OrganizationalUnit);
                let request = request.max_results(ORGANIZATIONS_PAGE);
                let request = request.set_next_token(token.clone()).send();
                async {
                    let page = request.await.map_err(|error| failure(LIST, &error))?;
                    listed(LIST, page.children.is_some(), page)
                }
            };
            let page = self.call(LIST, deadline, send).await?;
            for child in page.children() {
                let id = child.id().filter(|id| !id.is_empty());
                units.insert(id.ok_or_else(|| senseless(LIST, "a unit has no id"))?.to_owned());
            }
            chain.page(page.next_token)?;
        }
        Ok(units)
    }

    /// The regions that are enabled in the account of this identity, in the order of their names.
    ///
    /// # Errors
    /// When a page could not be had until the deadline, or makes no sense.
    pub async fn regions(&self, deadline: Instant) -> Result<Vec<Region>, CallError> {
        const LIST: Operation = Operation::ListRegions;
        const WANTED: [RegionOptStatus; 2] =
            [RegionOptStatus::Enabled, RegionOptStatus::EnabledByDefault];
        let client = self.clients.account();
        let mut regions = BTreeSet::new();
        let mut chain = Chain::new(LIST);
        while let Some(token) = chain.next() {
            let send = || {
                let request = client.list_regions().max_results(REGIONS_PAGE);
                let request = request.set_region_opt_status_contains(Some(WANTED.to_vec()));
                let request = request.set_next_token(token.clone()).send();
                async {
                    let page = request.await.map_err(|error| failure(LIST, &error))?;
                    listed(LIST, page.regions.is_some(), page)
                }
            };
            let page = self.call(LIST, deadline, send).await?;
            for region in page.regions() {
                if region.region_opt_status().is_some_and(|status| WANTED.contains(status)) {
                    let name = Region::parse(region.region_name().unwrap_or_default());
                    regions.insert(name.map_err(|error| senseless(LIST, error.to_string()))?);
                }
            }
            chain.page(page.next_token)?;
        }
        if regions.is_empty() {
            return Err(senseless(LIST, "no region is enabled in the account"));
        }
        Ok(regions.into_iter().collect())
    }

    async fn call<T, F>(
        &self,
        operation: Operation,
        deadline: Instant,
        send: impl FnMut() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let answer = self.caller.call(operation, deadline, send).await;
        answer.map_err(|failure| self.caller.counted(failure))
    }
}

/// A page, unless it lacks its list: what an empty body is read as.
fn listed<P>(operation: Operation, has_list: bool, page: P) -> Result<P, Failure>
where
    P: aws_types::request_id::RequestId,
{
    if has_list {
        return Ok(page);
    }
    Err(Failure::lacking(operation, "list, not even an empty one", &page))
}

fn senseless(operation: Operation, message: impl Into<String>) -> CallError {
    CallError::local(operation, Reason::InvalidResponse, message)
}

/// Accounts as they are listed, each once: the last one wins.
#[derive(Debug)]
struct Members {
    operation: Operation,
    found: BTreeMap<AccountId, Member>,
}

impl Members {
    fn new(operation: Operation) -> Self {
        Self { operation, found: BTreeMap::new() }
    }

    fn add(&mut self, accounts: &[Account]) -> Result<(), CallError> {
        for account in accounts {
            let member = member(account).map_err(|what| senseless(self.operation, what))?;
            self.found.insert(member.account.clone(), member);
        }
        Ok(())
    }

    fn into_list(self) -> Vec<Member> {
        self.found.into_values().collect()
    }
}

/// Its id becomes part of the ARN of a role, so it is read as strictly as if a person wrote it.
fn member(account: &Account) -> Result<Member, String> {
    let id = account.id().unwrap_or_default();
    let read = |text: &str| AccountId::parse(text).map_err(|error| error.to_string());
    // arn:aws:organizations::<management account>:account/<organisation>/<account>
    let management = account.arn().and_then(|arn| account_and_region_of_arn(arn).0);
    let management = management.ok_or_else(|| format!("account {id:?} has no ARN"))?;
    let active = is_active(account).ok_or_else(|| format!("account {id:?} has no state"))?;
    Ok(Member {
        account: read(id)?,
        name: account.name().unwrap_or_default().to_owned(),
        management: read(management.as_str())?,
        active,
    })
}

/// `Status` says the same as `State` where both are there; it is to go, and older stand-ins for AWS
/// know nothing else. (Organizations API reference, `Account`.)
fn is_active(account: &Account) -> Option<bool> {
    #[allow(deprecated, reason = "the only one there may be")]
    let status = account.status().map(|status| *status == AccountStatus::Active);
    account.state().map(|state| *state == AccountState::Active).or(status)
}

/// Follows the tokens of one list.
#[derive(Debug)]
struct Chain {
    operation: Operation,
    next: Option<Option<String>>,
    seen: BTreeSet<String>,
}

impl Chain {
    fn new(operation: Operation) -> Self {
        Self { operation, next: Some(None), seen: BTreeSet::new() }
    }

    /// The token of the next page, none for the first; `None` at the end.
    fn next(&mut self) -> Option<Option<String>> {
        self.next.take()
    }

    /// A page came, and names `token` for the next one. Short and empty pages may.
    fn page(&mut self, token: Option<String>) -> Result<(), CallError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(()) };
        if !self.seen.insert(token.clone()) {
            return Err(senseless(
                self.operation,
                "a page names a page token that was given before",
            ));
        }
        if self.seen.len() >= MAX_PAGES {
            let message = format!("the list goes on after {MAX_PAGES} pages");
            return Err(CallError::local(self.operation, Reason::Limit, message));
        }
        self.next = Some(Some(token));
        Ok(())
    }
}
