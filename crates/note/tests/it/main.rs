//! Tests of the crate from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]

mod checkpoints;
mod common;
mod cosignatures;
mod findings;
mod hostile;
mod interop;
mod key_changes;
mod key_documents;
mod keys;
mod notes;
mod policies;
mod policy_properties;
mod properties;
mod receipts;
mod vectors;
mod witness;
mod witnessed_receipts;
