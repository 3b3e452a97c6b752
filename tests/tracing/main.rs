//! Request ids, log lines and spans of the real binary: that they are there, and that nothing a client sent is in them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../intake/support.rs"]
#[expect(dead_code, reason = "shared with the tests of the ways in, which use all of it")]
mod support;

#[path = "../e2e/venv.rs"]
mod venv;

mod collected;
mod lines;
mod secrets;
