//! Provisioned products and stack instances as Service Catalog shows them.

use std::borrow::Cow;

use super::json::Object;

/// The account of the worlds built here: the one of AWS's documentation.
pub const ACCOUNT: &str = "123456789012";
/// The region of the worlds built here.
pub const REGION: &str = "eu-central-1";

/// Who launched a product that nobody else is said to own.
const SOMEBODY: &str = "arn:aws:sts::123456789012:assumed-role/Platform/pipeline";

/// What the five products of [`ProvisionedProduct::healthy`] are called in the catalog.
const PRODUCT_NAMES: [&str; 5] = ["Bucket", "Database", "Network", "Queue", "Website"];

/// A provisioned product. Nothing is required on the wire, so every field may be absent, and types
/// and statuses are free text: real answers carry values that no model knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProvisionedProduct {
    /// `pp-…`
    pub id: Option<String>,
    /// The name given at the launch.
    pub name: Option<String>,
    /// `arn:aws:servicecatalog:<region>:<account>:stack/<name>/<id>`
    pub arn: Option<String>,
    /// `CFN_STACK`, `CFN_STACKSET`, … (`Type` on the wire)
    pub product_type: Option<Cow<'static, str>>,
    /// `AVAILABLE`, `TAINTED`, …
    pub status: Option<Cow<'static, str>>,
    /// Why it is not available.
    pub status_message: Option<String>,
    /// Seconds since 1970, with milliseconds.
    pub created_time: Option<f64>,
    /// The token of the request that launched it.
    pub idempotency_token: Option<String>,
    /// The last operation of any kind.
    pub last_record_id: Option<String>,
    /// The last launch, update or termination.
    pub last_provisioning_record_id: Option<String>,
    /// The last of those that succeeded.
    pub last_successful_provisioning_record_id: Option<String>,
    /// `prod-…`
    pub product_id: Option<String>,
    /// `pa-…`
    pub provisioning_artifact_id: Option<String>,
    /// The role that launched it, where there is one.
    pub launch_role_arn: Option<String>,
    /// Who launched it; decides what the access levels User and Role show. Not on the wire.
    pub owner_arn: Option<String>,
    /// The name of the product in the catalog. A search shows it, a scan does not.
    pub product_name: Option<Cow<'static, str>>,
    /// The name of the version. A search shows it, a scan does not.
    pub provisioning_artifact_name: Option<Cow<'static, str>>,
    /// The ARN of the stack, or the id of a vended account. A search shows it, a scan does not.
    pub physical_id: Option<String>,
    /// Keys and values. A search shows them, a scan does not; absent on the wire if there is none.
    pub tags: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// When its last record was created, in seconds since 1970; that of the product if `None`.
    pub record_created_time: Option<f64>,
    /// When its last record moved last, in seconds since 1970; a little later if `None`.
    pub record_updated_time: Option<f64>,
    /// What `ListStackInstancesForProvisionedProduct` lists.
    pub instances: Vec<StackInstance>,
}

/// One stack of a stack set, in one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackInstance {
    /// The account the stack is in.
    pub account: String,
    /// The region the stack is in.
    pub region: Cow<'static, str>,
    /// `CURRENT`, `OUTDATED`, `INOPERABLE`; absent on the wire if `None`.
    pub status: Option<Cow<'static, str>>,
}

impl StackInstance {
    /// A stack instance with that status.
    pub fn new(
        account: &str,
        region: impl Into<Cow<'static, str>>,
        status: impl Into<Cow<'static, str>>,
    ) -> Self {
        StackInstance {
            account: account.to_owned(),
            region: region.into(),
            status: Some(status.into()),
        }
    }

    /// `count` CURRENT instances in different places, four regions an account.
    #[must_use]
    pub fn current(count: usize) -> Vec<Self> {
        const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2"];
        (0..count)
            .map(|n| {
                StackInstance::new(
                    &format!("{:012}", 210_000_000_001_u64 + (n / 4) as u64),
                    REGIONS[n % 4],
                    "CURRENT",
                )
            })
            .collect()
    }

    pub(super) fn render(&self, object: &mut Object<'_>) {
        object.text("Account", Some(&self.account));
        object.text("Region", Some(&self.region));
        object.text("StackInstanceStatus", self.status.as_deref());
    }
}

