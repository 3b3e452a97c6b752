//! Memories at URLs: other copies of the log, asked at each start.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;

use crate::support::{Bed, Server, ended, stderr};

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

fn serve(bed: &Bed, data: &str, more: &[(&str, &str)]) -> Command {
    let mut command = bed.command(&["serve", "--open", "--data", data, "--listen", "127.0.0.1:0"]);
    command.envs(more.iter().copied());
    command
}

async fn append(bed: &Bed, server: &Server, entry: &'static str) {
    let client = server.client(bed.vkey()).await;
    client.append(Bytes::from_static(entry.as_bytes())).await.unwrap();
}

/// Runs a command of the log in `log`, with `url` as its memory, that must end with `expected` and say all of `words`.
fn check(bed: &Bed, url: &str, args: &[&str], expected: i32, words: &[&str]) {
    let mut command = bed.command(args);
    command.env("INDELIBLE_MEMORIES", url);
    let output = ended(command);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(expected), "{args:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{args:?}: {word:?} is not in {said}");
    }
}

const SERVE: [&str; 6] = ["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"];
const ACCEPT: [&str; 5] = ["recover", "--accept-older", "--yes", "--data", "log"];

/// A log of one entry, twice: in `log`, stopped, and in `mirror`, served, by the same key.
async fn log_and_mirror() -> (Bed, Server) {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "one").await;
    server.stop();
    copy(&bed.log(), &bed.path("mirror"));
    let mirror = Server::start(serve(&bed, "mirror", &[]));
    (bed, mirror)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_that_knows_more_stops_the_start_until_somebody_consents_to_that() {
    let (bed, mirror) = log_and_mirror().await;
    let url = mirror.url.clone();
    let memory = [("INDELIBLE_MEMORIES", url.as_str())];
    let server = Server::start(serve(&bed, "log", &memory));
    assert_eq!(server.get("/healthz").1, b"ok\n", "it remembers the same");
    append(&bed, &server, "two").await;
    server.stop();
    let server = Server::start(serve(&bed, "log", &memory));
    server.stop();

    // The mirror gets another second entry: another root for that size.
    append(&bed, &mirror, "another two").await;
    check(&bed, &url, &SERVE, 1, &[&url, "two histories of one log"]);
    append(&bed, &mirror, "another three").await;
    check(&bed, &url, &SERVE, 1, &[&url, "a head of 3 entries", "has 2"]);
    check(&bed, &url, &ACCEPT, 0, &["a head of 3 entries"]);
    let record = bed.acts().remove(0);
    assert_eq!(record["memory"].as_str(), Some(url.as_str()));
    assert!(bed.path("log.checkpoint").exists(), "it did not contradict anything");
    let server = Server::start(serve(&bed, "log", &memory));
    append(&bed, &server, "three").await;
    append(&bed, &server, "four").await;
    server.stop();
    // The log has outgrown what was given up, and still it is given up.
    Server::start(serve(&bed, "log", &memory)).stop();
    check(&bed, &url, &ACCEPT, 0, &["nothing contradicts this log"]);

    append(&bed, &mirror, "another four").await;
    check(&bed, &url, &SERVE, 1, &[&url, "two histories of one log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_of_another_log_stops_the_start() {
    let bed = Bed::with_log();
    assert!(
        bed.run(&[
            "init",
            "--kind",
            "opaque",
            "--origin",
            "test.example/log",
            "--data",
            "other"
        ])
        .status
        .success()
    );
    let other = Server::start(serve(&bed, "other", &[]));
    check(&bed, &other.url, &SERVE, 2, &[&other.url, "no head of this log"]);
    check(&bed, &other.url, &ACCEPT, 2, &[&other.url, "no head of this log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_that_does_not_answer_is_a_doubt_or_required() {
    let bed = Bed::with_log();
    // Takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let server = Server::start(serve(&bed, "log", &[("INDELIBLE_MEMORIES", &url)]));
    let (status, health) = server.get("/healthz");
    let health = String::from_utf8(health).unwrap();
    assert!(
        status == 200 && health.starts_with("degraded") && health.contains(&url),
        "{health}"
    );
    server.stop();

    drop(silent);
    let required = [
        ("INDELIBLE_MEMORIES", url.as_str()),
        ("INDELIBLE_MEMORIES_REQUIRED", "true"),
    ];
    let refused = ended(serve(&bed, "log", &required));
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains(&url), "{}", stderr(&refused));
    let server = Server::start(serve(&bed, "log", &[]));
    assert_eq!(server.get("/healthz").1, b"ok\n", "until the next start");
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_asks_the_memories_too_and_its_consent_lasts() {
    let (bed, mirror) = log_and_mirror().await;
    let url = mirror.url.clone();
    assert!(bed.run(&["backup", "--data", "log", "backup"]).status.success());
    append(&bed, &mirror, "two").await;
    std::fs::rename(bed.log(), bed.path("lost")).unwrap();
    let restore = ["restore", "backup", "--data", "log", "--key", "lost/log.key"];
    check(
        &bed,
        &url,
        &restore,
        1,
        &[&url, "a head of 2 entries", "restore --accept-older"],
    );
    assert!(!bed.log().exists());
    check(
        &bed,
        &url,
        &[&restore[..], &["--accept-older", "--yes"]].concat(),
        0,
        &["1 entries"],
    );
    let server = Server::start(serve(&bed, "log", &[("INDELIBLE_MEMORIES", &url)]));
    server.stop();
    append(&bed, &mirror, "three").await;
    check(&bed, &url, &SERVE, 1, &[&url, "a head of 3 entries"]);
}
