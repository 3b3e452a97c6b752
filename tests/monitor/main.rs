//! `indelible monitor`, the real binary, against logs that are honest and logs that are not.
//!
//! The honest ones are those that `indelible serve` serves. The liars are made here: [`forge`] has every file of a log at every
//! size, [`web`] serves them with whatever changes a test wants.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod forge;
mod honest;
mod lies;
mod state;
#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
#[path = "../e2e/support.rs"]
mod support;
mod telling;
mod trouble;
mod watch;
mod web;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
