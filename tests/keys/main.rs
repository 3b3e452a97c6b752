//! Whom one has to believe, through the real binary: receipts under policies, findings, and logs that change their key.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crashes;
mod findings;
mod followers;
#[path = "../e2e/given.rs"]
#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
mod given;
mod policies;
mod refreshing;
mod refusals;
mod rotation;
mod standing;
mod trees;
mod watched;

#[path = "../e2e/support.rs"]
#[expect(dead_code, reason = "the bed has more in it than these tests need")]
mod support;

/// What the bed knows of the service.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
