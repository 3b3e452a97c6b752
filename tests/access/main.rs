//! Who may do what, against the real binary: every door, every role, and what is on the record of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attested;
mod certificates;
mod doors;
mod erasing;
mod four_eyes;
mod large;
mod limits;
mod place;
mod readers;
mod reads;
mod record;
mod scopes;
mod sessions;
mod signed;
mod timing;
mod tokens;

#[path = "../slow/answer.rs"]
mod answer;

#[path = "../net/crl.rs"]
mod crl;

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
