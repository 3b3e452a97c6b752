//! What is small, mutable and can be rebuilt from the log: leaf hash to index.
//!
//! [`LeafIndex`] answers which entry of the log has a leaf hash. It is filled from the log, behind the log, and trusted for
//! nothing: whoever is told an index checks it with an inclusion proof. So its file can be deleted at any time, and what is
//! lost in a crash is read from the log once more.

mod error;
mod file;
mod leaf_index;

pub use error::IndexError;
pub use leaf_index::{LeafIndex, PARTITION_LEAVES};
