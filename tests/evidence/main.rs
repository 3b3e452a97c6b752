//! The audit trail, from outside: the real binary, and files that it did not write.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
mod bracket;
mod erasing;
mod evidence;
mod fake;
mod log;
mod questions;
