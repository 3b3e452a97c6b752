//! What the service counts of itself, read by a parser that we did not write, against the real binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../intake/support.rs"]
#[expect(dead_code, reason = "shared with the tests of the ways in, which use all of it")]
mod support;

#[path = "../e2e/venv.rs"]
mod venv;

mod counts;
mod scraped;
