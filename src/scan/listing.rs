//! One listing: all pages of one stack set's instances.

use tokio::time::Instant;

use super::attempt::Job;
use super::pages::Pages;
use crate::aws::CallError;
use crate::model::{Listing, ListingBuilder, Operation, Reason};
use crate::snapshot::{Basis, Dated, ListingOutcome};

/// Lists a stack set's instances, because of `basis`.
pub(super) async fn list(
    job: &Job,
    id: &str,
    basis: Basis,
    deadline: Instant,
) -> (ListingOutcome, Option<CallError>) {
    let mut restarted = false;
    loop {
        let asked = job.clock.now();
        match pages(job, id, deadline).await {
            Ok(listing) => {
                let value = std::sync::Arc::new(listing);
                return (ListingOutcome::Listed(Dated { value, asked }, basis), None);
            }
            Err((Page::First, error)) if error.is_refusal() => {
                return (ListingOutcome::Refused(error.reason), Some(error));
            }
            // The stack set changed while it was listed, or its token grew old: begin anew, once.
            Err((Page::Later, error)) if error.is_refusal() && !restarted => restarted = true,
            Err((Page::Later, mut error)) if error.is_refusal() => {
                error.reason = Reason::InvalidResponse;
                return (ListingOutcome::Failed(error.reason), Some(error));
            }
            Err((_, error)) => return (ListingOutcome::Failed(error.reason), Some(error)),
        }
    }
}

enum Page {
    First,
    Later,
}

async fn pages(job: &Job, id: &str, deadline: Instant) -> Result<Listing, (Page, CallError)> {
    let operation = Operation::ListStackInstancesForProvisionedProduct;
    let mut pages = Pages::new(operation, job.config.scan.max_pages);
    let mut listing = ListingBuilder::default();
    let mut token: Option<String> = None;
    loop {
        let page = || if token.is_none() { Page::First } else { Page::Later };
        let answer = job.client.stack_instances(id, token.as_deref(), deadline).await;
        let answer = answer.map_err(|error| (page(), error))?;
        answer.add_to(&mut listing);
        match pages.next(answer.into_next()).map_err(|error| (page(), error))? {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    let metrics = &job.config.metrics;
    Ok(listing.finish(metrics.per_instance, metrics.max_instance_series))
}
