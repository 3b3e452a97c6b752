//! `--exec` and `--notify`: each finding is told once, and told again until it was heard.

use std::fs;
use std::sync::{Arc, Mutex};

use indelible_note::FindingKind;

use crate::forge::{Forge, key};
use crate::support::stderr;
use crate::watch::{Watch, until};
use crate::web::{Answer, Web};

/// Serves a log that forks at once after the first look.
fn forked(options: &[&str]) -> Watch {
    let log = Forge::new("one", 0, 300);
    let web = Web::new(move |request| Answer::file(log.file(&request.path, 300)));
    let watch = Watch::of(&web.url, &key(), options);
    watch.expect(0);
    let other = Forge::new("other", 0, 300);
    web.now(move |request| Answer::file(other.file(&request.path, 300)));
    watch
}

#[test]
fn a_command_is_run_with_the_file_of_the_finding() {
    let watch = forked(&["--exec", "false", "--findings", "elsewhere/deep"]);
    let words = watch.expect(1);
    assert!(
        words.contains("--exec: exit status: 1") && words.contains("will be told again"),
        "{words}"
    );
    let watch = watch.instead("--exec", "printf '%s|%s|%s|' \"$INDELIBLE_FINDING\" \"$INDELIBLE_LOG_ORIGIN\" \"${INDELIBLE_TOKEN-no token}\" >> told; echo for the operator; printf '%s\\n' >> told");
    let output = watch.once_with_token();
    let words = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("for the operator"), "{words}");
    let files: Vec<_> = fs::read_dir(watch.bed.path("elsewhere/deep"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let path = files[0].canonicalize().unwrap().display().to_string();
    let told = format!("{path}|forged.example/log|no token|{path}\n");
    assert_eq!(fs::read_to_string(watch.bed.path("told")).unwrap(), told);
    assert_eq!(crate::watch::finding(&files[0]).kind, FindingKind::Fork);
    // Told once.
    watch.expect(1);
    assert_eq!(fs::read_to_string(watch.bed.path("told")).unwrap(), told);
}

#[test]
fn a_finding_is_posted_until_it_is_taken() {
    let posted = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&posted);
    // The sixth try is in the second round.
    let hook = Web::new(move |request| {
        let mut kept = kept.lock().unwrap();
        kept.push((request.path.clone(), request.body.clone()));
        match kept.len() {
            1..=5 => Answer::status(if kept.len() == 2 { 0 } else { 503 }, "later"),
            _ => Answer::status(204, ""),
        }
    });
    let url = format!("{}/secret-token", hook.url);
    let watch = forked(&["--notify", &url]);
    let words = watch.expect(1);
    assert!(
        words.contains("--notify: the server answered 503") && words.contains("will be told again"),
        "{words}"
    );
    assert!(!words.contains("secret-token"), "{words}");
    assert_eq!(posted.lock().unwrap().len(), 3);
    let words = watch.expect(1);
    assert!(!words.contains("--notify"), "{words}");
    watch.expect(1);
    let posted = posted.lock().unwrap();
    assert_eq!(posted.len(), 6);
    let found = watch.finding(FindingKind::Fork);
    for (path, body) in posted.iter() {
        assert_eq!(path, "secret-token");
        assert_eq!(*body, format!("{found}\n").into_bytes());
    }
}

/// Somebody who was not told because the monitor died is told by the next one, which finds nothing new.
#[test]
fn what_was_not_told_when_the_monitor_died_is_told_later() {
    let watch = forked(&[
        "--interval",
        "1s",
        "--exec",
        "touch begun; test -e go || exec sleep 100; touch told; :",
    ]);
    let following = watch.follow(&[]);
    until("the command is run", || watch.bed.path("begun").exists());
    watch.finding(FindingKind::Fork);
    following.kill();
    assert!(!watch.bed.path("told").exists());
    fs::write(watch.bed.path("go"), "").unwrap();
    watch.expect(1);
    assert!(watch.bed.path("told").exists());
    watch.finding(FindingKind::Fork);
}
