//! `verify EVIDENCE` and `disclose --from`: what holds, what does not, and what is told of it.

use indelible_event::member::Member;
use indelible_event::{EvidenceLine, MemberSet};
use serde_json::Value;

use crate::bed::{Bed, exit, stderr, stdout};
use crate::log::{ERASED, HOSTILE, HandMade, TOMBSTONE};

/// Verifies a file with this content: exit status, stdout, stderr.
fn verify(content: &str, vkey: &str, more: &[&str]) -> (i32, String, String) {
    let bed = Bed::new();
    bed.write("file.indelible", content);
    let mut args = vec!["verify", "file.indelible", "--vkey", vkey];
    args.extend(more);
    let output = bed.run(&args);
    (exit(&output), stdout(&output), stderr(&output))
}

/// The members of the events of a file as `--json` tells them, by index.
fn members(content: &str, vkey: &str) -> Vec<Value> {
    let (exit, out, err) = verify(content, vkey, &["--json"]);
    assert_eq!(exit, 0, "{err}");
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["type"] == "event")
        .map(|line| line["members"].clone())
        .collect()
}

#[test]
fn honest_evidence_holds_and_tells_what_is_disclosed_and_erased() {
    let log = HandMade::new();
    let (exit, out, err) = verify(&log.evidence(), &log.vkey(), &[]);
    assert_eq!(exit, 0, "{err}");
    assert!(err.contains("holds: 3 events and 1 tombstone"), "{err}");
    for words in [
        "event 0\n  proved\n    logged       as entry 0 of test.example/log, in the tree of 4 entries",
        "actor        {\"name\":\"octocat\",\"type\":\"user\"}",
        "raw bytes    25, those whose hash is in `raw`",
        "received     2026-11-22T10:00:00Z",
        "actor        erased (tombstone #3)\n    raw          erased (tombstone #3)",
        "tombstone 3",
        "erases       actor,raw of event 2",
    ] {
        assert!(out.contains(words), "{words:?} is not in {out}");
    }
    assert!(!out.contains("withheld"), "{out}");
}

#[test]
fn what_was_erased_is_only_withheld_without_the_line_of_the_tombstone() {
    let log = HandMade::new();
    let with = members(&log.file([log.event(ERASED), log.tombstone()]), &log.vkey());
    assert_eq!(
        with[0]["actor"],
        serde_json::json!({"state": "erased", "tombstone": TOMBSTONE})
    );
    let before = members(&log.file([log.tombstone(), log.event(ERASED)]), &log.vkey());
    assert_eq!(before, with);
    let without = members(&log.file([log.event(ERASED)]), &log.vkey());
    assert_eq!(without[0]["actor"], serde_json::json!({"state": "withheld"}));
}

#[test]
fn no_text_of_an_event_steers_the_terminal() {
    let log = HandMade::new();
    let content = log.file([log.event(1)]);
    for more in [&[][..], &["--json"]] {
        let (exit, out, err) = verify(&content, &log.vkey(), more);
        assert_eq!(exit, 0, "{err}");
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!out.contains(steers), "{out:?}");
        assert!(out.contains("\\u001b[2J\\u009b1m\\u202ekcatta"), "{out}");
    }
    assert_eq!(members(&content, &log.vkey())[0]["actor"]["value"]["name"], HOSTILE);
    // Nor one of a file that is refused.
    let named = log.header().replace("\"type\"", "\"\\u001b[2J\"");
    let (exit, out, err) = verify(&named, &log.vkey(), &[]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(!err.contains('\u{1b}'), "{err:?}");
}

/// One thing is altered in a file that holds; then nothing of it is told.
#[test]
fn altered_evidence_is_refused() {
    let log = HandMade::new();
    let honest = log.file([log.event(0)]);
    let raw = "eyJyZWYiOiJyZWZzL2hlYWRzL21haW4ifQ==";
    assert!(honest.contains(raw));
    let check = |what: &str, content: &str, expected: i32, words: &str| {
        assert_ne!(content, honest, "{what}: nothing is altered");
        let (exit, out, err) = verify(content, &log.vkey(), &[]);
        assert_eq!((exit, out.as_str()), (expected, ""), "{what}: {err}");
        assert!(err.contains(words), "{what}: {words:?} is not in {err}");
    };
    let EvidenceLine::Event { disclosures, leaf, .. } = log.event(0) else {
        panic!("an event");
    };
    let text = disclosures[Member::Outcome.place()].to_text();
    let other = indelible_event::Disclosure::parse(
        String::from_utf8(disclosures[Member::Outcome.place()].bytes().to_vec())
            .unwrap()
            .replace("success", "failure")
            .into(),
    );
    check(
        "another value",
        &honest.replace(&text, &other.unwrap().to_text()),
        1,
        "outcome: the leaf does not commit to it",
    );
    check(
        "a disclosure that is none",
        &honest.replace(&text, &text[1..]),
        2,
        "line 2",
    );
    let digest = leaf.digests()[0].to_string();
    let turned: String = digest.chars().rev().collect();
    check("another digest", &honest.replace(&digest, &turned), 2, "line 2");
    check(
        "another second",
        &honest.replace("10:00:00Z", "10:00:01Z"),
        1,
        "not proved to be in the log",
    );
    check(
        "other raw bytes",
        &honest.replace(raw, "eyJyZWYiOiJyZWZzL2hlYWRzL21haW8ifQ=="),
        1,
        "the raw bytes have the hash",
    );
    check(
        "another index",
        &honest.replace("\"index\":0", "\"index\":1"),
        2,
        "the line says index 1, its proof 0",
    );
    let moved = honest
        .replace("\"index\":0", "\"index\":1")
        .replace("index 0", "index 1");
    check("another place", &moved, 1, "not proved to be in the log");
    check("a cut file", &honest[..honest.len() - 40], 2, "line 2");
    check(
        "only a header",
        &format!("{}\n", log.header()),
        2,
        "no event is in the file",
    );
    check("nothing", "", 2, "is no evidence");
    check(
        "a field more",
        &honest.replace("\"index\":0", "\"index\":0,\"more\":1"),
        2,
        "unknown field",
    );
    let root = honest.find("test.example/log\\n4\\n").unwrap() + 21;
    let mut tampered = honest.clone();
    let letter = if &honest[root..=root] == "A" { "B" } else { "A" };
    tampered.replace_range(root..=root, letter);
    check("another root", &tampered, 1, "does not hold");
}

