//! The audit trail on files: what goes into it, and what comes out again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod erasure;
mod holds;
mod support;
