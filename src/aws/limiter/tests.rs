use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A caller that waits for each token, on virtual time.
struct Caller {
    bucket: Bucket,
    begin: Instant,
    now: Instant,
}

impl Caller {
    fn new(per_second: f64, burst: u32) -> Self {
        let now = Instant::now();
        Self { bucket: Bucket::new(per_second, burst), begin: now, now }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Waits for a token, and says when it came.
    fn wait(&mut self) -> Duration {
        while let Err(later) = self.bucket.take(self.now) {
            assert!(later > self.now, "it says when to ask again");
            self.now = later;
        }
        self.now - self.begin
    }

    fn throttled(&mut self) -> Option<SlowedTo> {
        self.bucket.throttled(self.now, self.now)
    }

    /// Calls a second that begin now, beside the burst.
    fn pace(&mut self) -> f64 {
        for _ in 0..5 {
            self.wait();
        }
        let begin = self.wait();
        for _ in 0..5 {
            self.wait();
        }
        5.0 / (self.now - self.begin - begin).as_secs_f64()
    }
}

fn close(left: f64, right: f64) -> bool {
    (left / right - 1.0).abs() < 0.02
}

#[test]
fn a_full_bucket_gives_its_burst_at_once_and_then_one_each_interval() {
    let mut caller = Caller::new(5.0, 3);
    let times = [(); 5].map(|()| caller.wait().as_secs_f64());
    for (time, expected) in times.into_iter().zip([0.0, 0.0, 0.0, 0.2, 0.4]) {
        assert!((time - expected).abs() < 1e-4, "{times:?}");
    }
}

#[test]
fn a_rate_of_zero_is_no_limit_and_a_throttle_does_not_make_it_one() {
    let mut caller = Caller::new(0.0, 1);
    assert_eq!(caller.throttled(), None);
    for _ in 0..100 {
        assert_eq!(caller.wait(), Duration::ZERO);
    }
}

#[test]
fn a_throttle_halves_the_rate_for_ten_minutes_and_ends_the_burst() {
    let mut caller = Caller::new(8.0, 5);
    caller.pass(MINUTE);
    assert_eq!(caller.throttled(), Some(SlowedTo { per_second: 4.0, begins: true }));
    assert!((caller.wait() - MINUTE).as_secs_f64() > 0.249, "what was saved up is gone");
    for _ in 0..9 {
        assert!(close(caller.pace(), 4.0));
        caller.pass(MINUTE);
        let before = caller.wait();
        assert!((caller.wait() - before).as_secs_f64() > 0.249, "no burst while slowed");
    }
    assert!(close(caller.pace(), 4.0));
}

#[test]
fn after_ten_minutes_the_rate_comes_back_by_a_twentieth_a_minute() {
    let mut caller = Caller::new(1000.0, 5);
    caller.throttled();
    caller.pass(10 * MINUTE);
    for minute in 0..10 {
        assert!(close(caller.pace(), 500.0 + 50.0 * f64::from(minute)), "minute {minute}");
        caller.pass(MINUTE);
    }
    assert!(close(caller.pace(), 1000.0));
    caller.pass(20 * MINUTE);
    assert!(close(caller.pace(), 1000.0), "never more than was configured");
    caller.pass(MINUTE);
    let begin = caller.wait();
    assert!((1..5).all(|_| caller.wait() == begin), "the burst is back");
    assert_eq!(caller.throttled(), Some(SlowedTo { per_second: 500.0, begins: true }));
}

#[test]
fn calls_that_were_under_way_when_the_rate_was_halved_do_not_halve_it_again() {
    let mut caller = Caller::new(8.0, 5);
    let begun = caller.now;
    caller.pass(Duration::from_millis(50));
    assert!(caller.throttled().is_some());
    caller.pass(Duration::from_secs(5));
    assert_eq!(caller.bucket.throttled(begun, caller.now), None);
    assert!(close(caller.pace(), 4.0));
}

#[test]
fn later_throttles_halve_again_down_to_a_64th_and_belong_to_the_same_episode() {
    let mut caller = Caller::new(64.0, 5);
    for expected in [32.0, 16.0, 8.0, 4.0, 2.0, 1.0, 1.0, 1.0] {
        let slowed = caller.throttled().unwrap();
        assert_eq!(slowed, SlowedTo { per_second: expected, begins: expected == 32.0 });
        caller.wait();
    }
    caller.pass(9 * MINUTE);
    assert!(close(caller.pace(), 1.0), "ten minutes count from the last throttle");
}

#[test]
fn another_configured_rate_keeps_a_slowed_one_and_gives_no_second_burst() {
    let mut caller = Caller::new(8.0, 5);
    for _ in 0..5 {
        caller.wait();
    }
    let now = caller.now;
    caller.bucket.configure(16.0, 10, now);
    assert!(caller.bucket.take(now).is_err(), "no second burst");
    caller.throttled();
    caller.bucket.configure(4.0, 5, now);
    assert!(close(caller.pace(), 4.0), "less than the slowed rate counts");
    caller.bucket.configure(32.0, 5, now);
    assert!(close(caller.pace(), 8.0), "the slowed rate stays");
    caller.bucket.configure(0.0, 1, now);
    assert_eq!(caller.bucket.take(caller.now), Ok(()));
    caller.bucket.configure(1.0, 5, caller.now);
    assert!(caller.bucket.take(caller.now).is_err(), "calls without a limit were not counted");
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// Milliseconds.
    Pass(u64),
    /// Callers with clocks that many milliseconds behind ask once.
    Ask(u64),
    /// A call that began so many milliseconds ago is throttled.
    Throttle(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0_u64..400).prop_map(Event::Pass),
        1 => (0_u64..2_000_000).prop_map(Event::Pass),
        12 => (0_u64..3).prop_map(Event::Ask),
        1 => (0_u64..2_000).prop_map(Event::Throttle),
    ];
    proptest::collection::vec(event, 1..400)
}

