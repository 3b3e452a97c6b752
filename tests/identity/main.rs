//! Identity tokens with the keys of real issuers: a foreign one from the registry of npm, and one of our own that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;
mod foreign;
mod keys;
mod misbehaving;
mod tokens;
