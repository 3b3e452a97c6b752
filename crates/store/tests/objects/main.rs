//! The homes of objects from outside: the conformance suite, and what only the one in sled can get wrong.

mod conformance;
mod damage;
mod durability;
mod support;
mod volumes;
