//! `indelible audit` and `indelible mirror`, the real binary, against logs that are honest, damaged, slow, forked and rolled back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;
mod history;
mod honest;
mod kills;
mod mirror;
mod resume;
mod slow;
mod static_log;
#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
#[path = "../e2e/support.rs"]
mod support;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
