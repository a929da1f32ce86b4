//! The rate limit of one account, region and operation: a token bucket.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A token bucket, kept as the one instant at which it will be full again (the generic cell rate
/// algorithm). In any window of `w` seconds it lets at most `rate × w + burst` calls begin.
#[derive(Debug)]
pub(super) struct Bucket {
    rule: Option<Rule>,
    full_at: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    between: Duration,
    ahead: Duration,
}

impl Bucket {
    /// A full bucket; a rate of 0 is no limit.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let rule = (per_second > 0.0).then(|| {
            let between = Duration::from_secs_f64(1.0 / per_second);
            Rule { between, ahead: between.saturating_mul(burst.saturating_sub(1)) }
        });
        Self { rule, full_at: Mutex::new(None) }
    }

    /// Takes a token and says from when on it may be used; `None`, and no token taken, when that
    /// is after `deadline`.
    pub(super) fn take(&self, now: Instant, deadline: Instant) -> Option<Instant> {
        let Some(rule) = self.rule else { return Some(now) };
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.map_or(now, |full| full.max(now));
        let usable = full.checked_sub(rule.ahead).map_or(now, |usable| usable.max(now));
        if usable > deadline {
            return None;
        }
        *full_at = Some(full + rule.between);
        Some(usable)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usable_times(bucket: &Bucket, asked: &[Duration]) -> Vec<Duration> {
        let start = Instant::now() + Duration::from_secs(86_400);
        let never = start + Duration::from_secs(1_000_000);
        let times = asked.iter().map(|ask| bucket.take(start + *ask, never).unwrap() - start);
        times.collect()
    }

    #[test]
    fn a_full_bucket_gives_its_burst_at_once_and_then_one_each_interval() {
        let bucket = Bucket::new(5.0, 3);
        let usable = usable_times(&bucket, &[Duration::ZERO; 5]);
        let millis: Vec<_> = usable.iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [0, 0, 0, 200, 400]);
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let bucket = Bucket::new(0.0, 1);
        assert_eq!(usable_times(&bucket, &[Duration::ZERO; 100]), [Duration::ZERO; 100]);
    }

    #[test]
    fn a_token_that_would_come_after_the_deadline_is_not_taken() {
        let bucket = Bucket::new(1.0, 1);
        let now = Instant::now();
        let soon = now + Duration::from_millis(500);
        assert_eq!(bucket.take(now, soon), Some(now));
        assert_eq!(bucket.take(now, soon), None);
        assert_eq!(
            bucket.take(now, now + Duration::from_secs(9)),
            Some(now + Duration::from_secs(1))
        );
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_its_rate_and_one_burst(
            rate in 1_u32..50,
            burst in 1_u32..20,
            pauses in proptest::collection::vec(0_u64..400, 1..120),
        ) {
            let bucket = Bucket::new(f64::from(rate), burst);
            let mut asked = Duration::ZERO;
            let asked: Vec<_> = pauses.iter().map(|pause| {
                asked += Duration::from_millis(*pause);
                asked
            }).collect();
            let usable = usable_times(&bucket, &asked);
            for (first, begin) in usable.iter().enumerate() {
                for (last, end) in usable.iter().enumerate().skip(first) {
                    let window = (*end - *begin).as_secs_f64();
                    let allowed = f64::from(rate) * window + f64::from(burst);
                    prop_assert!((last - first + 1) as f64 <= allowed + 1e-6);
                }
            }
        }
    }
}
