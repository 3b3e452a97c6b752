//! Sets the crate against the recursive definitions of RFC 9162, against three foreign implementations, against known
//! hashes, and against whoever would like to have something wrong accepted.

#![expect(clippy::cast_possible_truncation, reason = "the trees of the tests are small")]

mod accumulators;
mod batch;
mod bundle;
mod consistency;
mod edge;
mod growth;
mod hostile;
mod huge;
mod inclusion;
mod oracles;
mod paths;
mod range;
mod reference;
mod tiles;
mod tree;
