//! The table of our families.
