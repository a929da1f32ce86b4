//! `check --live`: asks AWS once what every scan will ask, and says what is missing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::daemon::Source;
use super::{limits, session, system_clock};
use crate::aws::{CallError, Shared, TargetClient};
use crate::config::Config;
use crate::model::{AccountId, Operation, Product, Reason};
use crate::scan::{Discovery, Roster, Wanted};
use crate::snapshot::Found;
use crate::telemetry::{Scope, SelfMetrics};

/// For finding the targets, and for the questions to each of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// Targets asked at once; the limits on calls hold besides.
const AT_ONCE: usize = 32;
/// Ids of the right shape that belong to nothing: whoever may ask hears that they do not exist.
const NO_PRODUCT: &str = "pp-aaaaaaaaaaaaa";
const NO_RECORD: &str = "rec-aaaaaaaaaaaaa";

/// Something that scans need does not work.
#[derive(Debug, thiserror::Error)]
#[error("{missing} of {asked} questions that scans depend on failed; the table says which")]
pub struct LiveCheckFailed {
    missing: usize,
    asked: usize,
}

/// What a live check found.
#[derive(Debug)]
pub struct LiveCheck {
    /// A table for people.
    pub table: String,
    /// Whether all that scans depend on works.
    pub result: Result<(), LiveCheckFailed>,
}

/// One line of the table.
#[derive(Debug, PartialEq)]
struct Row {
    target: String,
    identity: String,
    operation: Operation,
    required: bool,
    result: Result<String, CallError>,
    hint: Option<&'static str>,
}

/// Tries each operation that the configuration needs, once for every target.
///
/// # Errors
/// When there is no AWS region.
pub async fn check_live(config: Config, source: Source) -> anyhow::Result<LiveCheck> {
    let config = Arc::new(config);
    let session = session(&config, &source).await?;
    let metrics = Arc::new(SelfMetrics::new(Scope::OneScan));
    let shared = Shared::new(&limits(&config.aws), Arc::clone(&metrics));
    let (discovery, mut roster) =
        Discovery::new(Arc::clone(&config), session, shared, system_clock(), metrics);
    let (_configs, none) = mpsc::channel(1);
    let mut beside = JoinSet::new();
    beside.spawn(discovery.run(none, |config| limits(&config.aws)));
    let found = roster.wait_for(|roster| roster.found != Found::NotYet);
    // What is known by then is tried all the same.
    let _ = tokio::time::timeout(PATIENCE, found).await;
    let roster = Arc::clone(&roster.borrow());
    beside.abort_all();

    let mut rows = directory_rows(&roster);
    let mut waiting: Vec<Wanted> = roster.targets.iter().rev().cloned().collect();
    let mut asking = JoinSet::new();
    let mut of_targets = Vec::new();
    loop {
        while asking.len() < AT_ONCE
            && let Some(wanted) = waiting.pop()
        {
            let (place, config) = (roster.targets.len() - waiting.len(), Arc::clone(&config));
            let management = roster.management.clone();
            asking.spawn(async move { (place, try_target(&wanted, &config, management).await) });
        }
        let Some(done) = asking.join_next().await else { break };
        of_targets.push(done?);
    }
    of_targets.sort_by_key(|(place, _)| *place);
    rows.extend(of_targets.into_iter().flat_map(|(_, rows)| rows));
    Ok(conclude(&rows, &roster))
}

fn conclude(rows: &[Row], roster: &Roster) -> LiveCheck {
    let asked = rows.iter().filter(|row| row.required).count();
    let missing = rows.iter().filter(|row| row.required && row.result.is_err()).count();
    let nothing = roster.targets.is_empty();
    let mut table = table(rows);
    if nothing {
        table.push_str(
            "There is no target: no account that is configured or found has a region to scan.\n",
        );
    }
    if roster.found == Found::NotYet {
        let _ = writeln!(table, "Not every target was found within {PATIENCE:?}.");
    }
    let whole = missing == 0 && !nothing && roster.found == Found::Wholly;
    let result = if whole { Ok(()) } else { Err(LiveCheckFailed { missing, asked }) };
    LiveCheck { table, result }
}

