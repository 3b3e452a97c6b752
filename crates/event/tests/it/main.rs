//! Tests of the crate from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]

mod attachments;
mod canonical;
mod clock;
mod content;
mod disclosures;
mod documented;
mod evidence;
mod foreign;
mod golden;
mod holds;
mod leaves;
mod limits;
mod ranges;
mod redaction;
mod sample;
mod secrets;
mod sent;
mod tombstones;
mod vectors;
#[path = "../../../../tests/e2e/venv.rs"]
mod venv;
