//! The one shared cell.
