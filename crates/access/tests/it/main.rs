//! The table against its snapshot, tokens against their acts, and four eyes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod approvals;
mod registry;
mod snapshot;
