//! `events`, `show` and `disclose` against a service that is honest, and against some that are not.

use std::io::{BufRead, BufReader};
use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};

use crate::bed::{Bed, exit, stderr, stdout};
use crate::fake::Fake;
use crate::log::{HandMade, TOMBSTONE};

fn ask(bed: &Bed, log: &HandMade, fake: &Fake, args: &[&str]) -> Output {
    let mut command = bed.command(args);
    command
        .env("INDELIBLE_URL", &fake.url)
        .env("INDELIBLE_VKEY", log.vkey());
    command.output().unwrap()
}

#[test]
fn events_prints_rows_newest_first_over_pages_and_says_that_the_index_lags() {
    let (bed, log) = (Bed::new(), HandMade::new());
    let fake = Fake::start(&log, 2, |_| {});
    let output = ask(
        &bed,
        &log,
        &fake,
        &[
            "events",
            "--actor",
            "a b&c",
            "--since",
            "2026-11-01",
            "--verb",
            "update",
        ],
    );
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    let expected = "\
  INDEX  TIME                  ACTOR         ACTION  TARGET     OUTCOME  SOURCE
      2  2026-11-22T10:00:00Z  erased (#3)   push    acme/shop  success  github/acme
";
    let out = stdout(&output);
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed(&out).starts_with(&squeezed(expected)), "{out}");
    let indexes: Vec<&str> = out
        .lines()
        .skip(1)
        .filter_map(|row| row.split_whitespace().next())
        .collect();
    assert_eq!(indexes, ["2", "1", "0"]);
    assert!(out.contains("\\u001b[2J") && !out.contains('\u{1b}'), "{out:?}");
    assert!(
        stderr(&output).contains("the first 3 of 4 entries"),
        "{}",
        stderr(&output)
    );
    let asked: Vec<String> = fake
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|asked| asked.contains('?'))
        .cloned()
        .collect();
    let question = "/v1/events?actor=a+b%26c&verb=update&since=2026-11-01T00%3A00%3A00Z&limit=100";
    assert_eq!(
        asked,
        [
            question.to_owned(),
            format!("{}98&before=1", &question[..question.len() - 3])
        ]
    );

    let output = ask(&bed, &log, &fake, &["events", "--limit", "1", "--json"]);
    let row: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(row["index"], 2);
    assert_eq!(
        row["members"]["actor"],
        json!({"state": "erased", "tombstone": TOMBSTONE})
    );
    assert_eq!(row["members"]["action"]["value"]["name"], "push");
}

#[test]
fn the_evidence_of_an_answer_holds_without_the_service() {
    let (bed, log) = (Bed::new(), HandMade::new());
    let fake = Fake::start(&log, 2, |_| {});
    let output = ask(&bed, &log, &fake, &["events", "--prove", "answer.indelible"]);
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("3 events and 1 tombstones"),
        "{}",
        stderr(&output)
    );
    let verified = bed.run(&["verify", "answer.indelible", "--vkey", &log.vkey()]);
    assert_eq!(exit(&verified), 0, "{}", stderr(&verified));
    assert!(stdout(&verified).contains("erased (tombstone #3)"));

    let output = ask(
        &bed,
        &log,
        &fake,
        &["disclose", "2", "0", "--members", "outcome", "-o", "less.indelible"],
    );
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    let verified = bed.run(&["verify", "less.indelible", "--vkey", &log.vkey()]);
    assert_eq!(exit(&verified), 0, "{}", stderr(&verified));
    assert!(!stdout(&verified).contains("octocat"));
    assert!(stdout(&verified).contains("actor        withheld"));
    assert!(stdout(&verified).contains("actor        erased (tombstone #3)"));
}

