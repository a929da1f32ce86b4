//! Families of single products and single stack instances: those that can be cut.

use super::aggregates::float;
use super::cut::{Cut, Entry, settled_provisioning};
use super::table::*;
use super::{Shown, Target};
use crate::exposition::{Family, FamilyWriter, LabelText, LabelTexts, Labels, Writer};
use crate::model::{InstanceStatus, Kept, Product, ProductStatus, Provisioning, StatusName as _};

pub(super) fn write(writer: &mut Writer, targets: &[Target<'_>], shown: &Shown, cut: &Cut) {
    let all = All::new(targets, shown, cut);
    all.write(writer, &INFO, |family, labels, entry| {
        let Product { product_id, artifact_id, .. } = entry.product;
        let names = entry.names(shown).map_or(["", "", ""], |names| {
            [&*names.product, &*names.artifact, &*names.vended_account]
        });
        let [product, artifact, account] = names;
        let labels_of_info = [&**product_id, &**artifact_id, product, artifact, account];
        family.sample_after(labels, labels_of_info, 1.0);
    });
    let states = ProductStatus::KNOWN.map(|known| STATUS.last_label(known));
    all.write(writer, &STATUS, |family, labels, entry| {
        let slot = entry.product.status.slot();
        for (place, state) in states.iter().enumerate() {
            let has = f64::from(u8::from(slot == Ok(place)));
            family.sample_between(labels, state, has);
        }
        if let Err(other) = slot {
            family.sample_after(labels, [other], 1.0);
        }
    });
    all.write(writer, &STATUS_SINCE, |family, labels, entry| {
        if let Some(since) = entry.status_since() {
            family.sample_after(labels, [], since);
        }
    });
    all.write(writer, &CREATED, |family, labels, entry| {
        if let Some(created) = entry.product.created {
            family.sample_after(labels, [], created);
        }
    });
    all.write(writer, &LAST_SUCCEEDED, |family, labels, entry| {
        if let Some(provisioning) = settled_provisioning(entry.product) {
            let succeeded = provisioning == Provisioning::LastSucceeded;
            family.sample_after(labels, [], f64::from(u8::from(succeeded)));
        }
    });
    all.write(writer, &EVER_SUCCEEDED, |family, labels, entry| {
        if let Some(provisioning) = settled_provisioning(entry.product) {
            let succeeded = provisioning != Provisioning::NeverSucceeded;
            family.sample_after(labels, [], f64::from(u8::from(succeeded)));
        }
    });
    all.write(writer, &PRODUCT_STACK_INSTANCES, |family, labels, entry| {
        let Some(listing) = entry.listing else { return };
        for (status, count) in listing.value.counts().counts::<InstanceStatus>() {
            family.sample_after(labels, [status], float(count));
        }
    });
    all.write(writer, &LISTED, |family, labels, entry| {
        if let Some(listing) = entry.listing {
            family.sample_after(labels, [], listing.asked.unix);
        }
    });
    all.write(writer, &RECORD_CREATED, |family, labels, entry| {
        if let Some(created) = entry.record(shown).and_then(|record| record.created) {
            family.sample_after(labels, [], created);
        }
    });
    all.write(writer, &RECORD_UPDATED, |family, labels, entry| {
        if let Some(updated) = entry.record(shown).and_then(|record| record.updated) {
            family.sample_after(labels, [], updated);
        }
    });
    tags(writer, targets, shown, cut);
    instances(writer, targets, cut);
}

/// A product whose tags are known has one series, whichever of them it has.
fn tags(writer: &mut Writer, targets: &[Target<'_>], shown: &Shown, cut: &Cut) {
    if shown.tags.is_empty() {
        return;
    }
    let mut labels = LabelText::<3>::default();
    writer.open_family(&TAGS, &shown.tags, |family| {
        for (target, cut) in targets.iter().zip(cut.targets()) {
            for entry in cut.products(target, shown) {
                let Some(names) = entry.names(shown) else { continue };
                labels.replace(&target.labels, [PRODUCT[0]], [&*entry.product.id]);
                family.sample_after(&labels, |tag| names.tag(&tag.key), 1.0);
            }
        }
    });
}

fn instances(writer: &mut Writer, targets: &[Target<'_>], cut: &Cut) {
    let mut labels = LabelText::<5>::default();
    writer.family(&INSTANCE_STATUS, |family| {
        for (target, cut) in targets.iter().zip(cut.targets()) {
            let mut rendered = None;
            for (product, instance) in cut.instances(target) {
                if rendered != Some(&product.id) {
                    labels.replace(&target.labels, PRODUCT, values(product));
                    rendered = Some(&product.id);
                }
                let status = instance.status.as_str();
                family.sample_after(&labels, [&*instance.account, &*instance.region, status], 1.0);
            }
        }
    });
}

/// The products that stay, of all targets, with their labels: every family is written from these.
struct All<'s> {
    products: Vec<Entry<'s>>,
    labels: LabelTexts<5>,
}

impl<'s> All<'s> {
    fn new(targets: &'s [Target<'_>], shown: &Shown, cut: &Cut) -> Self {
        let kept = cut.targets().map(Kept::products_kept).sum();
        let mut all =
            Self { products: Vec::with_capacity(kept), labels: LabelTexts::for_many(kept) };
        for (target, cut) in targets.iter().zip(cut.targets()) {
            for entry in cut.products(target, shown) {
                all.labels.add(&target.labels, PRODUCT, values(entry.product));
                all.products.push(entry);
            }
        }
        all
    }

    /// One family over all of them.
    fn write<const N: usize>(
        &self,
        writer: &mut Writer,
        family: &'static Family<N>,
        mut write: impl FnMut(&mut FamilyWriter<'_, N>, Labels<'_, 5>, &Entry<'_>),
    ) {
        writer.family(family, |family| {
            for (entry, labels) in self.products.iter().zip(self.labels.iter()) {
                write(family, labels, entry);
            }
        });
    }
}

fn values(product: &Product) -> [&str; 3] {
    [&product.id, &product.name, &product.kind]
}
