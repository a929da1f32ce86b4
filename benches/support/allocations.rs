//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator; it counts what it is asked for.
pub struct Counting;

static ASKED: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn count(size: usize) {
    ASKED.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(size as u64, Ordering::Relaxed);
}

#[allow(unsafe_code, reason = "an allocator is unsafe to implement; this one only passes on")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are those of this call.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// How many allocations `work` asks for.
pub fn counted(work: impl FnOnce()) -> u64 {
    counted_with_bytes(work).0
}

/// The same, and how many bytes those are in all, freed again or not.
pub fn counted_with_bytes(work: impl FnOnce()) -> (u64, u64) {
    let read = || (ASKED.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    let before = read();
    work();
    let after = read();
    (after.0 - before.0, after.1 - before.1)
}
