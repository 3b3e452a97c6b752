//! Events, by every way in and out, against the real binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod hooks;
mod http;
mod support;
