//! (method, path) to response.
