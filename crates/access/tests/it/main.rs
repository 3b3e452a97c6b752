//! The table against its snapshot, tokens against their acts, and four eyes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod approvals;
mod registry;
mod snapshot;
