//! The memory beside the data directory: an older copy of the whole directory is refused.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;

use crate::support::{Bed, Server, stderr};

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

async fn append(bed: &Bed, server: &Server, entry: &'static str) {
    server
        .client(bed.vkey())
        .await
        .append(Bytes::from_static(entry.as_bytes()))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_is_refused_until_somebody_consents() {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "one").await;
    server.stop();
    copy(&bed.log(), &bed.path("backup"));
    let server = bed.serve();
    append(&bed, &server, "two").await;
    server.stop();
    let remembered = std::fs::read_to_string(bed.path("log.checkpoint")).unwrap();
    assert_eq!(
        remembered.lines().nth(1),
        Some("2"),
        "the last head is remembered at shutdown"
    );

    std::fs::remove_dir_all(bed.log()).unwrap();
    copy(&bed.path("backup"), &bed.log());
    let refused = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    for words in ["log.checkpoint", "2 entries", "has 1", "recover --accept-older"] {
        assert!(
            stderr(&refused).contains(words),
            "{words:?} is not in {}",
            stderr(&refused)
        );
    }

    let unasked = bed.run(&["recover", "--accept-older", "--data", "log"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(stderr(&unasked).contains("consent"), "{}", stderr(&unasked));
    assert!(bed.path("log.checkpoint").exists() && bed.acts().is_empty());
    let accepted = bed.run(&["recover", "--accept-older", "--yes", "--data", "log"]);
    assert!(accepted.status.success(), "{}", stderr(&accepted));
    let record = bed.acts().remove(0);
    assert_eq!(record["given_up"].as_str(), Some(remembered.as_str()));

    let server = bed.serve();
    assert!(
        server.get("/healthz").1.starts_with(b"degraded: "),
        "it says that nothing remembered it"
    );
    append(&bed, &server, "two, again").await;
    server.stop();
    bed.serve().stop();
}

/// The same size, another past: a second history under the same key, in the place of the first.
#[tokio::test(flavor = "multi_thread")]
async fn another_history_is_refused() {
    let bed = Bed::with_log();
    copy(&bed.log(), &bed.path("fresh"));
    let server = bed.serve();
    append(&bed, &server, "the truth").await;
    server.stop();
    std::fs::rename(bed.path("log.checkpoint"), bed.path("kept")).unwrap();
    std::fs::remove_dir_all(bed.log()).unwrap();
    copy(&bed.path("fresh"), &bed.log());
    let server = bed.serve();
    append(&bed, &server, "a lie").await;
    append(&bed, &server, "and more").await;
    server.stop();

    std::fs::rename(bed.path("kept"), bed.path("log.checkpoint")).unwrap();
    let refused = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("two histories of one log"),
        "{}",
        stderr(&refused)
    );
}

/// While the log is served, what is remembered is at most a second old, whatever happens to the process.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_follows_a_log_that_is_killed() {
    let bed = Bed::with_log();
    let server = bed.serve();
    for _ in 0..20 {
        append(&bed, &server, "again").await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    server.kill();
    let remembered = std::fs::read_to_string(bed.path("log.checkpoint")).unwrap();
    assert_eq!(remembered.lines().nth(1), Some("20"));
    bed.serve().stop();
}

#[test]
fn a_memory_of_another_log_stops_init_and_serve() {
    let bed = Bed::with_log();
    std::fs::rename(bed.log(), bed.path("old")).unwrap();
    let again = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "test.example/log",
        "--data",
        "log",
    ]);
    assert!(
        !again.status.success() && stderr(&again).contains("log.checkpoint"),
        "{}",
        stderr(&again)
    );
    assert!(!bed.log().exists());

    let other = Bed::with_log();
    std::fs::copy(other.path("log.checkpoint"), bed.path("old.checkpoint")).unwrap();
    let refused = bed.run(&["serve", "--open", "--data", "old", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("no head of this log"), "{}", stderr(&refused));
}
