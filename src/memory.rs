//! Memory that a scan used goes back to the system.

/// Lets all threads share one heap, where the C library would give some a heap of their own. Call
/// it before the first thread starts.
///
/// What a scan keeps then lies beside what it frees in one heap instead of several, and
/// [`give_back`] has whole pages to give: half of the memory, and flat
/// (`bench/run memory`).
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[allow(unsafe_code, reason = "the C library offers it no other way")]
        // SAFETY: mallopt takes plain numbers; no thread that could allocate meanwhile runs yet,
        // and if it is refused, memory is only used less well.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}

/// Gives freed memory back to the system, where the C library would keep it.
///
/// A scan builds a new catalogue beside the one that is served and frees the old one; glibc keeps
/// the holes, and without this the process grows with every scan (`bench/run memory`).
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[allow(unsafe_code, reason = "the C library offers it no other way")]
        // SAFETY: malloc_trim takes a plain number, may be called at any time from any thread,
        // and touches no memory that is in use.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}
