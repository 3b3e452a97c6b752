//! Tests of the crate from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]

mod docs;
mod examples;
mod fill;
mod forms;
mod hostile;
mod instructions;
mod mapping;
mod packages;
mod permitted;
mod relabelled;
mod schemas;
mod signatures;
mod support;
