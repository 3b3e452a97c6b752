//! Identity tokens with the keys of real issuers: a foreign one from the registry of npm, and one of our own that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;
mod foreign;
mod keys;
mod misbehaving;
mod signing;
mod tokens;

#[path = "../access/erasing.rs"]
mod erasing;

#[path = "../e2e/support.rs"]
#[expect(dead_code, reason = "the bed has more in it than these tests need")]
mod bed;

#[path = "../access/place.rs"]
#[expect(dead_code, reason = "more is asked there than here")]
mod place;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
