//! What one answer shows of a snapshot, as HTML and as JSON alike: one pass over the snapshot, of
//! which nothing is kept but the rows of the asked pages and numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::problem::{Problem, ProblemRow};
use super::query::{Query, word};
use super::rows::{page_of, pages};
use super::target::{Health, Looked, TargetRow};
use crate::model::{InstanceStatus, Moment, ProductStatus, Tally};
use crate::snapshot::{Found, Snapshot};

/// Types that are counted one by one; there are about ten.
const MOST_TYPES: usize = 100;

/// What an answer is made of.
pub(super) struct Asked<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) now: Moment,
    pub(super) ready: bool,
    /// Whether it tells what AWS says of single products.
    pub(super) full: bool,
    pub(super) version: &'s str,
    pub(super) query: &'s Query,
}

/// All that is shown. The names of its fields are the keys of the JSON.
#[derive(Debug, Serialize)]
pub(super) struct View<'s> {
    pub(super) version: &'s str,
    pub(super) answered_timestamp_seconds: f64,
    /// When the snapshot was taken; null before the first.
    pub(super) published_timestamp_seconds: Option<f64>,
    #[serde(skip)]
    pub(super) published_age: Option<std::time::Duration>,
    pub(super) ready: bool,
    /// Whether the targets are all that there are: `not_yet`, `partly` or `wholly`.
    pub(super) targets_found: &'static str,
    /// Of all targets, whatever the filters say.
    pub(super) summary: Summary,
    /// Parameters of the query whose value means nothing.
    pub(super) ignored_parameters: &'s [&'static str],
    /// Of the targets that match.
    pub(super) products: Products<'s>,
    /// Of the targets that match.
    pub(super) stack_instances: StackInstances,
    pub(super) targets: Rows<TargetRow<'s>>,
    pub(super) problems: Rows<ProblemRow<'s>>,
    #[serde(skip)]
    pub(super) choices: Choices<'s>,
}

/// How many targets stand how. A target that fails and shows old data is counted twice: as failing
/// and as stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    pub(super) targets: u64,
    pub(super) failing: u64,
    pub(super) stale: u64,
    pub(super) never_scanned: u64,
    pub(super) limited: u64,
}

/// Counts of products; null while nothing is known.
#[derive(Debug, Serialize)]
pub(super) struct Products<'s> {
    pub(super) total: Option<u64>,
    pub(super) by_status: Option<ProductCounts>,
    pub(super) by_type: Option<BTreeMap<&'s str, ProductCounts>>,
    /// Of these nothing but their number is known: AWS gave no id.
    pub(super) without_id: Option<u64>,
    /// Targets whose products are not known, and so not counted.
    pub(super) targets_unknown: u64,
}

/// Counts of stack instances; null while nothing is known.
#[derive(Debug, Serialize)]
pub(super) struct StackInstances {
    pub(super) total: Option<u64>,
    pub(super) by_status: Option<InstanceCounts>,
    pub(super) stack_sets: Option<u64>,
    /// Stack sets whose instances are not known, and so not counted.
    pub(super) stack_sets_unknown: Option<u64>,
}

/// Products by status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProductCounts(pub(super) Tally<5>);

impl Serialize for ProductCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.counts::<ProductStatus>())
    }
}

/// Stack instances by status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InstanceCounts(pub(super) Tally<3>);

impl Serialize for InstanceCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.counts::<InstanceStatus>())
    }
}

/// One page of rows.
#[derive(Debug, Serialize)]
pub(super) struct Rows<T> {
    /// Rows of all pages.
    pub(super) total: usize,
    /// From 1; as it was asked for, there or not.
    pub(super) page: usize,
    pub(super) pages: usize,
    pub(super) rows_per_page: usize,
    pub(super) sort: &'static str,
    pub(super) order: &'static str,
    pub(super) rows: Vec<T>,
}

impl<T> Rows<T> {
    /// Whether the asked page is there.
    pub(super) fn is_there(&self) -> bool {
        (1..=self.pages).contains(&self.page)
    }
}

/// What can be filtered by: what is there.
#[derive(Debug, Default)]
pub(super) struct Choices<'s> {
    pub(super) accounts: BTreeMap<&'s str, &'s str>,
    pub(super) regions: BTreeSet<&'s str>,
    pub(super) statuses: BTreeSet<&'s str>,
    pub(super) types: BTreeSet<&'s str>,
}

/// What the pass over the snapshot has found so far.
#[derive(Default)]
struct Pass<'s> {
    summary: Summary,
    choices: Choices<'s>,
    targets: Vec<Looked<'s>>,
    problems: Vec<Problem<'s>>,
    products: Option<ProductCounts>,
    by_type: BTreeMap<&'s str, ProductCounts>,
    without_id: u64,
    targets_unknown: u64,
    instances: Option<InstanceCounts>,
    stack_sets: u64,
    stack_sets_unknown: u64,
}

