//! Makes proofs in three steps: plan which nodes are needed, fetch them from wherever they are, finish.
//!
//! A plan names perfect nodes only, none of them twice, each complete in the tree that the proof is about. Their hashes are
//! immutable, so that they may come from a tile, a cache or a stranger alike, and the caller decides how: this module reads
//! nothing. Only a few nodes at the right edge are not perfect; `finish` folds them.
//!
//! Nothing is verified here. A wrong node gives a proof that its reader refuses.

pub(crate) mod consistency;
pub(crate) mod inclusion;
pub(crate) mod out_of_tree;
pub(crate) mod range;
pub(crate) mod recipe;

pub use self::consistency::{consistency, prefix};
pub use self::inclusion::inclusion;
pub use self::range::range;
