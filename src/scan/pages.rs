//! The guard of a page chain. AWS's tokens are followed blindly by the SDK's own paginators,
//! which end silently when one repeats; here that is an error.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use crate::aws::CallError;
use crate::model::{Operation, Reason};

/// Watches over the tokens of one chain of pages.
#[derive(Debug)]
pub(super) struct Pages {
    operation: Operation,
    max: u32,
    taken: u32,
    // Tokens have up to 2024 characters and a chain up to 10,000 pages: their hashes will do.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Pages {
    pub(super) fn new(operation: Operation, max: u32) -> Self {
        Self { operation, max, taken: 0, seen: HashSet::new(), hasher: RandomState::new() }
    }

    /// A page came, and names `token` for the next one. `None` is the end.
    pub(super) fn next(&mut self, token: Option<String>) -> Result<Option<String>, CallError> {
        self.taken += 1;
        let Some(token) = token else { return Ok(None) };
        let fail = |reason, message| Err(CallError::local(self.operation, reason, message));
        if !self.seen.insert(self.hasher.hash_one(&token)) {
            let message = format!("page {} names a page token that was given before", self.taken);
            return fail(Reason::InvalidResponse, message);
        }
        if self.taken >= self.max {
            let message = format!("the list goes on after {} pages (scan.max_pages)", self.max);
            return fail(Reason::Limit, message);
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(max: u32, tokens: &[&str]) -> Result<usize, Reason> {
        let mut pages = Pages::new(Operation::ScanProvisionedProducts, max);
        let tokens = tokens.iter().map(|token| Some((*token).to_owned())).chain([None]);
        for (page, token) in tokens.enumerate() {
            if pages.next(token).map_err(|error| error.reason)?.is_none() {
                return Ok(page + 1);
            }
        }
        unreachable!("the last token is None")
    }

    #[test]
    fn a_chain_ends_with_the_page_that_names_no_next_one() {
        assert_eq!(chain(10, &["a", "b"]), Ok(3));
        assert_eq!(chain(1, &[]), Ok(1));
    }

    #[test]
    fn a_token_given_before_is_an_error_not_the_end() {
        assert_eq!(chain(10, &["a", "a"]), Err(Reason::InvalidResponse));
        assert_eq!(chain(10, &["a", "b", "a"]), Err(Reason::InvalidResponse));
    }

    #[test]
    fn more_pages_than_allowed_are_an_error_and_as_many_are_not() {
        assert_eq!(chain(3, &["a", "b"]), Ok(3));
        assert_eq!(chain(2, &["a", "b"]), Err(Reason::Limit));
    }
}
