//! Whose credentials they are.

use std::time::Duration;

use tokio::time::Instant;

use super::caller::Caller;
use super::classify::{Failure, failure};
use super::clients::{Clients, sdk_region};
use crate::model::{AccountId, Operation, Region};

/// Asking who we are may take this long.
const IDENTITY_TIMEOUT: Duration = Duration::from_secs(5);

/// Whose credentials are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The user or role session.
    pub arn: String,
}

/// Asks STS of that region; within five seconds.
pub(super) async fn identity(
    caller: &Caller,
    clients: &Clients,
    region: &Region,
) -> Result<Identity, Failure> {
    const WHO: Operation = Operation::GetCallerIdentity;
    let send = || {
        let there = aws_sdk_sts::Config::builder().region(sdk_region(region));
        let request = clients.sts().get_caller_identity().customize().config_override(there);
        async { request.send().await.map_err(|error| failure(WHO, &error)) }
    };
    let answer = caller.call(WHO, Instant::now() + IDENTITY_TIMEOUT, send).await?;
    let account = answer.account().filter(|account| !account.is_empty());
    let account =
        account.map(AccountId::new).ok_or_else(|| Failure::lacking(WHO, "account", &answer))?;
    caller.ledger().belongs_to(&account);
    Ok(Identity { account, arn: answer.arn().unwrap_or_default().to_owned() })
}