#[test]
fn show_sets_what_is_proved_apart_from_what_is_said() {
    let (bed, log) = (Bed::new(), HandMade::new());
    let fake = Fake::start(&log, 2, |_| {});
    let output = ask(&bed, &log, &fake, &["show", "2"]);
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    let out = stdout(&output);
    let places = [
        "event 2",
        "proved",
        "the service says",
        "the sender says",
        "not shown",
        "tombstone 3",
    ];
    let places: Vec<usize> = places
        .iter()
        .map(|words| out.find(words).unwrap_or_else(|| panic!("{words}: {out}")))
        .collect();
    assert!(places.is_sorted(), "{out}");
    assert!(out.contains("actor        erased (tombstone #3)"));
    // A tombstone can be shown as well; what is not there is not there.
    assert!(stdout(&ask(&bed, &log, &fake, &["show", "3"])).contains("erases       actor,raw of event 2"));
    let output = ask(&bed, &log, &fake, &["show", "9"]);
    assert_eq!(exit(&output), 2);
    assert!(
        stderr(&output).contains("404") && stderr(&output).contains("no such \\u001b[2J entry"),
        "{}",
        stderr(&output)
    );
}

/// What a service can lie about, and what the commands say to it.
#[test]
fn a_service_that_lies_is_refused() {
    let (log, other) = (HandMade::new(), HandMade::signed_by([8; 32]));
    let foreign = Fake::start(&other, 2, |_| {});
    let altered = Fake::start(&log, 2, |entry| {
        let leaf = entry["leaf"].as_str().unwrap().replace("10:00:00Z", "10:00:01Z");
        entry["leaf"] = leaf.into();
    });
    let swapped = Fake::start(&log, 2, |entry| {
        if entry["index"] == 1 {
            entry["members"]["outcome"]["disclosure"] = outcome_of(&log, 0).into();
        }
    });
    let unerased = Fake::start(&log, 2, |entry| {
        if entry["index"] == 0 {
            entry["members"]["actor"] = json!({"state": "erased", "tombstone": TOMBSTONE});
        }
    });
    let misplaced = Fake::start(&log, 2, |entry| {
        if entry["index"] == 1 {
            entry["index"] = 0.into();
        }
    });
    for (what, fake, args, words) in [
        (
            "another log",
            &foreign,
            &["show", "0"][..],
            "none of the 1 signatures is by a trusted key",
        ),
        ("another leaf", &altered, &["show", "0"], "not proved to be in the log"),
        (
            "another leaf",
            &altered,
            &["events", "--prove", "f"],
            "not proved to be in the log",
        ),
        (
            "another log",
            &foreign,
            &["disclose", "0", "--members", "action", "-o", "f"],
            "trusted key",
        ),
        (
            "another event's member",
            &swapped,
            &["show", "1"],
            "the leaf does not commit to it",
        ),
        (
            "another event's member",
            &swapped,
            &["events"],
            "the leaf does not commit to it",
        ),
        ("an erasure that was none", &unerased, &["show", "0"], "and it did not"),
        ("another entry", &misplaced, &["show", "1"], "asked for entry 1"),
    ] {
        let bed = Bed::new();
        let output = ask(&bed, &log, fake, args);
        assert_eq!(
            exit(&output),
            1,
            "{what}, {args:?}: {}{}",
            stdout(&output),
            stderr(&output)
        );
        assert!(stderr(&output).contains(words), "{what}: {}", stderr(&output));
        // But for what is remembered, in the user's own directory.
        let written = std::fs::read_dir(bed.path("."))
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        assert_eq!(
            written.filter(|name| name != ".local").count(),
            0,
            "{what}: something was written"
        );
        if args[0] == "show" {
            assert_eq!(stdout(&output), "", "{what}");
        }
    }
}

/// The outcome of an event with its salt.
fn outcome_of(log: &HandMade, index: u64) -> String {
    let indelible_event::EvidenceLine::Event { disclosures, .. } = log.event(index) else {
        panic!("an event");
    };
    disclosures[7].to_text()
}

#[test]
fn follow_begins_with_the_newest_and_goes_on() {
    let (bed, log) = (Bed::new(), HandMade::new());
    let fake = Fake::start(&log, 2, |_| {});
    let mut command = bed.command(&["events", "--follow", "--json", "--limit", "2"]);
    command
        .env("INDELIBLE_URL", &fake.url)
        .env("INDELIBLE_VKEY", log.vkey());
    command.stdout(Stdio::piped());
    let mut child = Ending(command.spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut index = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["index"].clone();
    assert_eq!([index(), index()], [json!(1), json!(2)]);
    while !fake
        .asked
        .lock()
        .unwrap()
        .iter()
        .any(|asked| asked.ends_with("limit=100&after=2"))
    {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A command that would not end by itself: it does with its test, also with one that fails.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
