//! Strangers check the log: tools that others wrote, and people with curl and a page of Python. They accept what is true, and each
//! of them is seen to refuse what is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod aics_tlog;
mod by_hand;
mod liar;
mod log;
mod tlog_scales;
mod tools;

#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
#[path = "../e2e/support.rs"]
mod support;
#[path = "../e2e/venv.rs"]
mod venv;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
