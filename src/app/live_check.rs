//! `check --live`: asks AWS once what every scan will ask, and says what is missing.

mod table;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::table::{Block, Row, Tally};
use super::daemon::Source;
use super::{limits, session, system_clock};
use crate::aws::{CallError, Identity, Receive, Session, Shared, TargetClient};
use crate::config::{Config, Events};
use crate::model::{AccountId, Operation, Product, Reason, Region, RoleArn, Way};
use crate::scan::{Discovery, Roster, Wanted};
use crate::snapshot::Found;
use crate::telemetry::{Scope, SelfMetrics};

/// For finding the targets, and for the questions to each of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// Identities or targets asked at once; the limits on calls hold besides.
const AT_ONCE: usize = 32;
/// Ids of the right shape that belong to nothing: whoever may ask hears that they do not exist.
const NO_PRODUCT: &str = "pp-aaaaaaaaaaaaa";
const NO_RECORD: &str = "rec-aaaaaaaaaaaaa";
const NO_ORIGIN: &str = "prod-aaaaaaaaaaaaa";

/// Scans would not be complete.
#[derive(Debug, thiserror::Error)]
pub enum LiveCheckFailed {
    /// Something that scans need does not work.
    #[error("{failed} of {asked} answers that scans depend on are failures; the table says which")]
    Missing {
        /// How many are.
        failed: usize,
        /// Of how many.
        asked: usize,
    },
    /// There may be more targets than those that were tried.
    #[error("not every target was found; what is above was tried")]
    NotFound,
    /// Nothing is scanned.
    #[error("there is no target: no account that is configured or found has a region to scan")]
    NoTarget,
}

/// What a live check found.
#[derive(Debug)]
pub struct LiveCheck {
    /// A table for people.
    pub table: String,
    /// Whether all that scans depend on works.
    pub result: Result<(), LiveCheckFailed>,
}

/// Tries each operation that the configuration needs, once for every target.
///
/// # Errors
/// When there is no AWS region.
pub async fn check_live(config: Config, source: Source) -> anyhow::Result<LiveCheck> {
    let config = Arc::new(config);
    let session = session(&config, &source).await?;
    let roster = find_targets(&config, Arc::clone(&session)).await;
    let by_role = by_role(&roster);
    let identities = identities(&by_role).await?;

    let (mut blocks, mut jobs, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken = HashSet::new();
    for (role, targets) in &by_role {
        if let Some(Err(error)) = identities.get(*role)
            && nothing_can_work(error)
        {
            blocks.push(without_credentials(targets, error));
        }
    }
    for wanted in &roster.targets {
        let identity = match identities.get(&wanted.key.role) {
            Some(Err(error)) if nothing_can_work(error) => continue,
            Some(Ok(identity)) => Ok(identity),
            Some(Err(error)) => Err(error),
            None => continue,
        };
        let named = identity.ok().map(|identity| &identity.account);
        let account = wanted.account.as_ref().or(named).cloned();
        let target = place(account.as_ref(), wanted.key.region.as_str(), wanted);
        if account.is_some() && !taken.insert((account.clone(), wanted.key.region.clone())) {
            twice.push(target);
            continue;
        }
        let role = || wanted.key.role.as_ref().map_or_else(String::new, ToString::to_string);
        let identity_shown = identity.map_or_else(|_| role(), |identity| identity.arn.clone());
        // Scans do without this answer where an ARN names the account.
        let unknown = identity.err().filter(|_| wanted.account.is_none());
        let row = |e: &CallError| Row::optional(Operation::GetCallerIdentity, Err(e.clone()));
        let rows = unknown.map(row).into_iter().collect();
        let block = Block { target, identity: identity_shown, targets: 1, account, rows };
        jobs.push(try_target(block, Arc::clone(&wanted.client), Arc::clone(&config)));
    }
    blocks.extend(all_of(jobs).await?);
    let mut found = directory_blocks(&roster, &blocks);
    if let Some(events) = &config.events {
        found.push(queue_block(&session, events).await);
    }
    Ok(conclude(&found, &blocks, &twice, &roster))
}

/// The targets, or those that are found while one can wait.
async fn find_targets(config: &Arc<Config>, session: Arc<Session>) -> Arc<Roster> {
    let metrics = Arc::new(SelfMetrics::new(Scope::OneScan));
    let shared = Shared::new(&limits(&config.aws), Arc::clone(&metrics));
    let config = Arc::clone(config);
    let (discovery, mut roster) = Discovery::new(config, session, shared, system_clock(), metrics);
    let (_configs, none) = mpsc::channel(1);
    // Ended when it is dropped.
    let mut beside = JoinSet::new();
    beside.spawn(discovery.run(none, |config| limits(&config.aws)));
    let found = roster.wait_for(|roster| roster.found != Found::NotYet);
    let _ = tokio::time::timeout(PATIENCE, found).await;
    Arc::clone(&roster.borrow())
}

type ByRole<'r> = BTreeMap<&'r Option<RoleArn>, Vec<&'r Wanted>>;

/// The targets of each identity.
fn by_role(roster: &Roster) -> ByRole<'_> {
    let mut groups = ByRole::new();
    for wanted in &roster.targets {
        groups.entry(&wanted.key.role).or_default().push(wanted);
    }
    groups
}

