//! Targets that would scan the same account and region twice.

use std::collections::BTreeMap;

use super::regions::Regions;
use crate::model::Region;

/// The regions in which one account is scanned, each with the index of its target.
#[derive(Default)]
pub struct Taken {
    listed: BTreeMap<Region, usize>,
    ambient: Option<usize>,
    auto: Option<(usize, Vec<Region>)>,
}

impl Taken {
    /// Refuses what is sure to meet an earlier target, with its index and the region if it is
    /// known. What may meet one, since the ambient region is not known, is found out later.
    pub fn take(
        &mut self,
        index: usize,
        regions: &Regions,
        ambient_region: Option<&Region>,
    ) -> Result<(), (usize, Option<Region>)> {
        let auto_meets = |auto: &Option<(usize, Vec<Region>)>, region: &Region| {
            auto.as_ref().filter(|(_, exclude)| !exclude.contains(region)).map(|(first, _)| *first)
        };
        match regions {
            Regions::Listed(_) | Regions::Ambient => {
                let listed = match regions {
                    Regions::Listed(regions) => regions.as_slice(),
                    _ => ambient_region.map(std::slice::from_ref).unwrap_or_default(),
                };
                for region in listed {
                    let first = self.listed.insert(region.clone(), index);
                    if let Some(first) = first.or_else(|| auto_meets(&self.auto, region)) {
                        return Err((first, Some(region.clone())));
                    }
                }
                if listed.is_empty() {
                    let everywhere = self.auto.as_ref().filter(|(_, exclude)| exclude.is_empty());
                    if let Some(first) = self.ambient.or(everywhere.map(|(first, _)| *first)) {
                        return Err((first, None));
                    }
                    self.ambient = Some(index);
                }
            }
            Regions::Auto { exclude } => {
                if let Some((first, _)) = self.auto {
                    return Err((first, None));
                }
                let mut listed = self.listed.iter();
                if let Some((region, first)) = listed.find(|(region, _)| !exclude.contains(region))
                {
                    return Err((*first, Some(region.clone())));
                }
                if let Some(first) = self.ambient.filter(|_| exclude.is_empty()) {
                    return Err((first, None));
                }
                self.auto = Some((index, exclude.clone()));
            }
        }
        Ok(())
    }
}
