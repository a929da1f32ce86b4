//! Which items a page holds and how it goes on, and the faults that twist it.

use std::ops::Range;

use super::json::Object;
use super::token::{Place, Scope};
use super::what::What;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// The items of it, by their positions in the list.
    pub items: Range<usize>,
    /// How it goes on.
    pub next: Next,
}

/// What stands in `NextPageToken`, or `NextToken`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The field is not there: the end, as AWS says it.
    Absent,
    /// `null`
    Null,
    /// A token, or `""`.
    Token(String),
}

impl Next {
    pub fn render(&self, key: &str, object: &mut Object<'_>) {
        match self {
            Next::Absent => {}
            Next::Null => object.null(key),
            Next::Token(token) => object.text(key, Some(token)),
        }
    }
}

/// The page of at most `size` (at least 1) of `total` items that begins at `place`.
pub(super) fn page(
    total: usize,
    size: usize,
    place: Place,
    scope: &Scope<'_>,
    fault: Option<&What>,
) -> Page {
    let token_at =
        |position: usize, page: usize| Next::Token(Place { position, page }.token(scope));
    let after = place.page + 1;
    let mut start = place.position.min(total);
    match fault {
        Some(What::EmptyPage) => return Page { items: start..start, next: token_at(start, after) },
        // A size of 1 would never get on.
        Some(What::OverlappingPages) if size > 1 => start = start.saturating_sub(1),
        _ => {}
    }
    let end = (start + size).min(total);
    let truth = if end < total { token_at(end, after) } else { Next::Absent };
    let next = match fault {
        Some(What::RepeatedToken) if place.page > 1 => Next::Token(place.token(scope)),
        // The second page's token is A, the third one's B; from then on they alternate.
        Some(What::TokenCycle) if place.page == 2 => token_at(2 * size, 3),
        Some(What::TokenCycle) => token_at(size, 2),
        Some(What::NullToken) if truth == Next::Absent => Next::Null,
        Some(What::EmptyToken) if truth == Next::Absent => Next::Token(String::new()),
        _ => truth,
    };
    Page { items: start..end, next }
}
