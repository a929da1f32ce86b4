//! One attempt to scan one target.
//!
//! Pages of products come one after the other, since the token of a page comes with the page
//! before. A stack set's listing is asked for as soon as its page is there, within the calls that
//! a target may have in flight, of which the page chain always has one. Which stack sets need no
//! listing but for their age is known, and divided into turns, when the list is complete. Waiting
//! listings are taken never-listed first, then unsettled, then those that a hint names, then oldest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::enrich::{Enriched, Enrichment, time_for};
use super::listing::list;
use super::pages::Pages;
use crate::aws::{CallError, ProductsPage, TargetClient};
use crate::config::{Config, Refresh};
use crate::model::{AccountId, Catalog, CatalogBuilder, Clock, Moment, Operation, Product, Reason};
use crate::snapshot::{
    AttemptEnd, Basis, Cause, CompleteList, EnrichmentEnd, ListingOutcome, Stage, TargetState,
};

/// After so many denials in a row the operation is taken for denied as a whole, and the rest of
/// an attempt's listings is not asked for.
const DENIALS: u32 = 3;

/// What an attempt works with.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) client: Arc<TargetClient>,
    pub(super) config: Arc<Config>,
    pub(super) clock: Clock,
    /// What was known when the attempt began.
    pub(super) prior: Arc<TargetState>,
    /// The products whose stack sets are listed though nothing else speaks against their listings.
    pub(super) hinted: Arc<BTreeSet<Arc<str>>>,
}

/// What an attempt tells before it ends.
#[derive(Debug)]
pub(super) enum News {
    /// An item's ARN names the account.
    Account(AccountId),
    /// The last page of products is in.
    ListComplete(CompleteList, Moment),
    /// Every stack set was listed or failed, and more is asked behind them.
    ListingsComplete(Vec<(Arc<str>, ListingOutcome)>),
}

/// How an attempt ended, and every failure in it.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) end: AttemptEnd,
    pub(super) errors: Vec<(Stage, CallError)>,
}

impl Finished {
    /// An attempt that panicked.
    pub(super) fn panicked(begun: Moment, took: Duration) -> Self {
        let error = panicked(Operation::ScanProvisionedProducts);
        Self::without_products(begun, took, error)
    }

    fn without_products(begun: Moment, took: Duration, error: CallError) -> Self {
        let end = AttemptEnd {
            begun,
            products: Err(error.reason),
            products_took: took,
            listings_took: None,
            listings: Vec::new(),
            enrichment: EnrichmentEnd::default(),
        };
        Self { end, errors: vec![(Stage::Products, error)] }
    }
}

pub(super) fn panicked(operation: Operation) -> CallError {
    CallError::local(operation, Reason::Other, "a task of the scan panicked; see the log above")
}

/// Why it is listed, when it was last, and its place in the order of asking.
type Urgency = (Cause, Option<Duration>, usize);

enum Done {
    Page(Result<ProductsPage, CallError>),
    Listing(Arc<str>, ListingOutcome, Option<CallError>),
}

/// Makes one attempt; `tell` is called with what cannot wait for its end.
pub(super) async fn attempt(job: Job, tell: impl Fn(News) + Send + Sync) -> Finished {
    let begun = job.clock.now();
    let started = Instant::now();
    tracing::debug!(region = %job.client.region(), "a scan attempt begins");
    let mut attempt = Attempt {
        deadline: started + job.config.scan.timeout,
        tell: &tell,
        begun,
        tasks: JoinSet::new(),
        page_task: None,
        listing_tasks: HashMap::new(),
        pages: Pages::new(Operation::ScanProvisionedProducts, job.config.scan.max_pages),
        builder: CatalogBuilder::default(),
        catalog: None,
        waiting: BTreeMap::new(),
        asked_for: HashSet::new(),
        listings: Vec::new(),
        errors: Vec::new(),
        denials: 0,
        denied: None,
        job,
    };
    attempt.fetch(None);
    let mut products_took = Duration::ZERO;
    let mut listings_began = None;
    while attempt.is_busy() {
        attempt.start_listings();
        if listings_began.is_none() && !attempt.listing_tasks.is_empty() {
            listings_began = Some(Instant::now());
        }
        let Some(done) = attempt.tasks.join_next_with_id().await else { break };
        let listing = attempt.catalog.is_none();
        if let Err(error) = attempt.take(done) {
            return Finished::without_products(begun, started.elapsed(), error);
        }
        if listing && attempt.catalog.is_some() {
            products_took = started.elapsed();
        }
    }
    let listings_took = listings_began.map_or(Duration::ZERO, |began| began.elapsed());
    let mut listings = std::mem::take(&mut attempt.listings);
    listings.retain(|(id, _)| attempt.still_holds(id));
    let mut errors = std::mem::take(&mut attempt.errors);
    let enriched = attempt.enrich(&listings, started).await;
    errors.extend(enriched.errors);
    let end = AttemptEnd {
        begun,
        products: Ok(()),
        products_took,
        listings_took: Some(listings_took),
        listings,
        enrichment: enriched.end,
    };
    Finished { end, errors }
}

struct Attempt<'t, T> {
    job: Job,
    tell: &'t T,
    begun: Moment,
    deadline: Instant,
    tasks: JoinSet<Done>,
    page_task: Option<Id>,
    listing_tasks: HashMap<Id, Arc<str>>,
    pages: Pages,
    builder: CatalogBuilder,
    catalog: Option<Arc<Catalog>>,
    waiting: BTreeMap<Urgency, (Arc<str>, Basis)>,
    asked_for: HashSet<Arc<str>>,
    listings: Vec<(Arc<str>, ListingOutcome)>,
    errors: Vec<(Stage, CallError)>,
    /// Denials in a row.
    denials: u32,
    /// Listing is denied as a whole: nothing more is asked for in this attempt.
    denied: Option<Reason>,
}

