//! What can be wrong inside the data directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bed::Bed;
use crate::{bed, examine, says};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Serves it for a moment and appends: there are tables, a checkpoint file and a commit then.
fn used(bed: &Bed) {
    let server = bed.serve();
    let body = r#"{"source":"api/tests","claims":{"action":{"name":"deploy","verb":"execute"},"actor":{"type":"user","name":"a"}}}"#;
    let sent = Command::new("curl")
        .args(["-sS", "-f", "-H", "content-type: application/json", "-d", body])
        .arg(format!("{}/v1/events", server.url))
        .output()
        .unwrap();
    assert!(sent.status.success(), "{sent:?}");
    assert!(server.stop().0.success());
}

fn segment(bed: &Bed) -> PathBuf {
    let mut segments: Vec<PathBuf> = fs::read_dir(bed.log().join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    segments.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    segments.sort();
    segments.pop().unwrap()
}

#[test]
fn a_key_that_others_can_read_and_one_of_another_log() {
    let bed = bed();
    chmod(&bed.log().join("log.key"), 0o644);
    says(&examine(&bed, &[]), "key", "bad", "mode 0644");
    chmod(&bed.log().join("log.key"), 0o600);
    says(&examine(&bed, &[]), "key", "ok", "the log's key");
    let other = bed.run(&["init", "--origin", "test.example/events", "--data", "other"]);
    assert!(other.status.success());
    fs::copy(bed.path("other/log.key"), bed.log().join("log.key")).unwrap();
    says(&examine(&bed, &[]), "key", "bad", "never this log's");
    fs::remove_file(bed.log().join("log.key")).unwrap();
    says(&examine(&bed, &[]), "key", "bad", "No such file");
}

#[test]
fn a_key_that_was_given_up() {
    let bed = bed();
    fs::copy(bed.log().join("log.key"), bed.path("old.key")).unwrap();
    let rotated = bed.run(&["key", "rotate", "--data", "log", "--yes"]);
    assert!(rotated.status.success(), "{rotated:?}");
    says(&examine(&bed, &[]), "key", "ok", "the log's key");
    fs::copy(bed.path("old.key"), bed.log().join("log.key")).unwrap();
    says(&examine(&bed, &[]), "key", "bad", "given up");
}

#[test]
fn secrets_and_a_directory_that_are_open() {
    let bed = bed();
    used(&bed);
    chmod(&bed.log().join("dedupe.key"), 0o640);
    says(&examine(&bed, &[]), "secrets", "bad", "dedupe.key has mode 0640");
    chmod(&bed.log(), 0o755);
    says(&examine(&bed, &[]), "directory", "warn", "0755");
    chmod(&bed.log(), 0o777);
    says(&examine(&bed, &[]), "directory", "bad", "0777");
}

#[test]
fn a_source_that_cannot_be_used() {
    let bed = bed();
    fs::create_dir(bed.log().join("sources")).unwrap();
    let file = bed.log().join("sources/github-x.toml");
    fs::write(&file, "kind = \"svn\"\nname = \"github/x\"\n").unwrap();
    chmod(&file, 0o600);
    says(&examine(&bed, &[]), "sources", "bad", "svn");
    chmod(&file, 0o604);
    says(&examine(&bed, &[]), "secrets", "bad", "github-x.toml has mode 0604");
}

#[test]
fn a_configuration_with_a_typing_error() {
    let bed = bed();
    fs::write(bed.log().join("indelible.toml"), "queue_mb = 3\n").unwrap();
    says(&examine(&bed, &[]), "config", "bad", "did you mean `queue_mib`?");
    let mut command = bed.command(&["doctor", "--data", "log", "--json"]);
    fs::write(bed.log().join("indelible.toml"), "").unwrap();
    command.env("INDELIBLE_OPEN", "1");
    says(&crate::run(command), "config", "bad", "INDELIBLE_OPEN");
}

#[test]
fn an_older_copy_of_the_directory() {
    let bed = bed();
    let copied = Command::new("cp")
        .args(["-a", "log", "older"])
        .current_dir(bed.path("."))
        .status()
        .unwrap();
    assert!(copied.success());
    used(&bed);
    fs::rename(bed.log(), bed.path("newer")).unwrap();
    fs::rename(bed.path("older"), bed.log()).unwrap();
    says(
        &examine(&bed, &[]),
        "memory",
        "bad",
        "remembers a head of 1 entries, and the journal ends at 0",
    );
}

#[test]
fn a_journal_whose_end_is_broken_and_none_at_all() {
    let bed = bed();
    used(&bed);
    let segment = segment(&bed);
    let mut bytes = fs::read(&segment).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    // The closing record, and in front of it the commit.
    bytes[last / 512 * 512 - 512 + 100] ^= 1;
    fs::write(&segment, bytes).unwrap();
    says(&examine(&bed, &[]), "journal", "warn", "does not hold");
    fs::remove_dir_all(bed.log().join("journal")).unwrap();
    says(&examine(&bed, &[]), "journal", "bad", "journal");
}

#[test]
fn a_clock_that_was_set_back() {
    let bed = bed();
    used(&bed);
    let touched = Command::new("touch")
        .args(["-d", "+1 hour"])
        .arg(segment(&bed))
        .status()
        .unwrap();
    assert!(touched.success());
    says(&examine(&bed, &[]), "clock", "bad", "s from now");
}

#[test]
fn tables_that_are_none() {
    let bed = bed();
    used(&bed);
    for beside in ["-wal", "-shm"] {
        let _ = fs::remove_file(bed.log().join(format!("events.sqlite{beside}")));
    }
    fs::write(bed.log().join("events.sqlite"), "not a table at all. ".repeat(100)).unwrap();
    says(&examine(&bed, &[]), "followers", "warn", "events.sqlite");
}

#[test]
fn nothing_that_remembers_it_outside() {
    let bed = bed();
    used(&bed);
    fs::remove_file(bed.path("log.checkpoint")).unwrap();
    says(&examine(&bed, &[]), "memory", "warn", "nothing outside");
    fs::write(bed.path("log.checkpoint"), "no checkpoint\n").unwrap();
    says(&examine(&bed, &[]), "memory", "bad", "no head of this log");
}