/// What finding the targets took.
fn directory_rows(roster: &Roster) -> Vec<Row> {
    let mut rows = Vec::new();
    let row = |account: &str, operation, required, result| Row {
        target: account.to_owned(),
        identity: String::new(),
        operation,
        required,
        result,
        hint: None,
    };
    let failed: BTreeSet<Operation> =
        roster.failures.iter().map(|(_, error)| error.operation).collect();
    for (account, calls) in &roster.calls {
        for operation in calls.operations.keys().filter(|operation| !failed.contains(operation)) {
            rows.push(row(account.as_str(), *operation, true, Ok(String::new())));
        }
    }
    for (account, error) in &roster.failures {
        let account = account.as_ref().map_or("this account", AccountId::as_str);
        rows.push(row(account, error.operation, true, Err(error.clone())));
    }
    rows
}

async fn try_target(wanted: &Wanted, config: &Config, management: Option<AccountId>) -> Vec<Row> {
    let (client, deadline) = (&wanted.client, Instant::now() + PATIENCE);
    let identity = client.identity().await;
    let account = wanted.account.clone().or(identity.as_ref().ok().map(|who| who.account.clone()));
    let mut target = format!(
        "{} {}",
        account.as_ref().map_or("?", AccountId::as_str),
        wanted.key.region.as_str()
    );
    if !wanted.names.account_name.is_empty() {
        let _ = write!(target, " ({})", wanted.names.account_name);
    }
    let is_management = management.is_some() && management == account;
    let hint = is_management.then_some(
        "this is the management account: it owns every Account Factory product, and StackSets \
         never deploy to it; create its role by a stack of its own, or run the exporter there",
    );
    let who = match &identity {
        Ok(who) => who.arn.clone(),
        Err(_) => wanted.key.role.as_ref().map_or_else(String::new, ToString::to_string),
    };
    let row = |operation, required, result| Row {
        target: target.clone(),
        identity: who.clone(),
        operation,
        required,
        result,
        hint,
    };
    let mut rows = Vec::new();
    if let Err(error) = identity
        && error.reason == Reason::Credentials
    {
        // Nothing else can work, and each further try would say the same.
        let operation = match wanted.key.role {
            Some(_) => Operation::AssumeRole,
            None => Operation::GetCallerIdentity,
        };
        return vec![row(operation, true, Err(error))];
    }
    let products = client.products(None, deadline).await;
    let listed = products.as_ref().map(|page| page.products.as_slice()).unwrap_or_default();
    let set = listed.iter().find(|product| product.is_stack_set() && !product.id.is_empty());
    let set = set.map(|product| product.id.to_string());
    let record = listed.iter().find(|product| !product.last_record.is_empty());
    let record = record.map(|product| product.last_record.to_string());
    rows.push(row(
        Operation::ScanProvisionedProducts,
        true,
        products.map(|page| first_page(&page.products, page.next.is_some())),
    ));
    rows.push(row(
        Operation::ListStackInstancesForProvisionedProduct,
        true,
        try_listing(client, set.as_deref(), deadline).await,
    ));
    if config.enrich.names_and_tags {
        let page = client.names(None, deadline).await;
        rows.push(row(Operation::SearchProvisionedProducts, false, page.map(|_| String::new())));
    }
    if config.enrich.records {
        let answer = client.record(record.as_deref().unwrap_or(NO_RECORD), deadline).await;
        let answer = answer.map(|_| String::new());
        let answer = if record.is_none() { permitted(answer) } else { answer };
        rows.push(row(Operation::DescribeRecord, false, answer));
    }
    rows
}

fn first_page(products: &[Product], more: bool) -> String {
    format!("{}{} provisioned products", products.len(), if more { " and more" } else { "" })
}

