//! Audits that are interrupted, and audits that go on where an earlier one ended.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::slow::SlowServer;
use crate::static_log::{StaticLog, path, vkey};
use crate::support::{Bed, ended, stderr};

fn audit(bed: &Bed, place: &str, options: &[&str]) -> (Option<i32>, Value, String) {
    let key = vkey();
    let args = [
        &["audit", place, "--vkey", &key, "--json", "--state", "state"][..],
        options,
    ]
    .concat();
    let output = bed.run(&args);
    let verdict = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), verdict, stderr(&output))
}

/// How many entries the state file says are checked.
fn position(bed: &Bed) -> u64 {
    let state = fs::read(bed.path("state")).unwrap_or_default();
    let state: Value = serde_json::from_slice(&state).unwrap_or_default();
    state["size"].as_u64().unwrap_or(0)
}

/// Starts an audit of a slow server and kills it -9 when some of the log is checked, and not all.
fn kill_in_the_middle(bed: &Bed, server: &SlowServer, size: u64) -> u64 {
    server.delay(Duration::from_millis(20));
    let mut command = bed.command(&[
        "audit",
        &server.url,
        "--vkey",
        &vkey(),
        "--state",
        "state",
        "--in-flight",
        "1",
    ]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    let before = position(bed);
    while position(bed) == before {
        assert!(begin.elapsed() < Duration::from_secs(120), "the state is never written");
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be killed"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    server.delay(Duration::ZERO);
    let position = position(bed);
    assert!(
        position > 0 && position < size && position.is_multiple_of(256),
        "{position}"
    );
    position
}

#[test]
fn a_killed_audit_goes_on_and_ends_with_the_same_verdict() {
    let bed = Bed::new();
    let log = StaticLog::of(66_000);
    log.write(&bed.path("copy"));
    let server = SlowServer::serve(bed.path("copy"));
    let (status, whole, words) = audit(&bed, "copy", &[]);
    assert_eq!(status, Some(0), "{words}");
    fs::remove_file(bed.path("state")).unwrap();

    let first = kill_in_the_middle(&bed, &server, 66_000);
    let second = kill_in_the_middle(&bed, &server, 66_000);
    assert!(second > first);
    server.take_asked();
    let (status, verdict, words) = audit(&bed, &server.url, &[]);
    assert_eq!(status, Some(0), "{words}");
    for member in ["holds", "origin", "size", "root"] {
        assert_eq!(verdict[member], whole[member], "{member}");
    }
    assert_eq!(verdict["entries"], 66_000 - second);
    let asked = server.take_asked();
    for tile in 0..257 {
        let path = path("entries", tile, 256);
        let due = usize::from(tile as u64 * 256 >= second);
        assert_eq!(asked.get(&path).copied().unwrap_or(0), due, "{path}");
    }

    // When all of it is checked, the next one looks at the last bundle only, and at what has come.
    StaticLog::of(66_300).write(&bed.path("copy"));
    server.take_asked();
    let (status, verdict, words) = audit(&bed, &server.url, &[]);
    assert_eq!(status, Some(0), "{words}");
    assert_eq!(
        (&verdict["size"], &verdict["entries"]),
        (&66_300.into(), &(66_300 - 65_792).into())
    );
    let bundles = server.take_asked().into_keys().filter(|path| path.contains("entries"));
    assert_eq!(
        bundles.collect::<Vec<_>>(),
        ["tile/entries/257", "tile/entries/258.p/252"]
    );
}

#[test]
fn what_an_audit_found_the_next_one_finds_again() {
    let bed = Bed::new();
    StaticLog::of(66_000).write(&bed.path("copy"));
    let damaged = bed.path("copy/tile/entries/200");
    let whole = fs::read(&damaged).unwrap();
    let mut other = whole.clone();
    other[3] ^= 1;
    fs::write(&damaged, other).unwrap();
    for _ in 0..2 {
        let (status, verdict, words) = audit(&bed, "copy", &[]);
        assert_eq!(
            (status, &verdict["file"]),
            (Some(1), &"tile/entries/200".into()),
            "{words}"
        );
        assert_eq!(position(&bed), 200 * 256, "what is before it is checked");
    }
    fs::write(&damaged, whole).unwrap();
    assert_eq!(audit(&bed, "copy", &[]).0, Some(0));
}

/// The first part was checked under a head that the log did not continue, wherever it parts from it.
#[test]
fn a_fork_between_two_audits_is_proved() {
    for (changed, grown) in [
        (10, 66_000),
        (10, 66_300),
        (60_000, 66_300),
        (65_999, 66_300),
        (65_999, 66_000),
    ] {
        let bed = Bed::new();
        StaticLog::of(66_000).write(&bed.path("copy"));
        let server = SlowServer::serve(bed.path("copy"));
        // Interrupted, so that most of the older tree is downloaded from the other log, or complete.
        kill_in_the_middle(&bed, &server, 66_000);
        StaticLog::of(grown)
            .with(changed, "another past")
            .write(&bed.path("copy"));
        let (status, verdict, words) = audit(&bed, "copy", &[]);
        assert_eq!(status, Some(1), "{changed} {grown}: {words}");
        assert!(words.contains("fork"), "{words}");
        let files: Vec<_> = fs::read_dir(bed.path("state.findings")).unwrap().collect();
        assert_eq!(files.len(), 1);
        let finding = fs::read(files.into_iter().next().unwrap().unwrap().path()).unwrap();
        let finding = indelible_note::Finding::parse(&finding).unwrap();
        assert!(
            matches!(finding.confirm(), Ok(indelible_note::Verdict::Fork(_))),
            "{finding}"
        );
        let shown: Value = serde_json::from_str(&finding.to_string()).unwrap();
        assert_eq!(verdict["finding"], shown);
    }
}

#[test]
fn a_rollback_between_two_audits_is_seen() {
    let bed = Bed::new();
    StaticLog::of(600).write(&bed.path("copy"));
    assert_eq!(audit(&bed, "copy", &[]).0, Some(0));
    StaticLog::of(599).write(&bed.path("copy"));
    let (status, verdict, words) = audit(&bed, "copy", &[]);
    assert_eq!(status, Some(1), "{words}");
    assert!(words.contains("599 entries now; an earlier audit saw 600"), "{words}");
    assert_eq!(verdict["finding"]["kind"], "rollback");
    assert_eq!(verdict["finding"]["heads"][1], StaticLog::of(599).checkpoint());
}

#[test]
fn a_state_of_something_else_is_refused() {
    let bed = Bed::new();
    StaticLog::of(600).write(&bed.path("copy"));
    assert_eq!(audit(&bed, "copy", &[]).0, Some(0));
    let (status, _, words) = audit(&bed, "copy", &["--entries-only"]);
    assert_eq!(status, Some(2));
    assert!(
        words.contains("an audit of entries and tiles; this one is of entries alone"),
        "{words}"
    );

    let other = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "static.example/log",
        "--data",
        "other",
    ]);
    let other = String::from_utf8(other.stdout).unwrap();
    let foreign = ended(bed.command(&["audit", "copy", "--vkey", other.trim(), "--state", "state"]));
    assert_eq!(foreign.status.code(), Some(2));
    assert!(stderr(&foreign).contains("of another log"), "{}", stderr(&foreign));

    let good = fs::read_to_string(bed.path("state")).unwrap();
    for bad in [
        String::new(),
        "{}".to_owned(),
        good.replace("\"size\":512", "\"size\":511"),
        good.replace("\"size\":512", "\"size\":1024"),
        good.replace("indelible.audit.v1", "indelible.audit.v2"),
    ] {
        assert_ne!(bad, good);
        bed.write("state", bad);
        let (status, _, words) = audit(&bed, "copy", &[]);
        assert_eq!(status, Some(2), "{words}");
        assert!(words.contains("no state of an audit"), "{words}");
    }
}
