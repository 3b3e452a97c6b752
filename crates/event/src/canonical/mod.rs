//! Canonical JSON (RFC 8785), written straight from the members: no tree of values and no buffer for every object lies between.
//!
//! The crate `serde_json_canonicalizer` writes the same bytes from any value, at a fraction of the speed; property tests hold the two against
//! each other. Numbers are integers within ±(2^53 - 1), which every reader of JSON keeps exactly, so that the one hard part of
//! RFC 8785, the shortest form of a fraction, is not needed.

mod members;
mod text;
mod value;

pub(crate) use members::{write_claim, write_member};
pub(crate) use text::{Object, write_text};
pub use value::Unfit;

/// The largest integer that a member may have: 2^53 - 1, as I-JSON (RFC 7493) has it.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// How deep arrays and objects may lie in each other within a member. Half of what the parser of JSON takes (127), so that whatever
/// was written can be read again, inside of other JSON too.
pub const DEPTH_MAX: usize = 64;

/// The longest value of a member in canonical JSON, without its salt and name: 256 KiB.
pub const MEMBER_BYTES_MAX: usize = 256 << 10;

/// The values of all members of an event together, in canonical JSON: 1 MiB.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
