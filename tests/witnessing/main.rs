//! The log and its witnesses, with the real binary: what it serves, what it says, and when it stops, with witnesses that are honest,
//! slow, away, or lie; and with a witness that others wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;
mod foreign;
mod scene;
mod serving;
mod speed;
mod statuses;
mod stopping;
mod submitting;
#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
#[path = "../e2e/support.rs"]
mod support;
#[path = "../e2e/venv.rs"]
mod venv;
mod waiting;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
