//! The pump: on every tick it scans each target, advances what is known of it, and publishes.
//!
//! One task owns all state. Attempts are tasks of their own that return what they found by value;
//! one that hangs or panics costs its target that attempt and nobody else anything.

mod attempt;
mod discovery;
mod encoder;
mod enrich;
mod events;
mod keeper;
mod listing;
mod pace;
mod pages;
mod pump;
mod report;
mod restored;
mod roster;
mod schedule;
mod shown;
mod slot;
mod slots;
mod slow;
mod timeline;
mod transitions;
mod versions;
mod wakes;

pub use discovery::{Discovery, NewConfig};
pub use events::{Events, Hints};
pub use pump::{Inputs, Pump, Ticks};
pub use roster::{Key, Roster, Wanted};
pub use shown::shown_of;
