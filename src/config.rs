//! The configuration: YAML as typed, then as meant.
