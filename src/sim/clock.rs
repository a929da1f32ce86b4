//! The time of the world: it began at a known moment, and passes with the machine's, or is moved on.

use std::time::Duration;

/// The world's clock, and the client's where it is another one.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// When the world began, in seconds since 1970.
    began: Duration,
    /// What passed on the machine since then; nothing without a simulator.
    elapsed: Duration,
    /// What was skipped on top of that.
    advanced: Duration,
    /// What the client's clock said when the world began; the same as the world's if `None`.
    client_began: Option<Duration>,
}

impl Clock {
    pub fn beginning_at(unix_seconds: u64) -> Self {
        Clock { began: Duration::from_secs(unix_seconds), ..Clock::default() }
    }

    /// Ties the world to a machine whose clock says `client_began` (since 1970) now.
    pub fn tie(&mut self, client_began: Duration) {
        self.client_began = Some(client_began);
    }

    pub fn set_elapsed(&mut self, elapsed: Duration) {
        // Calls on two connections may come with their times crossed; time does not run backwards.
        self.elapsed = self.elapsed.max(elapsed);
    }

    pub fn advance(&mut self, by: Duration) {
        self.advanced += by;
    }

    /// Since the world began.
    pub fn age(&self) -> Duration {
        self.elapsed + self.advanced
    }

    /// In seconds since 1970, with milliseconds, as AWS gives times.
    pub fn unix(&self) -> f64 {
        (self.began + self.age()).as_millis() as f64 / 1000.0
    }

    /// What the client's clock says now. It does not skip what is skipped here.
    pub fn client(&self) -> Duration {
        match self.client_began {
            Some(began) => began + self.elapsed,
            None => self.began + self.age(),
        }
    }
}

/// A time since 1970 as `2026-11-23T22:41:38Z`, as the query protocol writes it; parts of a second
/// are cut off.
pub(super) fn iso8601(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_780_000_000, "2026-05-28T20:26:40Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso8601(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn what_is_skipped_passes_in_the_world_and_not_for_the_client() {
        let mut clock = Clock::beginning_at(1000);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.client(), Duration::from_secs(1005), "without a client of its own");
        clock.tie(Duration::from_secs(9000));
        clock.set_elapsed(Duration::from_secs(2));
        clock.set_elapsed(Duration::from_secs(1));
        assert_eq!(clock.age(), Duration::from_secs(7));
        assert!((clock.unix() - 1007.0).abs() < 1e-6);
        assert_eq!(clock.client(), Duration::from_secs(9002));
    }
}
