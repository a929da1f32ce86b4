//! The pump.
