//! `erase` against a service that is honest, and against some that are not: what was done is checked in the log.

use std::process::Output;

use serde_json::json;

use crate::bed::{Bed, exit, stderr, stdout};
use crate::fake::Fake;
use crate::log::{ERASED, HandMade, TOMBSTONE};

fn erase(log: &HandMade, fake: &Fake) -> Output {
    let bed = Bed::new();
    let args = [
        "erase",
        "--index",
        "2",
        "--members",
        "actor,raw",
        "--basis",
        "b",
        "--requester",
        "r",
        "--yes",
    ];
    let mut command = bed.command(&args);
    command
        .env("INDELIBLE_URL", &fake.url)
        .env("INDELIBLE_VKEY", log.vkey());
    command.output().unwrap()
}

#[test]
fn what_a_tombstone_is_said_to_erase_is_checked() {
    let log = HandMade::new();
    let listed = |index: u64, members: &[&str]| json!([{"first": index, "last": index, "members": members}]);
    for (what, entries, tombstone, expected, words) in [
        (
            "as it is",
            listed(ERASED, &["actor", "raw"]),
            TOMBSTONE,
            0,
            "to be erased",
        ),
        ("a part of it", listed(ERASED, &["raw"]), TOMBSTONE, 0, "to be erased"),
        (
            "another member",
            listed(ERASED, &["actor", "outcome"]),
            TOMBSTONE,
            1,
            "do not erase what was listed: 2",
        ),
        (
            "another event",
            listed(0, &["actor"]),
            TOMBSTONE,
            1,
            "do not erase what was listed: 0",
        ),
        (
            "no tombstone",
            listed(ERASED, &["actor", "raw"]),
            1,
            1,
            "do not erase what was listed: 2",
        ),
        ("nothing there", listed(ERASED, &["actor", "raw"]), 77, 2, "404"),
    ] {
        let fake = Fake::erasing(&log, &entries, tombstone);
        let output = erase(&log, &fake);
        assert_eq!(exit(&output), expected, "{what}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{what}: {}", stderr(&output));
        // It is told as soon as the log says that it is committed: then nobody can take it back.
        assert_eq!(stdout(&output), format!("{tombstone}\n"), "{what}");
    }
}
