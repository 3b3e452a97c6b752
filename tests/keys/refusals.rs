//! What is refused before anything is changed, and what a start says to a wrong key.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::standing::{append, assert_done, rotate};
use crate::support::{Bed, stderr, stdout};

/// A log of one entry, at rest.
fn bed() -> Bed {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &bed.vkey(), &["zero"]);
    server.stop();
    bed
}

fn files(bed: &Bed) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for folder in ["log", "log/journal"] {
        for entry in fs::read_dir(bed.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && name != "lock" {
                files.push((format!("{folder}/{name}"), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Tries to change the key, which is refused for this reason, and nothing changes.
#[track_caller]
fn refused(bed: &Bed, more: &[&str], words: &[&str]) {
    let before = files(bed);
    let output = bed.run(&[&["key", "rotate", "--data", "log", "--yes"], more].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    for word in words {
        assert!(stderr(&output).contains(word), "{word:?} is not in {}", stderr(&output));
    }
    assert!(files(bed) == before, "what was refused changes no file");
}

#[test]
fn a_change_that_cannot_be_is_refused() {
    let bed = bed();
    refused(&bed, &["--data", "absent"], &["cannot be used multiple times"]);
    let output = bed.run(&["key", "rotate", "--data", "log"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--yes"), "{}", stderr(&output));

    let server = bed.serve();
    let output = bed.run(&["key", "rotate", "--data", "log", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&format!("in use by the process {}", server.pid())));
    server.stop();

    let keygen = |origin: &str, out: &str| assert_done(&bed.run(&["keygen", "--origin", origin, "--out", out]));
    keygen("other.example/log", "other.key");
    refused(
        &bed,
        &["--new-key", "other.key"],
        &["other.key is named other.example/log", "test.example/log"],
    );
    refused(&bed, &["--new-key", "log/log.key"], &["the new key is the old one"]);
    refused(&bed, &["--new-key", "absent.key"], &["absent.key"]);
    bed.write("no.key", "hello\n");
    fs::set_permissions(bed.path("no.key"), fs::Permissions::from_mode(0o600)).unwrap();
    refused(&bed, &["--new-key", "no.key"], &["no.key holds no private key"]);
    keygen("test.example/log", "wide.key");
    fs::set_permissions(bed.path("wide.key"), fs::Permissions::from_mode(0o644)).unwrap();
    refused(&bed, &["--new-key", "wide.key"], &["0644"]);

    // A key that lies ready is not thrown away.
    keygen("test.example/log", "log/log.key.next");
    keygen("test.example/log", "new.key");
    refused(&bed, &["--new-key", "new.key"], &["log.key.next", "never in force"]);
    fs::remove_file(bed.path("log/log.key.next")).unwrap();
    assert_done(&bed.run(&["key", "rotate", "--data", "log", "--yes", "--new-key", "new.key"]));
    assert_eq!(
        fs::read(bed.path("new.key")).unwrap(),
        fs::read(bed.path("log/log.key")).unwrap()
    );
    let mode = fs::metadata(bed.path("log/log.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // No key comes again.
    let old: indelible_note::VerifierKey = fs::read_to_string(bed.path("old.vkey"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let retired = format!("log/log.key.retired-{}", old.id());
    refused(&bed, &["--new-key", &retired], &["was in force before"]);
}

/// The statement would be about another history than the one that was published.
#[test]
fn an_older_copy_does_not_change_its_key() {
    let bed = bed();
    assert_done(&bed.run(&["backup", "backup", "--data", "log"]));
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &bed.vkey(), &["one"]);
    server.stop();
    let key = fs::read(bed.path("log/log.key")).unwrap();
    fs::rename(bed.log(), bed.path("lost")).unwrap();
    fs::rename(bed.path("log.checkpoint"), bed.path("kept.checkpoint")).unwrap();
    assert_done(&bed.run(&["restore", "backup", "--data", "log"]));
    fs::rename(bed.path("kept.checkpoint"), bed.path("log.checkpoint")).unwrap();
    bed.write("log/log.key", key);
    fs::set_permissions(bed.path("log/log.key"), fs::Permissions::from_mode(0o600)).unwrap();
    refused(
        &bed,
        &[],
        &["remembers a head of 2 entries, but the log in the directory has 1"],
    );
}

/// The key in force, or no start.
#[test]
fn a_start_under_another_key_is_refused_with_the_way_out() {
    let bed = bed();
    let old = fs::read(bed.path("log/log.key")).unwrap();
    rotate(&bed);
    let new = fs::read(bed.path("log/log.key")).unwrap();
    let put = |key: &[u8]| {
        bed.write("log/log.key", key);
        fs::set_permissions(bed.path("log/log.key"), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let starts = ["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"];
    put(&old);
    let refused = bed.run(&starts);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    let now = bed.vkey().to_string();
    for words in [
        "log/log.key holds the key",
        "changed at 1 entries",
        &now,
        "put the private half of that at",
    ] {
        assert!(
            stderr(&refused).contains(words),
            "{words:?} is not in {}",
            stderr(&refused)
        );
    }
    let again = bed.run(&["key", "rotate", "--data", "log", "--yes"]);
    assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));

    assert_done(&bed.run(&["keygen", "--origin", "test.example/log", "--out", "stranger.key"]));
    put(&fs::read(bed.path("stranger.key")).unwrap());
    let refused = bed.run(&starts);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("belongs to the key"), "{}", stderr(&refused));
    put(&new);
    bed.serve().stop();
}

/// A change that nobody could make, at the end of a journal whose checksums all hold.
#[test]
fn a_forged_change_stops_the_start_and_is_found() {
    use indelible_note::KeyChange;
    use indelible_store::journal::{FileJournal, Frame, Journal, Kind, Options};
    let bed = bed();
    let (thief, next) = (crate::trees::key(7), crate::trees::key(8));
    let statement = KeyChange::sign(&thief, &next, 1).unwrap().note().to_string();
    let (journal, _) = FileJournal::open(&bed.path("log/journal"), Options::default()).unwrap();
    let frame = Frame {
        kind: Kind::KeyChange,
        first: 1,
        records: Vec::new(),
        note: statement.into(),
    };
    journal.append(&frame).unwrap();
    drop(journal);
    let refused = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("change of keys in segment 1"),
        "{}",
        stderr(&refused)
    );
    let found = bed.run(&["fsck", "--data", "log"]);
    assert_eq!(found.status.code(), Some(1), "{}", stderr(&found));
    assert!(
        stdout(&found).contains("change of keys in journal/00000001.seg"),
        "{}",
        stdout(&found)
    );
    let backup = bed.run(&["backup", "backup", "--data", "log"]);
    assert_eq!(backup.status.code(), Some(1), "{}", stderr(&backup));
}
