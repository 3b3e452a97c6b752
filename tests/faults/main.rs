//! The real binary under faults: killed, refused by its disk, given damaged files. What it has acknowledged stays, what it has
//! published is never taken back, and what it cannot do it says.
//!
//! docs/durability.md says what each suite shows, and how to run it for longer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_once;
mod flips;
mod full_disk;
#[expect(dead_code, reason = "the other end-to-end tests use the rest of it")]
#[path = "../e2e/given.rs"]
mod given;
mod injected;
mod kept;
mod kills;
mod neighbours;
mod order;
mod shim;
mod short_writes;
mod strace;
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
