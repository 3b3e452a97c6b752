//! The log engine from outside: what it must do on stores that are well, that fail, and that lie.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]
#![expect(clippy::cast_possible_truncation, reason = "the trees of the tests are small")]

mod appends;
mod attachments;
mod damage;
mod disk;
mod doubles;
mod erasure;
mod events;
mod halting;
mod journal_failures;
mod keys;
mod lone;
mod proofs;
mod queue;
mod reads;
mod recovery;
mod reference;
mod sealing;
mod simulation;
mod stopping;
mod streams;
mod support;
