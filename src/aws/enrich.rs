//! The calls that add to what the product list says: names, tags, records.

use aws_sdk_servicecatalog::operation::search_provisioned_products::SearchProvisionedProductsOutput;
use aws_sdk_servicecatalog::types::{
    AccessLevelFilter, AccessLevelFilterKey, RecordDetail, SortOrder,
};
use tokio::time::Instant;

use super::classify::{CallError, Failure, failure, one_line};
use super::client::{LIST_OF_ITEMS, TargetClient};
use super::clients::InRegion as _;
use super::convert;
use crate::model::{
    FoundProduct, NamesBuilder, Operation, Reason, Record, RecordError, RecordStatus,
};

/// The most that a search gives (service model).
const PAGE_SIZE: i32 = 100;

/// One page of a search for provisioned products.
#[derive(Debug)]
pub struct NamesPage {
    output: SearchProvisionedProductsOutput,
}

impl NamesPage {
    /// Adds its items.
    pub fn add_to(&self, names: &mut NamesBuilder) {
        for item in self.output.provisioned_products() {
            let found = FoundProduct {
                id: convert::id(item.id(), item.arn()),
                kind: item.r#type().unwrap_or_default(),
                product: item.product_name().unwrap_or_default(),
                artifact: item.provisioning_artifact_name().unwrap_or_default(),
                physical_id: item.physical_id().unwrap_or_default(),
            };
            names.add(found, item.tags().iter().map(|tag| (tag.key(), tag.value())));
        }
    }

    /// Where the next page begins; `None` is the end.
    #[must_use]
    pub fn into_next(self) -> Option<String> {
        self.output.next_page_token.filter(|token| !token.is_empty())
    }
}

impl TargetClient {
    /// One page of names and tags of the whole account's products, by id; a first page where there
    /// is no token.
    ///
    /// # Errors
    /// When all attempts failed, or the deadline came.
    pub async fn names(
        &self,
        token: Option<&str>,
        deadline: Instant,
    ) -> Result<NamesPage, CallError> {
        const SEARCH: Operation = Operation::SearchProvisionedProducts;
        let level = AccessLevelFilter::builder().key(AccessLevelFilterKey::Account).value("self");
        let send = || {
            let request = self.clients.catalog().search_provisioned_products();
            let request = request.access_level_filter(level.clone().build()).page_size(PAGE_SIZE);
            // Unsorted, a search loses and repeats items from page to page.
            let request = request.sort_by("id").sort_order(SortOrder::Ascending);
            let request = request.set_page_token(token.map(str::to_owned));
            let request = request.customize().in_region(&self.region).send();
            async {
                let page = request.await.map_err(|error| {
                    let mut failure = failure(SEARCH, &error);
                    if failure.error.code == "InvalidParametersException" && token.is_none() {
                        // There was no token to refuse.
                        failure.error.reason = Reason::Other;
                    }
                    failure
                })?;
                match page.provisioned_products {
                    Some(_) => Ok(page),
                    None => Err(Failure::lacking(SEARCH, LIST_OF_ITEMS, &page)),
                }
            }
        };
        match self.caller.call(SEARCH, deadline, send).await {
            Ok(output) => Ok(NamesPage { output }),
            Err(failure) => Err(self.told_apart(failure).await),
        }
    }

    /// The record of that id.
    ///
    /// # Errors
    /// When all attempts failed, or the deadline came. That there is no such record, or that it is
    /// hidden, is a refusal ([`CallError::is_refusal`]).
    pub async fn record(&self, id: &str, deadline: Instant) -> Result<Record, CallError> {
        const DESCRIBE: Operation = Operation::DescribeRecord;
        let send = || {
            let request = self.clients.catalog().describe_record().id(id);
            let request = request.customize().in_region(&self.region).send();
            async {
                let answer = request.await.map_err(|error| failure(DESCRIBE, &error))?;
                match answer.record_detail() {
                    Some(detail) => Ok(record(detail)),
                    None => Err(Failure::lacking(DESCRIBE, "record", &answer)),
                }
            }
        };
        match self.caller.call(DESCRIBE, deadline, send).await {
            Ok(record) => Ok(record),
            Err(failure) => Err(self.told_apart(failure).await),
        }
    }
}

fn record(detail: &RecordDetail) -> Record {
    let error = detail.record_errors().first().map(|error| RecordError {
        code: one_line(error.code().unwrap_or_default()).into(),
        text: one_line(error.description().unwrap_or_default()).into(),
    });
    Record {
        status: RecordStatus::read(detail.status().map(|status| status.as_str())),
        kind: one_line(detail.record_type().unwrap_or_default()).into(),
        created: detail.created_time().map(convert::seconds),
        updated: detail.updated_time().map(convert::seconds),
        error,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicecatalog::types;

    use super::*;

    #[test]
    fn texts_of_a_records_error_are_one_line_of_bounded_length() {
        let described = format!("first\nsecond\r\t{}", "x".repeat(10_000));
        let error = types::RecordError::builder().code("E\n1").description(described).build();
        let detail = RecordDetail::builder().record_errors(error).build();
        let error = record(&detail).error.unwrap();
        assert_eq!(&*error.code, "E 1");
        assert!(error.text.starts_with("first second  xxx") && error.text.len() <= 500);
    }

    #[test]
    fn a_record_without_any_field_is_an_open_one() {
        let record = record(&RecordDetail::builder().build());
        assert!(!record.is_final() && record.error.is_none());
        assert_eq!((record.created, record.updated), (None, None));
    }
}
