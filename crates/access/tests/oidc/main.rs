//! Identity tokens, from outside: what is believed, what is refused, what a configuration may say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod binding;
mod configuration;
mod docs;
mod keys;
mod provider;
mod refusals;
mod signed;
mod systems;
