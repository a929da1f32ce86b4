//! The text format: families, escaping, numbers, prepaid gzip.