/// Who each identity is: asked for once, in the first of its regions.
async fn identities(
    by_role: &ByRole<'_>,
) -> anyhow::Result<BTreeMap<Option<RoleArn>, Result<Identity, CallError>>> {
    let ask = |(role, targets): (&&Option<RoleArn>, &Vec<&Wanted>)| {
        let (role, client) = ((*role).clone(), Arc::clone(&targets.first()?.client));
        Some(async move { (role, client.identity().await) })
    };
    let answers = all_of(by_role.iter().filter_map(ask).collect()).await?;
    Ok(answers.into_iter().collect())
}

/// Does all of it, so many at once, and gives the results in the order of the jobs.
async fn all_of<T: Send + 'static>(
    jobs: Vec<impl Future<Output = T> + Send + 'static>,
) -> anyhow::Result<Vec<T>> {
    let mut waiting = jobs.into_iter().enumerate();
    let (mut under_way, mut done) = (JoinSet::new(), Vec::new());
    loop {
        while under_way.len() < AT_ONCE
            && let Some((n, job)) = waiting.next()
        {
            under_way.spawn(async move { (n, job.await) });
        }
        let Some(ended) = under_way.join_next().await else { break };
        done.push(ended?);
    }
    done.sort_by_key(|(n, _)| *n);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Without credentials each further call would say the same.
fn nothing_can_work(error: &CallError) -> bool {
    error.operation == Operation::AssumeRole || error.reason == Reason::Credentials
}

/// Account and region, and what people call the account.
fn place(account: Option<&AccountId>, regions: &str, wanted: &Wanted) -> String {
    let mut text = format!("{} {regions}", account.map_or("?", AccountId::as_str));
    if !wanted.names.account_name.is_empty() {
        let _ = write!(text, " ({})", wanted.names.account_name);
    }
    // Organizations takes names of all kinds.
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// All targets of an identity that cannot be used.
fn without_credentials(targets: &[&Wanted], error: &CallError) -> Block {
    let regions: Vec<&Region> = targets.iter().map(|wanted| &wanted.key.region).collect();
    let regions = match &regions[..] {
        [] => String::new(),
        [region] => region.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    };
    let account = targets.first().and_then(|wanted| wanted.account.as_ref());
    let role = targets.first().and_then(|wanted| wanted.key.role.as_ref());
    Block {
        target: targets.first().map_or_else(String::new, |w| place(account, &regions, w)),
        identity: role.map_or_else(String::new, ToString::to_string),
        targets: targets.len(),
        account: account.cloned(),
        rows: vec![Row::required(error.operation, Err(error.clone()))],
    }
}

/// Fills in what that target answers.
async fn try_target(mut block: Block, client: Arc<TargetClient>, config: Arc<Config>) -> Block {
    let deadline = Instant::now() + PATIENCE;
    let products = client.products(None, deadline).await;
    let stop = products
        .as_ref()
        .err()
        .is_some_and(|error| nothing_can_work(error) || error.reason == Reason::RegionDisabled);
    let listed = products.as_ref().map(|page| page.products.as_slice()).unwrap_or_default();
    let set = listed.iter().find(|product| product.is_stack_set() && !product.id.is_empty());
    let set = set.map(|product| product.id.to_string());
    let record = listed.iter().find(|product| !product.last_record.is_empty());
    let record = record.map(|product| product.last_record.to_string());
    let origin = listed.iter().find(|product| !product.product_id.is_empty());
    let origin = origin.map(|product| product.product_id.to_string());
    let products = products.map(|page| first_page(&page.products, page.next.is_some()));
    block.rows.push(Row::required(Operation::ScanProvisionedProducts, products));
    if stop {
        return block;
    }

    let id = set.as_deref().unwrap_or(NO_PRODUCT);
    let listing = client.stack_instances(id, None, deadline).await.map(|_| String::new());
    let listing = if set.is_none() { permitted(listing) } else { listing };
    block.rows.push(Row::required(Operation::ListStackInstancesForProvisionedProduct, listing));
    if config.enrich.names_and_tags {
        let names = client.names(None, deadline).await.map(|_| String::new());
        block.rows.push(Row::optional(Operation::SearchProvisionedProducts, names));
    }
    if config.enrich.records {
        let id = record.as_deref().unwrap_or(NO_RECORD);
        let answer = client.record(id, deadline).await.map(|_| String::new());
        let answer = if record.is_none() { permitted(answer) } else { answer };
        block.rows.push(Row::optional(Operation::DescribeRecord, answer));
    }
    if config.versions.is_some() {
        let id = origin.as_deref().unwrap_or(NO_ORIGIN);
        for way in Way::ALL {
            let answer = client.versions(id, way, deadline).await.map(|_| String::new());
            let answer = if origin.is_none() { permitted(answer) } else { not_for_it(answer) };
            block.rows.push(Row::optional(way.operation(), answer));
        }
    }
    block
}

fn first_page(products: &[Product], more: bool) -> String {
    match (products.len(), more) {
        (1, false) => "1 provisioned product".into(),
        (count, false) => format!("{count} provisioned products"),
        (count, true) => format!("{count} provisioned products, and more"),
    }
}

/// AWS says that there is no such thing only to those who may ask.
fn permitted(answer: Result<String, CallError>) -> Result<String, CallError> {
    match answer {
        Err(error) if error.is_refusal() => {
            Ok("not denied; asked for an id that is nothing's".into())
        }
        other => other,
    }
}

/// What the queue of events answers. Nothing is taken from it: a message that is seen can be seen
/// by others at once, and what is to be deleted is none. Scans do without either.
async fn queue_block(session: &Session, events: &Events) -> Block {
    let queue = session.queue(&events.queue_url, &events.endpoint_url, &events.region);
    let received = queue.receive(Receive::Looking).await.map(|_| String::new());
    let deleted = queue.may_delete().await.map(|()| String::new());
    Block {
        target: format!("{} {} (events)", events.account, events.region),
        identity: String::new(),
        targets: 0,
        account: Some(events.account.clone()),
        rows: vec![
            Row::optional(Operation::ReceiveMessage, received),
            Row::optional(Operation::DeleteMessageBatch, deleted),
        ],
    }
}

/// Each of these calls is for some products only, and one that answers is enough.
fn not_for_it(answer: Result<String, CallError>) -> Result<String, CallError> {
    match answer {
        Err(error) if error.is_refusal() => Ok("not denied; not for this product".into()),
        other => other,
    }
}

/// What finding the targets took, by the account that was asked.
fn directory_blocks(roster: &Roster, targets: &[Block]) -> Vec<Block> {
    let mut accounts: BTreeMap<Option<&AccountId>, Vec<Row>> = BTreeMap::new();
    let failed: BTreeSet<_> = roster
        .failures
        .iter()
        .map(|(account, error)| (account.as_ref(), error.operation))
        .collect();
    for (account, calls) in &roster.calls {
        // What must work before anything else does, or needs no permission.
        let implied = [Operation::AssumeRole, Operation::GetCallerIdentity];
        let worked = calls.operations.keys().filter(|operation| {
            !implied.contains(operation) && !failed.contains(&(Some(account), **operation))
        });
        let rows = worked.map(|operation| Row::required(*operation, Ok(String::new())));
        accounts.entry(Some(account)).or_default().extend(rows);
    }
    for (account, error) in &roster.failures {
        // A role that cannot be assumed is told where its targets are.
        let told = |block: &Block| {
            account.is_some()
                && block.account == *account
                && block.rows.iter().any(|row| row.is(error.operation) && row.result.is_err())
        };
        if error.operation != Operation::AssumeRole || !targets.iter().any(told) {
            let row = Row::required(error.operation, Err(error.clone()));
            accounts.entry(account.as_ref()).or_default().push(row);
        }
    }
    let block = |(account, rows): (Option<&AccountId>, Vec<Row>)| Block {
        // As these calls are labelled in the metrics.
        target: format!("{} aws-global", account.map_or("?", AccountId::as_str)),
        identity: String::new(),
        targets: 0,
        account: account.cloned(),
        rows,
    };
    accounts.into_iter().filter(|(_, rows)| !rows.is_empty()).map(block).collect()
}

fn conclude(found: &[Block], tried: &[Block], twice: &[String], roster: &Roster) -> LiveCheck {
    let blocks: Vec<&Block> = found.iter().chain(tried).collect();
    let tally = Tally::of(&blocks);
    let mut table = table::table(&blocks);
    table.push_str(&tally.summary());
    for target in twice {
        let _ = writeln!(
            table,
            "{target} is there twice: the one that is listed later is not scanned."
        );
    }
    let (here, all) = (roster.targets.len(), roster.configured);
    if here < all {
        let _ =
            writeln!(table, "{here} of {all} targets belong to this shard; others are not tried.");
    }
    let of_management =
        |block: &&Block| roster.management.is_some() && block.account == roster.management;
    if tried.iter().filter(of_management).any(Block::is_broken) {
        table.push_str(
            "The management account cannot be scanned, and it owns every Account Factory product. \
             StackSets never deploy to it: create the role there by a stack of its own, or run \
             the exporter there; or leave it out with organization.exclude_accounts.\n",
        );
    }
    if roster.found == Found::NotYet {
        let _ = writeln!(
            table,
            "Within {PATIENCE:?} AWS did not say which targets there are; what is not above was \
             not tried."
        );
    }
    let result = if tally.failed > 0 {
        Err(LiveCheckFailed::Missing { failed: tally.failed, asked: tally.asked })
    } else if roster.found != Found::Wholly {
        Err(LiveCheckFailed::NotFound)
    } else if all == 0 {
        Err(LiveCheckFailed::NoTarget)
    } else {
        Ok(())
    };
    LiveCheck { table, result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_ask_for_what_does_not_exist_may_ask() {
        let mut error = CallError::local(Operation::DescribeRecord, Reason::AccessDenied, "");
        assert!(permitted(Err(error.clone())).is_err());
        error.code = "ResourceNotFoundException".into();
        assert!(permitted(Err(error)).is_ok());
    }

    #[tokio::test]
    async fn jobs_are_done_so_many_at_once_and_told_in_their_order() {
        let running = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let job = |n: usize| {
            let running = Arc::clone(&running);
            async move {
                use std::sync::atomic::Ordering::SeqCst;
                let now = running.fetch_add(1, SeqCst) + 1;
                for _ in 0..(100 - n) {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, SeqCst);
                (n, now)
            }
        };
        let done = all_of((0..100).map(job).collect()).await.unwrap();
        assert!(done.iter().map(|(n, _)| *n).eq(0..100));
        assert_eq!(done.iter().map(|(_, now)| *now).max(), Some(AT_ONCE));
    }
}