#[test]
fn one_line_that_does_not_hold_makes_the_file_refused_and_is_named() {
    let log = HandMade::new();
    let whole = log.evidence();
    let altered = whole.replacen("\"index\":2", "\"index\":2,\"more\":0", 1);
    let (exit, out, err) = verify(&altered, &log.vkey(), &[]);
    assert_eq!((exit, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("line 4") && err.contains("1 of 4 lines"), "{err}");
}

#[test]
fn the_key_of_the_file_is_no_reason_to_believe_it() {
    let (log, other) = (HandMade::new(), HandMade::signed_by([8; 32]));
    let (exit, out, err) = verify(&other.evidence(), &log.vkey(), &[]);
    assert_eq!((exit, out.as_str()), (1, ""), "{err}");
    assert!(
        err.contains(&format!("the file itself names the key {}", other.vkey())),
        "{err}"
    );
    // The header is a hint, and nothing more: with another one the file holds as before.
    let hinted = log.evidence().replacen(&log.header(), &other.header(), 1);
    assert_eq!(verify(&hinted, &log.vkey(), &[]).0, 0);
}

#[test]
fn evidence_is_read_from_stdin_too() {
    let log = HandMade::new();
    let bed = Bed::new();
    bed.write("file", log.evidence());
    let mut command = bed.command(&["verify", "-", "--vkey", &log.vkey()]);
    let output = command
        .stdin(std::fs::File::open(bed.path("file")).unwrap())
        .output()
        .unwrap();
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("tombstone 3"));
}

#[test]
fn disclose_reveals_the_chosen_members_and_no_others() {
    let log = HandMade::new();
    let bed = Bed::new();
    bed.write("all.indelible", log.evidence());
    let vkey = log.vkey();
    let disclose = |args: &[&str]| {
        let mut all = vec![
            "disclose",
            "--from",
            "all.indelible",
            "--vkey",
            &vkey,
            "-o",
            "less.indelible",
        ];
        all.extend(args);
        bed.run(&all)
    };
    let output = disclose(&["--members", "action,targets,outcome"]);
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    let less = bed.read("less.indelible");
    let told = members(&less, &vkey);
    assert_eq!(told.len(), 3);
    for event in &told {
        for member in Member::ALL {
            let chosen = [Member::Action, Member::Targets, Member::Outcome].contains(&member);
            let state = event[member.as_str()]["state"].as_str().unwrap();
            assert_eq!(state == "disclosed", chosen, "{member}: {state}");
        }
    }
    assert_eq!(told[2]["actor"]["tombstone"], TOMBSTONE);
    // Not in any spelling: neither the values of the others, nor who asked for the erasure.
    let texts = |line: &EvidenceLine| match line {
        EvidenceLine::Event { disclosures, .. } => {
            let rest = disclosures.iter().filter(|shown| {
                let chosen: MemberSet = [Member::Action, Member::Targets, Member::Outcome].into_iter().collect();
                !chosen.contains(shown.member())
            });
            rest.map(|shown| shown.to_text()).collect::<Vec<_>>()
        }
        EvidenceLine::Tombstone { disclosures, .. } => disclosures.iter().map(|shown| shown.to_text()).collect(),
    };
    for line in (0..3).map(|index| log.event(index)).chain([log.tombstone()]) {
        for text in texts(&line) {
            assert!(!less.contains(&text), "{text}");
        }
    }
    assert!(!less.contains("\"raw\":"), "{less}");

    // One event needs no tombstone, the other does; with `raw` come the bytes.
    assert_eq!(exit(&disclose(&["0", "--members", "raw"])), 0);
    let one = bed.read("less.indelible");
    assert_eq!(one.lines().count(), 2);
    assert!(one.contains("\"raw\":"));
    assert_eq!(exit(&disclose(&["2", "--members", "actor,action"])), 0);
    assert_eq!(bed.read("less.indelible").lines().count(), 3);

    // Nothing is written of what is not there, nor of what does not hold.
    std::fs::remove_file(bed.path("less.indelible")).unwrap();
    assert_eq!(exit(&disclose(&["77", "--members", "action"])), 2);
    bed.write("all.indelible", log.evidence().replacen("10:00:00Z", "10:00:01Z", 1));
    assert_eq!(exit(&disclose(&["--members", "action"])), 1);
    assert!(!bed.path("less.indelible").exists());
}
