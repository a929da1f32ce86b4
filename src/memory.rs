//! Memory that a scan used goes back to the system.

/// Gives freed memory back to the system, where the C library would keep it.
///
/// A scan builds a new catalogue beside the one that is served and frees the old one; glibc keeps
/// the holes, and without this the process grows with every scan (`cargo bench --bench memory`).
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
