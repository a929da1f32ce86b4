//! What Service Catalog answers.

use super::answer::Question;
use super::catalog::Catalog;
use super::input::{AccessLevel, invalid};
use super::json;
use super::offer;
use super::operation::Operation;
use super::paging::Next;
use super::product::{ProvisionedProduct, StackInstance};
use super::random::hash;
use super::wire::Refusal;
use super::world::World;

const TOKEN: &str = "NextPageToken";

impl World {
    pub(super) fn scan(&self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let page_of = |products: &mut dyn Iterator<Item = &ProvisionedProduct>, next: &Next| {
            json::object(|body| {
                body.array("ProvisionedProducts", products, ProvisionedProduct::render);
                next.render(TOKEN, body);
            })
        };
        if question.input.access_level()? == AccessLevel::Account {
            // All of them: no need to look at more than the page.
            let products = self.products(question);
            let page = question.page(products.len())?;
            return Ok(page_of(&mut products[page.items].iter(), &page.next));
        }
        let shown = self.shown(question)?;
        let page = question.page(shown.len())?;
        Ok(page_of(&mut shown[page.items].iter().copied(), &page.next))
    }

    pub(super) fn search(&self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let mut shown = self.shown(question)?;
        sort(&mut shown, question)?;
        let page = question.page(shown.len())?;
        Ok(json::object(|body| {
            body.array("ProvisionedProducts", &shown[page.items], |product, object| {
                product.render_found(object);
            });
            page.next.render(TOKEN, body);
            body.number("TotalResultsCount", shown.len());
        }))
    }

    /// The products that the caller may see at the asked level, in the order of the list.
    fn shown(&self, question: &Question<'_>) -> Result<Vec<&ProvisionedProduct>, Refusal> {
        let level = question.input.access_level()?;
        let products = self.products(question).iter();
        Ok(products.filter(|product| level.shows(product, &question.caller.arn)).collect())
    }

    fn products(&self, question: &Question<'_>) -> &[ProvisionedProduct] {
        let catalog = self.catalog(&question.caller.account, question.region);
        catalog.map(Catalog::products).unwrap_or_default()
    }

    pub(super) fn list_instances(&mut self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let id = question.input.provisioned_product_id.as_deref();
        let id = id.ok_or_else(|| must_not_be_null("provisionedProductId"))?;
        question.input.page_size(question.operation)?;
        let product = self
            .known_catalog(&question.caller.account, question.region)
            .and_then(|catalog| catalog.look_up(id))
            .ok_or_else(|| not_found(id))?;
        if !product.is_stack_set() {
            let message = format!("Provisioned product {id} is not of type CFN_STACKSET");
            return Err(Refusal::new("InvalidParametersException", message));
        }
        let page = question.page(product.instances.len())?;
        Ok(json::object(|body| {
            body.array("StackInstances", &product.instances[page.items], StackInstance::render);
            page.next.render(TOKEN, body);
        }))
    }

    pub(super) fn describe_record(&mut self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let id = question.input.id.as_deref().ok_or_else(|| must_not_be_null("id"))?;
        question.input.page_size(question.operation)?;
        let record = self
            .known_catalog(&question.caller.account, question.region)
            .and_then(|catalog| catalog.record(id))
            .ok_or_else(|| not_found(id))?;
        Ok(json::object(|body| {
            body.object("RecordDetail", |object| record.render(object));
            body.array("RecordOutputs", [(); 0], |(), _| ());
        }))
    }
}

impl World {
    /// The three calls that tell the versions of a product.
    pub(super) fn versions(&self, question: &Question<'_>) -> Result<Vec<u8>, Refusal> {
        let (input, operation) = (question.input, question.operation);
        let id = match operation {
            Operation::ListProvisioningArtifacts => {
                input.product_id.as_deref().ok_or_else(|| must_not_be_null("productId"))?
            }
            _ => input.id.as_deref().ok_or_else(|| {
                Refusal::new("InvalidParametersException", "Either Id or Name must be given")
            })?,
        };
        let catalog = self.catalog(&question.caller.account, question.region);
        let offer = catalog.and_then(|catalog| catalog.offered(id)).ok_or_else(|| not_found(id))?;
        let versions = offer.shown(operation).ok_or_else(|| not_found(id))?;
        Ok(json::object(|body| offer::render(operation, id, &versions, body)))
    }
}

/// Sorts by the asked field. As documented, a search that does not say both what to sort by and in
/// which order is not sorted, and the order of one page is not that of the next: items repeat on
/// later pages, and others are never shown.
fn sort(shown: &mut [&ProvisionedProduct], question: &Question<'_>) -> Result<(), Refusal> {
    let input = question.input;
    let field: fn(&ProvisionedProduct) -> Option<&str> = match input.sort_by.as_deref() {
        None | Some("id") => |product| product.id.as_deref(),
        Some("arn") => |product| product.arn.as_deref(),
        Some("name") => |product| product.name.as_deref(),
        Some("lastRecordId") => |product| product.last_record_id.as_deref(),
        Some(_) => {
            let message = "SortBy must be one of arn, id, name, lastRecordId";
            return Err(Refusal::new("InvalidParametersException", message));
        }
    };
    let descending = match input.sort_order.as_deref() {
        None | Some("ASCENDING") => false,
        Some("DESCENDING") => true,
        Some(other) => {
            return Err(invalid(&format!(
                "Value '{other}' at 'sortOrder' failed to satisfy constraint: \
                 Member must satisfy enum value set: [ASCENDING, DESCENDING]"
            )));
        }
    };
    if input.sort_by.is_none() || input.sort_order.is_none() {
        let page = question.page_number() as u64;
        shown.sort_by_cached_key(|product| hash(page, product.id.as_deref().unwrap_or_default()));
        return Ok(());
    }
    // By id where the field is the same, so that the order is the same on every page.
    shown.sort_by(|a, b| (field(a), &a.id).cmp(&(field(b), &b.id)));
    if descending {
        shown.reverse();
    }
    Ok(())
}

fn not_found(id: &str) -> Refusal {
    let message = format!("{id} does not exist or access was denied");
    Refusal::new("ResourceNotFoundException", message)
}

fn must_not_be_null(member: &str) -> Refusal {
    invalid(&format!(
        "Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}
