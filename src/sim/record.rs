//! What became of the launches, updates and terminations of a product.

use std::borrow::Cow;

use super::json::Object;
use super::product::ProvisionedProduct;

/// A record as DescribeRecord shows it.
///
/// The world keeps none: the record of a product is read off its status, and so is always in step
/// with it. A test that wants another says so with [`Catalog::tell`](super::Catalog::tell).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// `rec-…`
    pub id: String,
    /// `CREATED`, `IN_PROGRESS`, `IN_PROGRESS_IN_ERROR`, `SUCCEEDED` or `FAILED`.
    pub status: Option<Cow<'static, str>>,
    /// `PROVISION_PRODUCT`, `UPDATE_PROVISIONED_PRODUCT` or `TERMINATE_PROVISIONED_PRODUCT`.
    pub record_type: Option<Cow<'static, str>>,
    /// Seconds since 1970, with milliseconds.
    pub created_time: Option<f64>,
    /// When it moved last: seconds since 1970, with milliseconds.
    pub updated_time: Option<f64>,
    /// What went wrong: codes and descriptions.
    pub errors: Vec<(Cow<'static, str>, String)>,
    /// The product it is about.
    pub product: ProvisionedProduct,
}

/// How long after its creation a record moved that nothing else is known of, in seconds; as recorded.
const TAKEN: f64 = 172.84;

/// The code of what went wrong, where only a message is known.
const ERROR_CODE: &str = "AmazonCloudFormationException";

impl Record {
    /// The record `id` of `product`, which is one of the three that it names.
    pub(super) fn of(product: &ProvisionedProduct, id: &str) -> Self {
        let is = |named: &Option<String>| named.as_deref() == Some(id);
        let succeeded = is(&product.last_successful_provisioning_record_id);
        let last = is(&product.last_record_id);
        let status = match product.status.as_deref() {
            _ if succeeded && !last => "SUCCEEDED",
            Some("UNDER_CHANGE") => "IN_PROGRESS",
            Some("PLAN_IN_PROGRESS") => "CREATED",
            Some("TAINTED" | "ERROR") if !succeeded => "FAILED",
            _ => "SUCCEEDED",
        };
        let created_time = if last {
            product.record_created_time.or(product.created_time)
        } else {
            product.created_time
        };
        let updated_time = match product.record_updated_time.filter(|_| last) {
            None => created_time.map(|created| ((created + TAKEN) * 1000.0).round() / 1000.0),
            told => told,
        };
        let launched = product.last_successful_provisioning_record_id.is_none() || succeeded;
        Record {
            id: id.to_owned(),
            status: Some(status.into()),
            record_type: Some(
                if launched { "PROVISION_PRODUCT" } else { "UPDATE_PROVISIONED_PRODUCT" }.into(),
            ),
            created_time,
            updated_time,
            errors: match status {
                "FAILED" => {
                    vec![(ERROR_CODE.into(), product.status_message.clone().unwrap_or_default())]
                }
                _ => Vec::new(),
            },
            product: ProvisionedProduct { instances: Vec::new(), ..product.clone() },
        }
    }

    pub(super) fn render(&self, object: &mut Object<'_>) {
        let product = &self.product;
        object.time("CreatedTime", self.created_time);
        object.text("LaunchRoleArn", product.launch_role_arn.as_deref());
        object.text("ProductId", product.product_id.as_deref());
        object.text("ProvisionedProductId", product.id.as_deref());
        object.text("ProvisionedProductName", product.name.as_deref());
        object.text("ProvisionedProductType", product.product_type.as_deref());
        object.text("ProvisioningArtifactId", product.provisioning_artifact_id.as_deref());
        object.array("RecordErrors", &self.errors, |(code, description), error| {
            error.text("Code", Some(code));
            error.text("Description", Some(description));
        });
        object.text("RecordId", Some(&self.id));
        object.array("RecordTags", &product.tags, |(key, value), tag| {
            tag.text("Key", Some(key));
            tag.text("Value", Some(value));
        });
        object.text("RecordType", self.record_type.as_deref());
        object.text("Status", self.status.as_deref());
        object.time("UpdatedTime", self.updated_time);
    }
}
