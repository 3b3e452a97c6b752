//! Payloads as trees, read with bounds on what is kept.

mod read;
mod tree;
mod value;

pub(crate) use read::{ELEMENTS_MAX, parse};
pub(crate) use tree::Node;
