//! How often the versions of products are asked for, if at all.

use super::Versions;
use super::error::ConfigError;
use super::field::HumanDuration;
use super::section::Section;
use super::sections::{DAY, HOUR, between};

/// Reads `versions`: `refresh` turns it on.
pub fn versions(root: &Section<'_>) -> Result<Option<Versions>, ConfigError> {
    let section = root.section("versions", &["refresh"])?;
    let refresh = section.optional::<HumanDuration>("refresh", between(HOUR, 30 * DAY))?;
    Ok(refresh.map(|refresh| Versions { refresh: refresh.value.0 }))
}
