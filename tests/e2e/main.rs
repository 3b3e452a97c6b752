//! The real binary, from outside: what a user, a client in another language and a crash see.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod add;
mod append;
mod backup;
mod bad_http;
mod bad_input;
mod client;
mod commands;
mod demo;
mod foreign_tiles;
mod fsck;
#[expect(dead_code, reason = "other end-to-end tests use the rest of it")]
mod given;
mod health;
mod http_client;
mod memories;
mod memory;
mod python;
mod rebuilt;
mod recover;
mod shutdown;
mod streams;
mod support;
mod test_log;
mod tiles;
mod tls;
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
