//! `indelible witness`, from outside: what logs, readers, its operator and a crash see of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
mod clock;
mod commands;
mod findings;
mod foreign;
mod hostile;
#[path = "../e2e/http_client.rs"]
mod http_client;
mod kills;
mod log;
mod order;
mod races;
mod rate;
mod sequence;
#[expect(dead_code, reason = "the fault suites use the rest of it")]
#[path = "../faults/shim.rs"]
mod shim;
mod state;
mod statuses;
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
