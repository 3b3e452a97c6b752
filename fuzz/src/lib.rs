//! What must hold whatever bytes strangers hand to a parser: one module for each parser, with a `check` that panics where it does
//! not hold, and `seeds` of genuine values to begin from.
//!
//! The file is compiled twice: as this crate, whose targets libFuzzer drives, and as a module of tests/parsers.rs, which runs every
//! check in each `cargo test`. So no target can rot. docs/fuzzing.md says how to run them.

pub mod bundle;
pub mod checkpoint;
pub mod claims;
pub mod config;
pub mod delivery;
pub mod description;
pub mod disclosure;
pub mod evidence;
pub mod frame;
pub mod genesis;
pub mod guard;
pub mod host;
pub mod identity;
pub mod journal;
pub mod jwks;
pub mod key;
pub mod keys;
pub mod leaf;
pub mod note;
pub mod places;
pub mod policy;
pub mod proofs;
pub mod receipt;
pub mod request;
pub mod signed;
pub mod source_file;
pub mod tile;
pub mod tile_path;
pub mod witness;

mod attest;
mod sample;
mod trail;

/// What a parser said to the bytes. Seeds are all accepted: one that is not has ceased to lead anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are a value of its kind.
    Accepted,
    /// They are not.
    Refused,
}
