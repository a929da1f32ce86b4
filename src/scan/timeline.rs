//! What is due when, for many: the earliest is found without looking at the others.

use std::collections::{BTreeSet, HashMap};

/// At most one time for each number.
#[derive(Debug)]
pub(super) struct Timeline<T> {
    times: HashMap<u64, T>,
    sorted: BTreeSet<(T, u64)>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { times: HashMap::new(), sorted: BTreeSet::new() }
    }
}

impl<T: Copy + Ord> Timeline<T> {
    /// From now on that is the time of `number`; `None` is never.
    pub(super) fn set(&mut self, number: u64, time: Option<T>) {
        if self.times.get(&number).copied() == time {
            return;
        }
        if let Some(before) = self.times.remove(&number) {
            self.sorted.remove(&(before, number));
        }
        if let Some(time) = time {
            self.times.insert(number, time);
            self.sorted.insert((time, number));
        }
    }

    /// The earliest time.
    pub(super) fn first(&self) -> Option<T> {
        self.sorted.first().map(|(time, _)| *time)
    }

    /// Takes out the numbers whose time is `now` or before, earliest first.
    pub(super) fn take_due(&mut self, now: T) -> Vec<u64> {
        let mut due = Vec::new();
        while let Some(&(time, number)) = self.sorted.first()
            && time <= now
        {
            self.set(number, None);
            due.push(number);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_is_first_and_a_new_time_replaces_the_old_one() {
        let mut timeline = Timeline::default();
        timeline.set(1, Some(30));
        timeline.set(2, Some(20));
        assert_eq!(timeline.first(), Some(20));
        timeline.set(2, Some(40));
        assert_eq!(timeline.first(), Some(30));
        timeline.set(1, None);
        assert_eq!(timeline.first(), Some(40));
    }

    #[test]
    fn what_is_due_is_taken_out_in_order() {
        let mut timeline = Timeline::default();
        for (number, time) in [(1, 30), (2, 20), (3, 20), (4, 31)] {
            timeline.set(number, Some(time));
        }
        assert_eq!(timeline.take_due(30), [2, 3, 1]);
        assert_eq!(timeline.take_due(30), [] as [u64; 0]);
        assert_eq!(timeline.first(), Some(31));
    }
}
