//! The audit trail, through the real binary: what goes into a log of events, and what comes out of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commands;
mod grpc;
mod kinds;
mod python;
mod received;
mod remembering;
mod streams;
mod support;

#[path = "../e2e/venv.rs"]
mod venv;

#[path = "../e2e/support.rs"]
#[expect(dead_code, reason = "the bed has more in it than these tests need")]
mod bed;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
