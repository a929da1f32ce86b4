//! What must hold whatever comes in: one check for each place where bytes from outside are read.
//!
//! A check takes any bytes and panics where a property does not hold. It uses what the crate offers
//! to everybody and has no state that one input leaves to the next, so that an input alone repeats
//! what it found. Two runners call it: `tests/it/fuzz.rs` over the corpus and seeded mutations of
//! it, and the targets in `fuzz/fuzz_targets`, guided by coverage.
#![allow(dead_code, reason = "each target includes all checks and calls one")]

pub mod aws_answer;
pub mod config_file;
pub mod event;
pub mod exposition;
mod json;
pub mod request;
mod secret;
pub mod storage_file;
mod text_format;
pub mod web_file;

/// A check: panics where a property does not hold.
pub type Check = fn(&[u8]);

/// Every check, by the name of its target, its corpus and its dictionary.
pub const ALL: [(&str, Check); 7] = [
    ("aws_answer", aws_answer::check),
    ("config_file", config_file::check),
    ("event", event::check),
    ("exposition", exposition::check),
    ("request", request::check),
    ("storage_file", storage_file::check),
    ("web_file", web_file::check),
];