/// Looks at a snapshot.
pub(super) fn view<'s>(asked: &Asked<'s>) -> View<'s> {
    let Asked { snapshot, now, query, .. } = *asked;
    let mut pass = Pass::default();
    let mut matcher = Matcher::new(query);
    for state in &snapshot.targets {
        pass.look(&Looked::at(state, snapshot, now), &mut matcher);
    }
    let Pass { mut targets, mut problems, .. } = pass;
    let (many_targets, many_problems) = (targets.len(), problems.len());
    let slice = &query.targets;
    let of_targets =
        page_of(&mut targets, slice.page, slice.rows, |one, other| one.order(other, slice));
    let targets = Rows {
        total: many_targets,
        page: slice.page,
        pages: pages(many_targets, slice.rows),
        rows_per_page: slice.rows,
        sort: word(slice.sort),
        order: order(slice.descending),
        rows: of_targets.iter().map(|one| TargetRow::of(one, snapshot, now)).collect(),
    };
    let slice = &query.problems;
    let of_problems = page_of(&mut problems, slice.page, slice.rows, |one, other| {
        one.order(other, slice, snapshot)
    });
    let problems = Rows {
        total: many_problems,
        page: slice.page,
        pages: pages(many_problems, slice.rows),
        rows_per_page: slice.rows,
        sort: word(slice.sort),
        order: order(slice.descending),
        rows: of_problems.iter().map(|one| ProblemRow::of(one, snapshot, asked.full)).collect(),
    };
    let is_taken = snapshot.taken.unix > 0.0;
    let known = pass.products.is_some();
    while pass.by_type.len() > MOST_TYPES {
        pass.by_type.pop_last();
    }
    View {
        version: asked.version,
        answered_timestamp_seconds: now.unix,
        published_timestamp_seconds: is_taken.then_some(snapshot.taken.unix),
        published_age: is_taken.then(|| now.uptime.saturating_sub(snapshot.taken.uptime)),
        ready: asked.ready,
        targets_found: match snapshot.found {
            Found::NotYet => "not_yet",
            Found::Partly => "partly",
            Found::Wholly => "wholly",
        },
        summary: pass.summary,
        ignored_parameters: &query.ignored,
        products: Products {
            total: pass.products.as_ref().map(|counts| counts.0.total()),
            by_status: pass.products,
            by_type: known.then_some(pass.by_type),
            without_id: known.then_some(pass.without_id),
            targets_unknown: pass.targets_unknown,
        },
        stack_instances: StackInstances {
            total: pass.instances.as_ref().map(|counts| counts.0.total()),
            by_status: pass.instances,
            stack_sets: known.then_some(pass.stack_sets),
            stack_sets_unknown: known.then_some(pass.stack_sets_unknown),
        },
        targets,
        problems,
        choices: pass.choices,
    }
}

fn order(descending: bool) -> &'static str {
    if descending { "desc" } else { "asc" }
}

impl<'s> Pass<'s> {
    fn look(&mut self, target: &Looked<'s>, matcher: &mut Matcher<'_>) {
        self.summary.targets += 1;
        self.summary.stale += u64::from(target.stale);
        match target.health {
            Health::Failing => self.summary.failing += 1,
            Health::NeverScanned => self.summary.never_scanned += 1,
            Health::Limited => self.summary.limited += 1,
            Health::Stale | Health::Ok => (),
        }
        let name = &target.state.names.account_name;
        self.choices.accounts.insert(target.account(), name);
        self.choices.regions.insert(target.state.region.as_str());
        if !matcher.has_target(target) {
            return;
        }
        self.targets.push(*target);
        let Some(catalog) = target.state.products() else {
            self.targets_unknown += 1;
            return;
        };
        let total = self.products.get_or_insert_default();
        for ((kind, _), tally) in catalog.groups() {
            total.0.merge(tally);
            self.by_type.entry(kind).or_default().0.merge(tally);
        }
        self.without_id += catalog.no_id();
        self.stack_sets += catalog.stack_sets();
        self.stack_sets_unknown += target.state.stack_sets_unknown();
        if let Some(instances) = target.state.instances() {
            self.instances.get_or_insert_default().0.merge(&instances);
        }
        for product in catalog.products() {
            let Some(problem) = Problem::of(target, product) else { continue };
            self.choices.types.insert(&product.kind);
            self.choices.statuses.extend(problem.statuses());
            if matcher.has_problem(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

/// What the filters let through.
struct Matcher<'q> {
    query: &'q Query,
    target: String,
    q: String,
    /// Where texts become lower case, again and again.
    lower: String,
}

impl<'q> Matcher<'q> {
    fn new(query: &'q Query) -> Self {
        let lower = String::new();
        Self { query, target: query.target.to_lowercase(), q: query.q.to_lowercase(), lower }
    }

    fn has_target(&mut self, target: &Looked<'_>) -> bool {
        let query = self.query;
        let names = &target.state.names;
        (query.account.is_empty() || query.account == target.account())
            && (query.region.is_empty() || query.region == target.state.region.as_str())
            && (self.target.is_empty()
                || [target.account(), &names.account_name, &names.target_name]
                    .iter()
                    .any(|text| contains(&mut self.lower, text, &self.target)))
    }

    fn has_problem(&mut self, problem: &Problem<'_>) -> bool {
        let (query, product) = (self.query, problem.product());
        (query.kind.is_empty() || *query.kind == *product.kind)
            && (query.status.is_empty() || problem.statuses().any(|one| one == query.status))
            && (self.q.is_empty()
                || [&*product.name, &*product.id]
                    .iter()
                    .any(|text| contains(&mut self.lower, text, &self.q)))
    }
}

/// Whether `text` holds `part`, which is in lower case. Nothing is allocated for each text.
fn contains(lower: &mut String, text: &str, part: &str) -> bool {
    lower.clear();
    lower.extend(text.chars().flat_map(char::to_lowercase));
    lower.contains(part)
}