impl<T: Fn(News)> Attempt<'_, T> {
    fn is_busy(&self) -> bool {
        !self.tasks.is_empty() || !self.waiting.is_empty()
    }

    fn still_holds(&self, id: &str) -> bool {
        self.catalog.as_ref().is_some_and(|catalog| catalog.has_stack_set(id))
    }

    /// Asks what is asked behind the complete list; its listings do not wait for that.
    async fn enrich(&self, listings: &[(Arc<str>, ListingOutcome)], started: Instant) -> Enriched {
        let Some(catalog) = &self.catalog else { return Enriched::default() };
        let enrichment = Enrichment::plan(&self.job, catalog);
        if enrichment.asks() && !listings.is_empty() {
            (self.tell)(News::ListingsComplete(listings.to_vec()));
        }
        enrichment.run(&self.job, started + time_for(&self.job.config.scan)).await
    }

    fn fetch(&mut self, token: Option<String>) {
        let (client, deadline) = (Arc::clone(&self.job.client), self.deadline);
        let task = self
            .tasks
            .spawn(async move { Done::Page(client.products(token.as_deref(), deadline).await) });
        self.page_task = Some(task.id());
    }

    fn start_listings(&mut self) {
        if let Some(reason) = self.denied {
            let rest = std::mem::take(&mut self.waiting);
            let failed = rest.into_values().map(|(id, _)| (id, ListingOutcome::Failed(reason)));
            self.listings.extend(failed);
        }
        let paging = usize::from(self.page_task.is_some());
        while self.listing_tasks.len() + paging < self.job.config.aws.concurrency {
            let Some((_, (id, basis))) = self.waiting.pop_first() else { return };
            let (job, deadline, task_id) = (self.job.clone(), self.deadline, Arc::clone(&id));
            let task = self.tasks.spawn(async move {
                let (outcome, error) = list(&job, &id, basis, deadline).await;
                Done::Listing(id, outcome, error)
            });
            self.listing_tasks.insert(task.id(), task_id);
        }
    }

    /// Takes what a task brought. An error is the end of the product list, and so of the attempt.
    fn take(&mut self, done: Result<(Id, Done), JoinError>) -> Result<(), CallError> {
        match done {
            Ok((_, Done::Page(page))) => {
                self.page_task = None;
                self.take_page(page?)
            }
            Ok((task, Done::Listing(id, outcome, error))) => {
                self.listing_tasks.remove(&task);
                self.take_listing(id, outcome, error);
                Ok(())
            }
            Err(panic) => match self.listing_tasks.remove(&panic.id()) {
                Some(id) => {
                    let error = panicked(Operation::ListStackInstancesForProvisionedProduct);
                    self.take_listing(id, ListingOutcome::Failed(error.reason), Some(error));
                    Ok(())
                }
                None => Err(panicked(Operation::ScanProvisionedProducts)),
            },
        }
    }

    fn take_page(&mut self, page: ProductsPage) -> Result<(), CallError> {
        if let Some(account) = page.account
            && self.job.prior.account.is_none()
        {
            (self.tell)(News::Account(account));
        }
        for product in page.products {
            self.ask_for(&product);
            self.builder.add(product);
        }
        match self.pages.next(page.next)? {
            Some(token) => self.fetch(Some(token)),
            None => self.complete(),
        }
        Ok(())
    }

    /// Asks for the listing of a product that came with a page, if it is due whatever else comes.
    fn ask_for(&mut self, product: &Product) {
        if !product.is_stack_set() || product.id.is_empty() {
            return;
        }
        let always = self.job.config.scan.stack_instances.refresh == Refresh::Always;
        let hinted = self.job.hinted.contains(&product.id).then_some(Cause::Hinted);
        let cause = self.job.prior.cause(product).or(hinted).or(always.then_some(Cause::Turn));
        if let Some(cause) = cause {
            self.enqueue(product, cause);
        }
    }

    fn enqueue(&mut self, product: &Product, cause: Cause) {
        if self.asked_for.insert(Arc::clone(&product.id)) {
            let listed = self.job.prior.listing(&product.id).map(|dated| dated.asked.uptime);
            let basis = Basis::of(product, cause, self.begun);
            let urgency = (cause, listed, self.asked_for.len());
            self.waiting.insert(urgency, (Arc::clone(&product.id), basis));
        }
    }

    fn complete(&mut self) {
        let catalog = Arc::new(std::mem::take(&mut self.builder).finish());
        self.waiting.retain(|_, (id, _)| catalog.has_stack_set(id));
        let max_age = self.job.config.scan.stack_instances.max_age;
        let prior = &self.job.prior;
        let (turns, list) = prior.review(&catalog, &self.asked_for, self.begun, max_age);
        for product in turns.iter().filter_map(|id| catalog.product(id)) {
            self.enqueue(product, Cause::Turn);
        }
        (self.tell)(News::ListComplete(list, self.begun));
        self.catalog = Some(catalog);
    }

    fn take_listing(&mut self, id: Arc<str>, outcome: ListingOutcome, error: Option<CallError>) {
        match error.as_ref().filter(|error| error.is_denial()) {
            Some(denial) => {
                self.denials += 1;
                self.denied = self.denied.or((self.denials >= DENIALS).then_some(denial.reason));
            }
            None => self.denials = 0,
        }
        let refused_first =
            matches!(outcome, ListingOutcome::Refused(_)) && !self.job.prior.was_refused(&id);
        if let Some(error) = error
            && !refused_first
        {
            self.errors.push((Stage::StackInstances, error));
        }
        self.listings.push((id, outcome));
    }
}
