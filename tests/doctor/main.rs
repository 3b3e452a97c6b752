//! `indelible doctor`: everything that can go wrong is made to go wrong, and is seen.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod certificates;
mod sound;
mod spoiled;
mod surroundings;

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

use std::process::Command;

use serde_json::Value;

use crate::bed::{Bed, ended, stdout};

/// A bed with a fresh log of events in it.
fn bed() -> Bed {
    let bed = Bed::new();
    let made = bed.run(&["init", "--origin", "test.example/events", "--data", "log"]);
    assert!(made.status.success(), "{made:?}");
    bed
}

/// What the doctor says of the log in the bed, and its exit status.
fn examine(bed: &Bed, more: &[&str]) -> (Vec<Value>, i32) {
    run(bed.command(&[&["doctor", "--data", "log", "--json"], more].concat()))
}

fn run(command: Command) -> (Vec<Value>, i32) {
    let output = ended(command);
    let lines = stdout(&output);
    let checks = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    (checks.collect(), output.status.code().unwrap())
}

/// One check of this kind must be so, and say this; and the exit status must be that of it.
#[track_caller]
fn says(found: &(Vec<Value>, i32), check: &str, health: &str, words: &str) {
    let (checks, status) = found;
    let is = |one: &&Value| {
        one["check"] == check && one["health"] == health && one["found"].as_str().unwrap().contains(words)
    };
    let one = checks
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("no {check} that is {health} and says {words:?}: {checks:#?}"));
    if health != "ok" {
        assert!(one["todo"].as_str().is_some_and(|todo| !todo.is_empty()), "{one}");
    }
    if health == "bad" {
        assert_eq!(*status, 1, "{checks:#?}");
    }
}
