//! Events, by every way in and out, against the real binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cloud;
mod hooks;
mod http;
mod support;

#[path = "../e2e/venv.rs"]
mod venv;
