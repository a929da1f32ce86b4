//! The Prometheus text format 0.0.4: families, escaping, numbers, and bodies whose compression is
//! paid before anybody scrapes.
//!
//! Snapshot text is written straight into bytes, once a publication. A scrape sends what is there:
//! it compresses nothing and copies nothing.

mod body;
mod checksum;
mod family;
mod text;

pub use body::{BodyBuilder, Chunks, Exposition, Tail};
pub use family::{
    Describe, Family, FamilyWriter, Kind, LabelText, LabelTexts, Labels, LastLabel,
    OpenFamilyWriter, Writer,
};
