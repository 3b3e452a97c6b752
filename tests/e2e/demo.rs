//! The demo, as a stranger runs it.

use std::process::Command;

use crate::support::{Bed, stderr, stdout};

/// It ends by itself with exit 0, without a word to stderr, shows every scene, and needs no working directory that can be written. What
/// the README shows of it is what it prints.
#[test]
fn it_runs_anywhere_and_shows_what_the_readme_shows() {
    let bed = Bed::new();
    let mut command = bed.command(&["demo"]);
    // Of its surroundings it heeds nothing.
    command
        .env("INDELIBLE_URL", "http://127.0.0.1:9")
        .env("INDELIBLE_VKEY", "none");
    let output = command.current_dir("/proc").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    let said: Vec<String> = stdout(&output).lines().map(lasting).collect();
    let scenes = [
        // A delivery becomes an event.
        "  200 stored 6  deployment_review  casey approves the deployment alone",
        "  holds: demo.example/audit has 8 entries and continues what was seen before",
        // The question, the proof, the receipt.
        "      6  …  casey  deployment_review.approved  acme/checkout +2  success  github/acme",
        "  wrote casey.indelible: 4 events and 0 tombstones, each checked",
        "  holds: 4 events and 0 tombstones, each in a tree that the log's key has signed,",
        "  c2sp.org/tlog-proof@v1",
        "  holds: this is entry 6 of demo.example/audit, in the tree of size 8 that its key has signed",
        // Disclosing less.
        "      action       {\"name\":\"deployment_review.approved\",\"verb\":\"approve\"}",
        "      actor        withheld",
        // The refusals.
        "  401 x-hub-signature-256 was not made with the secret for this body; the log still has 8 entries",
        "  indelible: does not hold: line 3: entry 6: actor: the leaf does not commit to it,",
        "  indelible: does not hold: the 8 entries stored hash to the root",
        "  indelible: does not hold: demo.example/audit is accused of: fork",
        "  indelible: does not hold: demo.example/audit has forked: its key signed two trees of 8 entries,",
        // The erasure.
        "  tombstone #8 is in the log; its files named casey",
        "      6  …  erased (#8)  deployment_review.approved",
        "  holds: 2 events and 1 tombstone,",
        "  holds: this is entry 6 of demo.example/audit, in the tree of size 8 that its key has signed",
    ];
    in_order(&scenes.map(str::to_owned), &said, |said, due| said.starts_with(due));

    let readme = include_str!("../../README.md");
    let (_, block) = readme
        .split_once("```console\n$ indelible demo\n")
        .expect("it shows the demo");
    let (block, _) = block.split_once("```").expect("and ends");
    let shown: Vec<String> = block
        .lines()
        .filter(|row| !matches!(row.trim(), "" | "⋮"))
        .map(lasting)
        .collect();
    assert!(shown.len() > 20);
    in_order(&shown, &said, |said, shown| said == shown);
}

/// What it made, it removes.
#[test]
fn it_leaves_nothing_behind() {
    let bed = Bed::new();
    let temporary = bed.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command: Command = bed.command(&["demo"]);
    assert!(command.env("TMPDIR", &temporary).output().unwrap().status.success());
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    let mut left = std::fs::read_dir(bed.path("")).unwrap();
    assert_eq!(left.next().unwrap().unwrap().file_name(), "tmp");
    assert!(left.next().is_none(), "nor does it remember heads for its user");
}

/// A line without what differs from one run to the next: keys, hashes, times, ports.
fn lasting(row: &str) -> String {
    let differs = |word: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || "+/=-_…".contains(c);
        let longest = word.split(|c| !letters(c)).map(|run| run.chars().count()).max();
        let digits = word.chars().filter(char::is_ascii_digit).count();
        word.starts_with("http://")
            || longest >= Some(40)
            || (digits >= 12 && word.ends_with('Z'))
            || word.ends_with(".json")
    };
    let words = row.split(' ').map(|word| if differs(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Each is among what was said, behind the one before.
fn in_order(due: &[String], said: &[String], is: impl Fn(&str, &str) -> bool) {
    let mut rest = said.iter();
    for line in due {
        assert!(
            rest.any(|said| is(said, line)),
            "{line:?} is not said, or not here:\n{}",
            said.join("\n")
        );
    }
}
