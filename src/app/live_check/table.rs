//! What a live check found, as text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::aws::CallError;
use crate::model::{AccountId, Operation, Reason};

/// With more targets than this those in which all is well take one line each.
const DETAILED: usize = 20;
/// Longer places do not push the other columns to the right.
const WIDEST_TARGET: usize = 60;
/// Places that are named for each action that is missing.
const NAMED_PLACES: usize = 3;

/// An operation that was tried.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    operation: Operation,
    required: bool,
    pub(super) result: Result<String, CallError>,
}

impl Row {
    /// One that scans depend on.
    pub(super) fn required(operation: Operation, result: Result<String, CallError>) -> Self {
        Self { operation, required: true, result }
    }

    /// One that scans do without.
    pub(super) fn optional(operation: Operation, result: Result<String, CallError>) -> Self {
        Self { operation, required: false, result }
    }

    pub(super) fn is(&self, operation: Operation) -> bool {
        self.operation == operation
    }

    /// The action that a policy does not allow.
    fn missing(&self) -> Option<&'static str> {
        let error = self.result.as_ref().err()?;
        let denied = matches!(error.reason, Reason::AccessDenied | Reason::ScpDenied)
            // Whoever may not assume a role has no credentials: that is the reason then.
            || error.operation == Operation::AssumeRole && error.code.starts_with("AccessDenied");
        denied.then(|| error.operation.iam_action())
    }

    fn shown(&self) -> String {
        let error = match &self.result {
            Ok(detail) if detail.is_empty() => return "ok".to_owned(),
            Ok(detail) => return format!("ok: {detail}"),
            Err(error) => error,
        };
        let mut text = String::from(if self.required { "FAILED" } else { "failed, not required" });
        let _ = write!(text, ": {}", error.reason.as_str());
        if let Some(action) = self.missing() {
            let _ = write!(text, "; missing: {action}");
        }
        let _ = write!(text, " ({})", error.message);
        // What to check for a role that cannot be assumed is part of the message.
        let told = error.operation == Operation::AssumeRole
            && matches!(error.reason, Reason::Credentials | Reason::RegionDisabled);
        if !told && error.reason != Reason::AccessDenied {
            let _ = write!(text, "; {}", error.reason.remedy(error.operation));
        }
        text
    }
}

/// All that was tried in one place.
#[derive(Debug)]
pub(super) struct Block {
    /// Account and region.
    pub(super) target: String,
    /// As whom; may be unknown.
    pub(super) identity: String,
    /// How many targets it stands for; none where targets were found.
    pub(super) targets: usize,
    /// The account, where it is known.
    pub(super) account: Option<AccountId>,
    pub(super) rows: Vec<Row>,
}

/// How a place stands: the worst comes last, where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Works,
    Lacks,
    Broken,
}

impl Block {
    /// Something that scans depend on does not work.
    pub(super) fn is_broken(&self) -> bool {
        self.standing() == Standing::Broken
    }

    fn standing(&self) -> Standing {
        let failed =
            |required| self.rows.iter().any(|row| row.required == required && row.result.is_err());
        match (failed(true), failed(false)) {
            (true, _) => Standing::Broken,
            (false, true) => Standing::Lacks,
            (false, false) => Standing::Works,
        }
    }

    fn line(&self, width: usize, operations: usize) -> String {
        let count = format!("{} operations", self.rows.len());
        let who = match &*self.identity {
            "" => String::new(),
            identity => format!(", as {identity}"),
        };
        format!("{:width$}  {count:operations$}  ok{who}\n", self.target)
    }

    fn lines(&self, width: usize, operations: usize) -> String {
        let (mut text, mut shown) = (String::new(), &*self.target);
        if !self.identity.is_empty() {
            let _ = writeln!(text, "{shown:width$}  as {}", self.identity);
            shown = "";
        }
        for row in &self.rows {
            let (name, result) = (row.operation.as_str(), row.shown());
            let _ = writeln!(text, "{shown:width$}  {name:operations$}  {result}");
            shown = "";
        }
        text
    }
}

/// One line for each operation, those of a place together; what fails comes last.
pub(super) fn table(blocks: &[&Block]) -> String {
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let width = longest(&mut blocks.iter().map(|block| block.target.chars().count()));
    let width = width.clamp("TARGET".len(), WIDEST_TARGET);
    let names = blocks.iter().flat_map(|block| &block.rows).map(|row| row.operation.as_str().len());
    let operations = longest(&mut names.into_iter()).max("OPERATION".len());
    let short = blocks.iter().map(|block| block.targets).sum::<usize>() > DETAILED;
    let mut text = format!("{:width$}  {:operations$}  RESULT\n", "TARGET", "OPERATION");
    let mut sorted = blocks.to_vec();
    sorted.sort_by_key(|block| block.standing());
    for block in sorted {
        text.push_str(&match block.standing() {
            Standing::Works if short => block.line(width, operations),
            _ => block.lines(width, operations),
        });
    }
    text
}

/// What it comes to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Answers that scans depend on.
    pub(super) asked: usize,
    /// Those that are failures.
    pub(super) failed: usize,
    works: usize,
    lacks: usize,
    broken: usize,
    /// Whether it is required, the action, and where it is missing.
    missing: BTreeMap<(bool, &'static str), Vec<String>>,
}

impl Tally {
    pub(super) fn of(blocks: &[&Block]) -> Self {
        let mut tally = Self::default();
        for block in blocks {
            let standing = match block.standing() {
                Standing::Works => &mut tally.works,
                Standing::Lacks => &mut tally.lacks,
                Standing::Broken => &mut tally.broken,
            };
            *standing += block.targets;
            for row in &block.rows {
                if row.required {
                    tally.asked += 1;
                    tally.failed += usize::from(row.result.is_err());
                }
                if let Some(action) = row.missing() {
                    let places = tally.missing.entry((row.required, action)).or_default();
                    places.push(block.target.clone());
                }
            }
        }
        tally
    }

    pub(super) fn summary(&self) -> String {
        let Self { works, lacks, broken, .. } = self;
        let all = works + lacks + broken;
        let mut text = format!("\nTargets: {all}, of which {works} work");
        if *lacks > 0 {
            let _ = write!(text, ", {lacks} lack something that is not required");
        }
        if *broken > 0 {
            let _ = write!(text, ", {broken} cannot be scanned in full");
        }
        text.push_str(".\n");
        for ((required, action), places) in self.missing.iter().rev() {
            let what = if *required { "" } else { ", not required" };
            let named = places.iter().take(NAMED_PLACES).cloned().collect::<Vec<_>>().join(", ");
            let _ = write!(text, "Missing{what}: {action} in {named}");
            if let Some(more) = places.len().checked_sub(NAMED_PLACES).filter(|more| *more > 0) {
                let _ = write!(text, " and {more} more");
            }
            text.push('\n');
        }
        if !self.missing.is_empty() {
            text.push_str("print-iam-policy prints the policies that allow what is needed.\n");
        }
        text
    }
}

#[cfg(test)]
mod tests;
