//! Time as people read it.

use std::time::{Duration, UNIX_EPOCH};

/// The last second that is written with four digits of a year.
const LAST: f64 = 253_402_300_799.0;

/// Seconds since 1970 as `2026-11-28T00:05:12Z`; `None` for what is no such time. AWS or a clock
/// may say anything.
pub(super) fn utc(unix: f64) -> Option<String> {
    if !(0.0..=LAST).contains(&unix) {
        return None;
    }
    let time = UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(unix.floor()).ok()?)?;
    Some(humantime::format_rfc3339_seconds(time).to_string())
}

/// A span in its two largest units: `45 s`, `3 min`, `2 h 5 min`, `4 d 3 h`.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: u64, unit: &str, small: u64, of_it: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {of_it}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86_400 => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// From one Unix time to another; nothing if that is in the future.
pub(super) fn between(earlier: f64, later: f64) -> Duration {
    Duration::try_from_secs_f64(later - earlier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc_and_nonsense_is_not() {
        assert_eq!(utc(1_780_000_000.9).as_deref(), Some("2026-05-28T20:26:40Z"));
        assert_eq!(utc(LAST).as_deref(), Some("9999-12-31T23:59:59Z"));
        for nonsense in [-1.0, f64::NAN, f64::INFINITY, LAST + 1.0, 1e300] {
            assert_eq!(utc(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_span_has_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (7500, "2 h 5 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d"),
            (356_400, "4 d 3 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        assert_eq!(between(10.0, 5.0), Duration::ZERO);
        assert_eq!(between(f64::NAN, 5.0), Duration::ZERO);
        assert_eq!(between(5.0, 7.5), Duration::from_millis(2_500));
    }
}
