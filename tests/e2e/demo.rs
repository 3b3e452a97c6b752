//! The demo, as a stranger runs it.

use std::process::Command;

use crate::support::{Bed, stderr, stdout};

/// It ends by itself with exit 0, shows both refusals, and needs no working directory that can be written.
#[test]
fn it_runs_anywhere_and_shows_both_refusals() {
    let bed = Bed::new();
    let mut command = bed.command(&["demo"]);
    let output = command.current_dir("/proc").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    for words in [
        "c2sp.org/tlog-proof@v1",
        "the log refuses to start",
        "holds the older head refuses it",
        "consistency proof checked",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    for event in ["push", "deployment_review", "workflow_run", "deploy_key"] {
        assert!(said.contains(event), "{event:?} is not in {said}");
    }
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
}
