//! Time on the processor: on a machine that others use too, it shakes less than time on the wall.

use std::time::Duration;

/// What this thread used so far.
#[allow(dead_code, reason = "each bench uses one of the two")]
pub fn of_thread() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// What all threads of this process used so far, ended ones included.
#[allow(dead_code, reason = "each bench uses one of the two")]
pub fn of_process() -> Duration {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[allow(unsafe_code, reason = "the standard library has no such clock")]
    // SAFETY: the pointer is to a timespec that lives through the call, which only writes to it.
    let failed = unsafe { libc::clock_gettime(id, &raw mut time) };
    assert_eq!(failed, 0, "this system counts no time on the processor");
    let seconds = u64::try_from(time.tv_sec).expect("it counts up from zero");
    Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// The middle one of an odd number of figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
