//! Commands that ask over HTTP remember the newest head: a log that takes it back, or has another past, is noticed by the next one.

use std::path::Path;
use std::process::{Command, Output};

use crate::bed::{Bed, Server, stderr, stdout};
use crate::support::bed;

fn run(bed: &Bed, server: &Server, args: &[&str]) -> Output {
    let place = ["--url", &server.url, "--vkey", "log/log.vkey"];
    bed.run(&[args, &place].concat())
}

fn submit(bed: &Bed, server: &Server, actor: &str) -> Output {
    let event =
        format!(r#"{{"action":{{"name":"deploy","verb":"execute"}},"actor":{{"type":"user","name":"{actor}"}}}}"#);
    let args = [
        "submit",
        "--source",
        "script",
        "--url",
        &server.url,
        "--vkey",
        "log/log.vkey",
    ];
    bed.run_with_stdin(&args, event.as_bytes())
}

fn copy(from: &Path, to: &Path) {
    assert!(
        Command::new("cp")
            .arg("-a")
            .args([from, to])
            .status()
            .unwrap()
            .success()
    );
}

/// What asks for something over HTTP, each in a way that succeeds at an honest log with one event.
const ASKING: [&[&str]; 5] = [
    &["events"],
    &["events", "--prove", "f"],
    &["show", "0"],
    &["disclose", "0", "--members", "action", "-o", "f"],
    &[
        "erase",
        "--index",
        "0",
        "--members",
        "actor",
        "--basis",
        "b",
        "--requester",
        "r",
        "--yes",
    ],
];

#[test]
fn a_log_with_another_past_is_refused_by_each_command() {
    for asking in ASKING {
        let bed = bed();
        copy(&bed.log(), &bed.path("fresh"));
        let server = bed.serve();
        assert!(submit(&bed, &server, "casey").status.success());
        // Whatever it is that is remembered, the first of the commands has remembered it.
        let seen = run(&bed, &server, &["show", "0"]);
        assert!(seen.status.success(), "{}", stderr(&seen));
        server.stop();
        std::fs::rename(bed.log(), bed.path("gone")).unwrap();
        std::fs::rename(bed.path("fresh"), bed.log()).unwrap();
        std::fs::remove_file(bed.path("log.checkpoint")).unwrap();

        // The same key, and an event of somebody else in the same place.
        let server = bed.serve();
        let other = submit(&bed, &server, "bo");
        assert_eq!(other.status.code(), Some(1), "{}", stderr(&other));
        assert_eq!(stdout(&other), "");
        until_indexed(&bed, &server);
        let refused = run(&bed, &server, asking);
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{asking:?}: {said}");
        assert!(
            said.contains("does not hold: the server misbehaved"),
            "{asking:?}: {said}"
        );
        assert!(!stdout(&refused).contains("bo"), "{asking:?}: nothing of it is told");
        assert!(!bed.path("f").exists(), "{asking:?}: nothing of it is written");
        // Who knows nothing of the other past finds nothing wrong, and remembers this one.
        let new = run(&bed, &server, &[asking, &["--heads", "other.heads"]].concat());
        assert!(new.status.success(), "{asking:?}: {}", stderr(&new));
        // The first `erase` was committed before its tombstone could be held against anything, so that the second has nothing to do.
        assert!(bed.path("other.heads").exists() || asking[0] == "erase", "{asking:?}");
    }
}

/// The index follows the log: until it has the event, `events` finds nothing and sees no head.
fn until_indexed(bed: &Bed, server: &Server) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found = run(bed, server, &["events", "--heads", "waiting.heads"]);
        if stdout(&found).contains("deploy") {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{}", stderr(&found));
    }
}

#[test]
fn a_log_that_was_rolled_back_is_refused_and_one_that_grows_is_not() {
    let bed = bed();
    let server = bed.serve();
    assert!(submit(&bed, &server, "ada").status.success());
    server.stop();
    copy(&bed.log(), &bed.path("older"));
    let server = bed.serve();
    for actor in ["bo", "casey"] {
        assert!(submit(&bed, &server, actor).status.success());
        let shown = run(&bed, &server, &["show", "0"]);
        assert!(shown.status.success(), "{}", stderr(&shown));
    }
    server.stop();
    std::fs::rename(bed.log(), bed.path("newer")).unwrap();
    std::fs::rename(bed.path("older"), bed.log()).unwrap();
    std::fs::remove_file(bed.path("log.checkpoint")).unwrap();
    let server = bed.serve();
    let refused = run(&bed, &server, &["show", "0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert_eq!(stdout(&refused), "");
}

/// `append` and these commands remember one head of a log in one file.
#[test]
fn all_commands_remember_in_the_same_place() {
    let bed = bed();
    let server = bed.serve();
    assert!(submit(&bed, &server, "ada").status.success());
    let proved = run(&bed, &server, &["prove", "0"]);
    assert!(proved.status.success(), "{}", stderr(&proved));
    let folder = std::fs::read_dir(bed.path(".local/state/indelible")).unwrap();
    let notes = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let notes: Vec<String> = notes.filter(|name| name.ends_with(".checkpoint")).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("test.example_events+"), "{notes:?}");
}
