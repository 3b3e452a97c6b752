//! Credentials, from outside: the real binary against services that write down what they are shown, and against the real one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commands;
mod fake;
mod mutual_tls;
#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
#[path = "../e2e/support.rs"]
mod support;
mod ways;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
