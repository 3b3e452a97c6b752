//! fsck and rebuild from outside: each kind of damage gives the finding that names it, and nothing else.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]
#![expect(clippy::cast_possible_truncation, reason = "the trees of the tests are small")]

mod attachments;
mod journal;
mod keys;
mod objects;
mod rebuilding;
mod support;
