//! Identity tokens, from outside: what is believed, what is refused, what a configuration may say.

mod configuration;
mod keys;
mod provider;
mod refusals;
mod systems;
