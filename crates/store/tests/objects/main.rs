//! The homes of objects from outside: the conformance suite, and what only the one in sled can get wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod conformance;
mod damage;
mod durability;
mod support;
mod volumes;
