//! Wiring and lifetime.
