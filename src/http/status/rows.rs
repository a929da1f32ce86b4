//! One page of many rows, without sorting the others.

use std::cmp::Ordering;

/// The rows of page `number` (from 1) when all are in that order, which must be total. Empty where
/// there is no such page.
pub(super) fn page_of<T>(
    all: &mut [T],
    number: usize,
    rows: usize,
    order: impl Fn(&T, &T) -> Ordering,
) -> &[T] {
    let Some(begin) = number.checked_sub(1).and_then(|before| before.checked_mul(rows)) else {
        return &[];
    };
    if begin >= all.len() {
        return &[];
    }
    if begin > 0 {
        all.select_nth_unstable_by(begin, &order);
    }
    let rest = all.split_at_mut(begin).1;
    let many = rows.min(rest.len());
    if many < rest.len() {
        rest.select_nth_unstable_by(many, &order);
    }
    let page = rest.split_at_mut(many).0;
    page.sort_unstable_by(&order);
    page
}

/// How many pages so many rows take; at least one, if only to say that nothing is there.
pub(super) fn pages(total: usize, rows: usize) -> usize {
    total.div_ceil(rows.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_one_after_the_other_are_everything_in_order(
            all in prop::collection::hash_set(0_u32..10_000, 0..300),
            rows in 1_usize..70,
        ) {
            let mut sorted: Vec<u32> = all.iter().copied().collect();
            sorted.sort_unstable();
            let mut read = Vec::new();
            for number in 1..=pages(all.len(), rows) {
                let mut all: Vec<u32> = all.iter().copied().collect();
                let page = page_of(&mut all, number, rows, u32::cmp);
                prop_assert!(page.len() <= rows);
                read.extend_from_slice(page);
            }
            prop_assert_eq!(read, sorted);
        }
    }

    #[test]
    fn a_page_that_is_not_there_is_empty() {
        for number in [0, 3, usize::MAX] {
            assert!(page_of(&mut [1, 2, 3, 4], number, 2, u32::cmp).is_empty(), "{number}");
        }
        assert_eq!(page_of(&mut [4, 3, 2, 1], 2, 2, u32::cmp), [3, 4]);
        assert_eq!((pages(0, 5), pages(5, 5), pages(6, 5)), (1, 1, 2));
    }
}
