//! The only place that names an aws_* crate.
