//! From the SDK's types to ours. Nothing is required, and real items do lack fields.

use std::sync::Arc;

use aws_sdk_servicecatalog::primitives::DateTime;
use aws_sdk_servicecatalog::types::ProvisionedProductDetail;

use super::classify::line_of;
use crate::model::{Product, ProductStatus, Provisioning};

/// A StatusMessage is cut to this many characters.
const STATUS_MESSAGE_LIMIT: usize = 1_000;

/// A product as listed.
pub(super) fn product(item: &ProvisionedProductDetail) -> Product {
    let text = |field: Option<&str>| -> Arc<str> { field.unwrap_or_default().into() };
    let status = ProductStatus::read(item.status().map(|status| status.as_str()));
    let message = item.status_message().filter(|message| !message.is_empty());
    let message = message.filter(|_| status != ProductStatus::Available);
    Product {
        id: id(item.id(), item.arn()).into(),
        name: item.name().unwrap_or_default().into(),
        kind: text(item.r#type()),
        status,
        product_id: text(item.product_id()),
        artifact_id: text(item.provisioning_artifact_id()),
        created: item.created_time().map(seconds),
        provisioning: Provisioning::of_records(
            item.last_provisioning_record_id(),
            item.last_successful_provisioning_record_id(),
        ),
        last_record: text(item.last_record_id()),
        status_message: message.map(|message| line_of(message, STATUS_MESSAGE_LIMIT).into()),
    }
}

/// The id, else the last part of the ARN (`…:stack/<name>/<id>`), else nothing.
pub(super) fn id<'a>(id: Option<&'a str>, arn: Option<&'a str>) -> &'a str {
    let of_arn = || Some(arn?.rsplit_once('/')?.1);
    id.filter(|id| !id.is_empty()).or_else(of_arn).unwrap_or_default()
}

/// Seconds since 1970-01-01 UTC.
pub(super) fn seconds(time: &DateTime) -> f64 {
    // The SDK reads …18.063 as …18.062999; AWS writes milliseconds.
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_from_the_arn_where_it_is_missing() {
        let arn = "arn:aws:servicecatalog:eu-central-1:123456789012:stack/my name/pp-abc";
        let item = ProvisionedProductDetail::builder().arn(arn).build();
        assert_eq!(&*product(&item).id, "pp-abc");
        let item = ProvisionedProductDetail::builder().arn(arn).id("pp-xyz").build();
        assert_eq!(&*product(&item).id, "pp-xyz");
        let item = ProvisionedProductDetail::builder().arn("no arn").build();
        assert_eq!(&*product(&item).id, "");
    }

    #[test]
    fn the_last_record_is_that_of_any_operation_not_of_the_last_provisioning() {
        let item = ProvisionedProductDetail::builder().last_provisioning_record_id("rec-1");
        assert_eq!(&*product(&item.last_record_id("rec-2").build()).last_record, "rec-2");
    }

    #[test]
    fn a_status_message_is_one_bounded_line_of_a_product_that_is_not_available() {
        use aws_sdk_servicecatalog::types::ProvisionedProductStatus as Status;
        let message = |status: Status, text: &str| {
            let item = ProvisionedProductDetail::builder().status(status).status_message(text);
            product(&item.build()).status_message.map(String::from)
        };
        assert_eq!(message(Status::Tainted, "a\nb").as_deref(), Some("a b"));
        let long = message(Status::Error, &"ä".repeat(2_000)).unwrap();
        assert_eq!(long.chars().count(), 1_000);
        assert_eq!(message(Status::Error, ""), None);
        assert_eq!(message(Status::Available, "of an earlier operation"), None);
    }

    #[test]
    fn an_item_without_any_field_is_a_product_all_the_same() {
        let product = product(&ProvisionedProductDetail::builder().build());
        assert_eq!((&*product.name, &*product.kind, product.created), ("", "", None));
        assert_eq!((&*product.last_record, &product.status_message), ("", &None));
        assert_eq!(product.status, ProductStatus::read(None));
        assert_eq!(product.provisioning, Provisioning::Unrecorded);
    }
}
