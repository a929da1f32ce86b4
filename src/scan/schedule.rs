//! When a target is scanned next: spread over the interval, backed off when denied.

use std::time::Duration;

use tokio::time::Instant;

/// After so many permanent denials in a row a target is asked less often.
pub(super) const DENIALS: u32 = 3;
/// A denied target is asked at least so often, unless its interval is longer.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(30 * 60);

/// The schedule of one target.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    due: Instant,
    /// Permanent denials of the product list, in a row.
    denials: u32,
    /// A first attempt comes at once; the second is moved, so that a fleet that began as one
    /// does not go on as one.
    phase: Option<Duration>,
}

impl Schedule {
    /// Due at once, and then a fraction of the interval earlier than it would be: `nth` of
    /// `many` targets that begin together. The first one keeps its whole interval.
    pub(super) fn new(now: Instant, interval: Duration, nth: usize, many: usize) -> Self {
        let fraction = nth as f64 / many.max(1) as f64;
        Self { due: now, denials: 0, phase: Some(interval.mul_f64(fraction)) }
    }

    /// When the next attempt is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// It is due now, whatever was planned.
    pub(super) fn due_now(&mut self, now: Instant) {
        self.due = now;
    }

    /// The interval is another one from now on: what is left of it becomes longer or shorter with
    /// it, so that targets stay spread over it.
    pub(super) fn stretch(&mut self, now: Instant, before: Duration, after: Duration) {
        let by = after.as_secs_f64() / before.as_secs_f64().max(0.001);
        let left = self.due.saturating_duration_since(now).min(before);
        self.due = now + left.mul_f64(by);
        self.phase = self.phase.map(|phase| phase.mul_f64(by));
    }

    /// An attempt begins that was due: plans the next. Ticks that nobody could hear, as while the
    /// whole process stood still, are no debt.
    pub(super) fn begun(&mut self, now: Instant, interval: Duration) {
        let phase = self.phase.take().unwrap_or_default().min(interval / 10 * 9);
        self.due += interval - phase;
        self.catch_up(now, interval);
    }

    /// The attempt that began at `begun` says that the next one follows after another interval.
    pub(super) fn repace(&mut self, begun: Instant, interval: Duration) {
        self.due = begun + interval;
    }

    /// A tick fell while an attempt runs: it is left out.
    pub(super) fn skipped(&mut self, now: Instant, interval: Duration) {
        self.due += interval;
        self.catch_up(now, interval);
    }

    fn catch_up(&mut self, now: Instant, interval: Duration) {
        if self.due <= now {
            let late = now.duration_since(self.due).as_nanos() / interval.as_nanos().max(1) + 1;
            self.due += interval.saturating_mul(u32::try_from(late).unwrap_or(u32::MAX));
        }
    }

    /// An attempt that began at `begun` ended; `denied` if AWS said no to the product list for
    /// good. Returns the pause if the target is backed off.
    pub(super) fn ended(
        &mut self,
        begun: Instant,
        denied: bool,
        interval: Duration,
    ) -> Option<Duration> {
        if self.denials >= DENIALS && !denied {
            // Somebody asked for it in the middle of a pause.
            self.due = self.due.min(begun + interval);
        }
        self.denials = if denied { self.denials.saturating_add(1) } else { 0 };
        let doublings = (self.denials + 1).checked_sub(DENIALS).filter(|times| *times > 0)?;
        let pause = interval.saturating_mul(1 << doublings.min(20)).min(MAX_BACKOFF.max(interval));
        self.due = self.due.max(begun + pause);
        Some(pause)
    }

    /// Forgets the denials, since the settings changed. Whether there were any.
    pub(super) fn forgive(&mut self) -> bool {
        std::mem::take(&mut self.denials) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(300);

    fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    #[test]
    fn one_target_alone_is_scanned_at_once_and_then_every_interval() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, INTERVAL, 0, 1);
        assert_eq!(schedule.due(), start);
        for nth in 1..4 {
            schedule.begun(start + INTERVAL * (nth - 1), INTERVAL);
            assert_eq!(schedule.due(), start + INTERVAL * nth);
        }
    }

    #[test]
    fn targets_that_begin_together_are_spread_over_the_interval_from_the_second_attempt_on() {
        let start = Instant::now();
        let mut dues = Vec::new();
        for nth in 0..60 {
            let mut schedule = Schedule::new(start, INTERVAL, nth, 60);
            assert_eq!(schedule.due(), start, "the first attempts begin at once");
            schedule.begun(start, INTERVAL);
            let second = schedule.due();
            assert!(second > start && second <= start + INTERVAL);
            schedule.begun(second, INTERVAL);
            assert_eq!(schedule.due(), second + INTERVAL, "and the spread stays");
            dues.push(second);
        }
        dues.sort();
        dues.dedup();
        assert!(dues.len() >= 54, "spread over {} moments", dues.len());
    }

    #[test]
    fn after_three_denials_the_pauses_double_up_to_half_an_hour() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, INTERVAL, 0, 1);
        let mut pauses = Vec::new();
        let mut now = start;
        for _ in 0..7 {
            schedule.begun(now, INTERVAL);
            pauses.push(schedule.ended(now, true, INTERVAL).map(|pause| pause.as_secs()));
            now = schedule.due();
        }
        assert_eq!(pauses, [None, None, Some(600), Some(1200), Some(1800), Some(1800), Some(1800)]);
        schedule.begun(now, INTERVAL);
        assert_eq!(schedule.ended(now, false, INTERVAL), None, "one success ends it");
        assert_eq!(schedule.due(), now + INTERVAL);
    }

    #[test]
    fn an_interval_longer_than_half_an_hour_is_not_shortened_by_a_denial() {
        let (start, interval) = (Instant::now(), second(3600));
        let mut schedule = Schedule::new(start, interval, 0, 1);
        for _ in 0..5 {
            schedule.begun(start, interval);
            schedule.ended(start, true, interval);
        }
        assert!(schedule.due() >= start + interval);
    }

    #[test]
    fn targets_stay_spread_when_the_interval_becomes_shorter_or_longer() {
        let start = Instant::now();
        for (after, expected) in [(60, [0, 15, 30, 45]), (3600, [0, 900, 1800, 2700])] {
            let dues = [0, 75, 150, 225].map(|due| {
                let mut schedule = Schedule::new(start + second(due), INTERVAL, 0, 1);
                schedule.stretch(start, INTERVAL, second(after));
                schedule.due().duration_since(start).as_secs()
            });
            assert_eq!(dues, expected);
        }
        let mut schedule = Schedule::new(start, INTERVAL, 3, 4);
        schedule.stretch(start, INTERVAL, second(60));
        schedule.begun(start, second(60));
        assert_eq!(schedule.due(), start + second(15), "also before the first attempt");
    }

    #[test]
    fn a_pause_does_not_outlast_a_success() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, INTERVAL, 0, 1);
        let mut now = start;
        for _ in 0..6 {
            schedule.begun(now, INTERVAL);
            schedule.ended(now, true, INTERVAL);
            now = schedule.due();
        }
        // An attempt that somebody asked for, half an hour before the next one.
        let asked = now - second(1800);
        assert_eq!(schedule.ended(asked, false, INTERVAL), None);
        assert_eq!(schedule.due(), asked + INTERVAL);
    }

    #[test]
    fn ticks_that_passed_while_the_process_stood_still_are_no_debt() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, INTERVAL, 0, 1);
        let late = start + INTERVAL * 10 + second(1);
        schedule.begun(late, INTERVAL);
        assert_eq!(schedule.due(), start + INTERVAL * 11);
    }
}