proptest! {
    #[test]
    fn no_window_ever_holds_more_than_its_rate_and_one_burst_whatever_aws_throttles(
        rate in 1_u32..50,
        burst in 1_u32..20,
        events in events(),
    ) {
        let mut bucket = Bucket::new(f64::from(rate), burst);
        let begin = Instant::now();
        let mut now = begin + Duration::from_secs(1);
        // When each token was given, and the rate that a throttle had left by then, if any.
        let mut given: Vec<(Duration, Option<(Duration, f64)>)> = Vec::new();
        let mut slowed: Option<(Duration, f64)> = None;
        for event in events {
            match event {
                Event::Pass(millis) => now += Duration::from_millis(millis),
                Event::Ask(behind) => {
                    if bucket.take(now - Duration::from_millis(behind)).is_ok() {
                        let at = bucket.counted_at.unwrap() - begin;
                        given.push((at, slowed.filter(|(since, _)| at < *since + HELD_FOR)));
                    }
                }
                Event::Throttle(ago) => {
                    let begun = now - Duration::from_millis(ago);
                    if let Some(to) = bucket.throttled(begun, now) {
                        prop_assert!(to.per_second <= f64::from(rate) / 2.0);
                        prop_assert!(to.per_second >= f64::from(rate) / 64.0);
                        slowed = Some((now - begin, to.per_second));
                    }
                }
            }
        }
        for (first, (from, held)) in given.iter().enumerate() {
            for (last, (to, also)) in given.iter().enumerate().skip(first) {
                let (window, calls) = ((*to - *from).as_secs_f64(), (last - first + 1) as f64);
                prop_assert!(calls <= f64::from(rate) * window + f64::from(burst) + 1e-6);
                if let Some((_, slower)) = held && held == also {
                    prop_assert!(calls <= slower * window + 1.0 + 1e-6);
                }
            }
        }
    }
}