impl ProvisionedProduct {
    /// The `n`th product: an AVAILABLE CFN_STACK of one of five products, all fields as in a
    /// recorded healthy one, in [`ACCOUNT`] and [`REGION`].
    #[must_use]
    pub fn healthy(n: usize) -> Self {
        let record = format!("rec-{n:013}");
        ProvisionedProduct {
            id: Some(format!("pp-{n:013}")),
            product_type: Some("CFN_STACK".into()),
            status: Some("AVAILABLE".into()),
            created_time: Some(1_600_000_000.125 + n as f64),
            idempotency_token: Some(format!("00000000-0000-4000-8000-{n:012}")),
            last_record_id: Some(record.clone()),
            last_provisioning_record_id: Some(record.clone()),
            last_successful_provisioning_record_id: Some(record),
            product_id: Some(format!("prod-{:013}", n % 5)),
            provisioning_artifact_id: Some(format!("pa-{:013}", n % 5)),
            owner_arn: Some(SOMEBODY.into()),
            product_name: Some(PRODUCT_NAMES[n % 5].into()),
            provisioning_artifact_name: Some("v1".into()),
            ..ProvisionedProduct::default()
        }
        .named(format!("product-{n}"))
    }

    /// The `n`th product, as a healthy CFN_STACKSET with these instances.
    #[must_use]
    pub fn stack_set(n: usize, instances: Vec<StackInstance>) -> Self {
        ProvisionedProduct { instances, ..ProvisionedProduct::healthy(n).typed("CFN_STACKSET") }
    }

    /// The `n`th product after an update that failed: TAINTED, with a message.
    #[must_use]
    pub fn tainted(n: usize) -> Self {
        let mut product = ProvisionedProduct::healthy(n).with_status("TAINTED");
        product.last_record_id = Some(format!("rec-tainted{n:06}"));
        product.last_provisioning_record_id.clone_from(&product.last_record_id);
        product.status_message = Some("The update failed and was rolled back".into());
        product
    }

    /// The `n`th product, whose launch failed. As recorded, it lacks its product, its artifact and
    /// both provisioning records.
    #[must_use]
    pub fn failed_launch(n: usize) -> Self {
        ProvisionedProduct {
            status_message: Some(
                "AmazonCloudFormationException  Parameters: [KeyName] must have values \
                 (Service: AmazonCloudFormation; Status Code: 400; Error Code: ValidationError)"
                    .into(),
            ),
            product_id: None,
            provisioning_artifact_id: None,
            last_provisioning_record_id: None,
            last_successful_provisioning_record_id: None,
            ..ProvisionedProduct::healthy(n).with_status("ERROR")
        }
    }