async fn try_listing(
    client: &TargetClient,
    set: Option<&str>,
    deadline: Instant,
) -> Result<String, CallError> {
    let answer = client.stack_instances(set.unwrap_or(NO_PRODUCT), None, deadline).await;
    let answer = answer.map(|_| String::new());
    if set.is_none() { permitted(answer) } else { answer }
}

/// AWS says that there is no such thing only to those who may ask.
fn permitted(answer: Result<String, CallError>) -> Result<String, CallError> {
    match answer {
        Err(error) if error.is_refusal() => Ok("permitted; there is none to ask for".into()),
        other => other,
    }
}

fn table(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &str, least: usize| {
        rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0).max(least)
    };
    let target = width(|row| &row.target, "TARGET".len());
    let operation = width(|row| row.operation.as_str(), "OPERATION".len());
    let mut text = format!("{:target$}  {:operation$}  RESULT\n", "TARGET", "OPERATION");
    let mut last = None;
    for row in rows {
        let same = last == Some((&row.target, &row.identity));
        if !same && !row.identity.is_empty() {
            let _ = writeln!(text, "{:target$}  as {}", row.target, row.identity);
        }
        last = Some((&row.target, &row.identity));
        let shown = if row.identity.is_empty() { row.target.as_str() } else { "" };
        let result = match &row.result {
            Ok(detail) if detail.is_empty() => "ok".to_owned(),
            Ok(detail) => format!("ok: {detail}"),
            Err(error) => failure(row, error),
        };
        let name = row.operation.as_str();
        let _ = writeln!(text, "{shown:target$}  {name:operation$}  {result}");
    }
    text
}

fn failure(row: &Row, error: &CallError) -> String {
    let mut text = String::from(if row.required { "FAILED" } else { "failed, not required" });
    let _ = write!(text, ": {}", error.reason.as_str());
    let asked = error.operation;
    let action = if error.reason == Reason::Credentials { row.operation } else { asked };
    if matches!(error.reason, Reason::AccessDenied | Reason::ScpDenied | Reason::Credentials) {
        let _ = write!(text, "; missing: {}", action.iam_action());
    }
    let _ = write!(text, " ({})", error.message);
    if let Some(hint) = row.hint.filter(|_| row.required) {
        let _ = write!(text, "; {hint}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(operation: Operation, required: bool, failure: Option<Reason>) -> Row {
        let result = match failure {
            None => Ok(String::new()),
            Some(reason) => Err(CallError::local(operation, reason, "no")),
        };
        Row {
            target: "123456789012 eu-central-1".into(),
            identity: "arn:aws:sts::123456789012:assumed-role/Exporter/x".into(),
            operation,
            required,
            result,
            hint: None,
        }
    }

    #[test]
    fn the_table_names_the_action_that_is_missing() {
        let rows = [
            row(Operation::ScanProvisionedProducts, true, None),
            row(
                Operation::ListStackInstancesForProvisionedProduct,
                true,
                Some(Reason::AccessDenied),
            ),
            row(Operation::DescribeRecord, false, Some(Reason::AccessDenied)),
        ];
        assert_eq!(
            table(&rows),
            "\
TARGET                     OPERATION                                RESULT
123456789012 eu-central-1  as arn:aws:sts::123456789012:assumed-role/Exporter/x
                           ScanProvisionedProducts                  ok
                           ListStackInstancesForProvisionedProduct  FAILED: access_denied; missing: servicecatalog:ListStackInstancesForProvisionedProduct (no)
                           DescribeRecord                           failed, not required: access_denied; missing: servicecatalog:DescribeRecord (no)
"
        );
    }

    #[test]
    fn who_may_ask_for_what_does_not_exist_may_ask() {
        let mut error = CallError::local(Operation::DescribeRecord, Reason::AccessDenied, "");
        assert!(permitted(Err(error.clone())).is_err());
        error.code = "ResourceNotFoundException".into();
        assert!(permitted(Err(error)).is_ok());
    }
}
