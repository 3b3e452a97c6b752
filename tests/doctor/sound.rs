//! A log with which nothing is wrong, served and at rest.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::bed::{Bed, stdout};
use crate::{bed, examine, says};

/// What a look may not change: all files, their sizes and times of change.
fn state(folder: &Path) -> Vec<(String, u64, i64, i64)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let found = entry.metadata().unwrap();
        if found.is_dir() {
            all.extend(state(&entry.path()));
        }
        // Memory that the readers of a table share.
        if entry.path().to_string_lossy().ends_with("-shm") {
            continue;
        }
        all.push((
            entry.path().display().to_string(),
            found.size(),
            found.mtime(),
            found.mtime_nsec(),
        ));
    }
    all.sort();
    all
}

fn submit(bed: &Bed, url: &str) {
    let claims = r#"{"action":{"name":"deploy","verb":"execute"},"actor":{"type":"user","name":"alice"}}"#;
    bed.write("claims.json", claims);
    let body = format!(r#"{{"source":"api/tests","claims":{claims}}}"#);
    let sent = std::process::Command::new("curl")
        .args(["-sS", "-f", "-H", "content-type: application/json", "-d", &body])
        .arg(format!("{url}/v1/events"))
        .output()
        .unwrap();
    assert!(sent.status.success(), "{sent:?}");
}

#[test]
fn nothing_is_bad_about_a_log_that_is_served_and_nothing_about_one_that_rests() {
    let bed = bed();
    let server = bed.serve();
    submit(&bed, &server.url);
    let pid = server.pid();
    let url = server.url.clone();
    // The follower is some milliseconds behind.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let found = examine(&bed, &["--url", &url]);
    assert_eq!(found.1, 0, "{:#?}", found.0);
    assert!(found.0.iter().all(|check| check["health"] != "bad"), "{:#?}", found.0);
    says(&found, "process", "ok", &format!("process {pid} serves"));
    says(&found, "journal", "ok", "1 entries");
    says(&found, "key", "ok", "holds the log's key");
    says(&found, "service", "ok", "says ok");
    says(&found, "clock", "ok", "later than now");
    says(&found, "files", "ok", "the service may have");
    says(&found, "followers", "ok", "search: 0 entries behind");
    let (ended, words) = server.stop();
    assert!(ended.success(), "{words:?}");

    let before = state(&bed.log());
    let found = examine(&bed, &[]);
    assert_eq!(found.1, 0, "{:#?}", found.0);
    says(&found, "process", "ok", "nobody serves");
    says(&found, "journal", "ok", "1 entries");
    says(&found, "memory", "ok", "a head of 1 entries");
    says(&found, "followers", "ok", "search");
    says(&found, "followers", "ok", "idempotency keys");
    says(&found, "followers", "ok", "leaf index");
    assert_eq!(state(&bed.log()), before, "it only looks");
}

#[test]
fn for_people_it_says_what_to_do_and_without_a_directory_it_says_nothing() {
    let bed = bed();
    fs::write(bed.log().join("indelible.toml"), "listn = 3\n").unwrap();
    let output = bed.run(&["doctor", "--data", "log"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("bad  config"), "{text}");
    assert!(text.contains("→ correct it"), "{text}");
    let output = bed.run(&["doctor", "--data", "nowhere"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    // A warning alone is no failure, unless it is asked for.
    fs::write(bed.log().join("indelible.toml"), "").unwrap();
    fs::set_permissions(bed.log(), fs::Permissions::from_mode(0o755)).unwrap();
    let (checks, status) = examine(&bed, &[]);
    says(&(checks, status), "directory", "warn", "0755");
    assert_eq!(status, 0);
    assert_eq!(examine(&bed, &["--strict"]).1, 1);
}