    /// The same product under that name; the ARN follows, in [`ACCOUNT`] and [`REGION`].
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self.at(ACCOUNT, REGION)
    }

    /// The same product in that account and region (the ARN says so).
    #[must_use]
    pub fn at(mut self, account: &str, region: &str) -> Self {
        let name = self.name.as_deref().unwrap_or_default();
        let id = self.id.as_deref().unwrap_or_default();
        self.arn = Some(format!("arn:aws:servicecatalog:{region}:{account}:stack/{name}/{id}"));
        self
    }

    /// The same product of that type.
    #[must_use]
    pub fn typed(mut self, product_type: impl Into<Cow<'static, str>>) -> Self {
        self.product_type = Some(product_type.into());
        self
    }

    /// The same product with that status; nothing else changes.
    #[must_use]
    pub fn with_status(mut self, status: impl Into<Cow<'static, str>>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// The same product with that StatusMessage.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.status_message = Some(message.into());
        self
    }

    /// The same product, launched by `owner_arn`.
    #[must_use]
    pub fn owned_by(mut self, owner_arn: &str) -> Self {
        self.owner_arn = Some(owner_arn.to_owned());
        self
    }

    /// The same product with one more tag.
    #[must_use]
    pub fn tagged(
        mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// The same product as an account that Account Factory vended: the physical id is that of the
    /// account.
    #[must_use]
    pub fn vending(mut self, account: &str) -> Self {
        self.physical_id = Some(account.to_owned());
        self.typed("CONTROL_TOWER_ACCOUNT")
    }

    /// Whether it is a stack set and so has instances to list.
    pub(super) fn is_stack_set(&self) -> bool {
        self.product_type.as_deref() == Some("CFN_STACKSET")
    }

    pub(super) fn has_status(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }

    /// As a scan shows it.
    pub(super) fn render(&self, object: &mut Object<'_>) {
        self.render_first_part(object);
        object.text("LaunchRoleArn", self.launch_role_arn.as_deref());
        object.text("Name", self.name.as_deref());
        object.text("ProductId", self.product_id.as_deref());
        object.text("ProvisioningArtifactId", self.provisioning_artifact_id.as_deref());
        object.text("Status", self.status.as_deref());
        object.text("StatusMessage", self.status_message.as_deref());
        object.text("Type", self.product_type.as_deref());
    }

    /// As a search shows it: with names, tags and who launched it, without the launch role.
    pub(super) fn render_found(&self, object: &mut Object<'_>) {
        self.render_first_part(object);
        object.text("Name", self.name.as_deref());
        object.text("PhysicalId", self.physical_id.as_deref());
        object.text("ProductId", self.product_id.as_deref());
        object.text("ProductName", self.product_name.as_deref());
        object.text("ProvisioningArtifactId", self.provisioning_artifact_id.as_deref());
        object.text("ProvisioningArtifactName", self.provisioning_artifact_name.as_deref());
        object.text("Status", self.status.as_deref());
        object.text("StatusMessage", self.status_message.as_deref());
        if !self.tags.is_empty() {
            object.array("Tags", &self.tags, |(key, value), tag| {
                tag.text("Key", Some(key));
                tag.text("Value", Some(value));
            });
        }
        object.text("Type", self.product_type.as_deref());
        object.text("UserArn", self.owner_arn.as_deref());
        object.text("UserArnSession", self.owner_arn.as_deref());
    }

    /// What stands before the name, in the order of the recorded answers.
    fn render_first_part(&self, object: &mut Object<'_>) {
        object.text("Arn", self.arn.as_deref());
        object.time("CreatedTime", self.created_time);
        object.text("Id", self.id.as_deref());
        object.text("IdempotencyToken", self.idempotency_token.as_deref());
        object.text("LastProvisioningRecordId", self.last_provisioning_record_id.as_deref());
        object.text("LastRecordId", self.last_record_id.as_deref());
        object.text(
            "LastSuccessfulProvisioningRecordId",
            self.last_successful_provisioning_record_id.as_deref(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    fn rendered(product: &ProvisionedProduct) -> String {
        String::from_utf8(json::object(|object| product.render(object))).unwrap()
    }

    #[test]
    fn an_item_is_the_recorded_one_byte_for_byte() {
        let recorded = ProvisionedProduct {
            id: Some("pp-5pyltbgyzheqm".into()),
            created_time: Some(1_536_068_318.933),
            idempotency_token: Some("39489a07-f013-4e49-a061-11360db7664c".into()),
            last_record_id: Some("rec-li62bnn6bnza4".into()),
            product_id: Some("prod-cei2spnzu24lq".into()),
            provisioning_artifact_id: Some("pa-ybnrerfyrhm74".into()),
            status: Some("AVAILABLE".into()),
            product_type: Some("CFN_STACK".into()),
            name: Some("EmsRefreshSpecServiceInstanceWithRules".into()),
            ..ProvisionedProduct::default()
        }
        .at("200278856672", "us-east-1");
        assert_eq!(
            rendered(&recorded),
            concat!(
                r#"{"Arn":"arn:aws:servicecatalog:us-east-1:200278856672:stack/EmsRefreshSpecServiceInstanceWithRules/"#,
                r#"pp-5pyltbgyzheqm","CreatedTime":1.536068318933E9,"Id":"pp-5pyltbgyzheqm","#,
                r#""IdempotencyToken":"39489a07-f013-4e49-a061-11360db7664c","LastRecordId":"rec-li62bnn6bnza4","#,
                r#""Name":"EmsRefreshSpecServiceInstanceWithRules","ProductId":"prod-cei2spnzu24lq","#,
                r#""ProvisioningArtifactId":"pa-ybnrerfyrhm74","Status":"AVAILABLE","Type":"CFN_STACK"}"#
            )
        );
    }

    #[test]
    fn awkward_names_survive_as_json() {
        let name = "a \"quoted\" \\ back\tslash, größer, 東京";
        let json: serde_json::Value =
            serde_json::from_str(&rendered(&ProvisionedProduct::healthy(1).named(name))).unwrap();
        assert_eq!(json["Name"], name);
    }

    #[test]
    fn a_product_without_any_field_is_an_empty_object() {
        assert_eq!(rendered(&ProvisionedProduct::default()), "{}");
    }
}
