//! What a put has done when it returns, seen from outside the process.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use indelible_store::objects::Objects;
use tempfile::TempDir;

use crate::support::{create, noise, open, run, small, tile};

#[test]
fn everything_acknowledged_outlives_a_kill() {
    for round in 0..KILLS {
        let dir = TempDir::new().unwrap();
        let mut child = child("durability::what_was_put_is_there_when_it_is_opened_again", dir.path())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let puts_of = |line: &str| line.strip_prefix("put ").map(|number| number.parse::<u64>().unwrap());
        let mut acknowledged = said.by_ref().filter_map(|line| puts_of(&line)).nth(round).unwrap();
        // Somewhere in the puts behind that one, with the making of a volume in every second.
        thread::sleep(Duration::from_millis(round as u64 * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = said.filter_map(|line| puts_of(&line)).last().unwrap_or(acknowledged);

        let objects = open(dir.path(), &small(256, 1));
        for number in 0..=acknowledged {
            assert_eq!(
                objects.get(run(number * 128)).unwrap(),
                Some(noise(number, 3000)),
                "put {number}, {round}"
            );
        }
        let (last, _) = objects.last_run().unwrap().unwrap();
        assert!(last / 128 - acknowledged <= 1, "only one put was under way");
        for number in acknowledged + 1..acknowledged + 5 {
            objects.put(vec![(run(number * 128), noise(number, 3000))]).unwrap();
        }
    }
}

/// Puts into volume after volume and says so. As a process of its own, which is given a directory, it does that until it is killed.
#[test]
fn what_was_put_is_there_when_it_is_opened_again() {
    let (child, own) = (child_dir(), TempDir::new().unwrap());
    let dir = child.as_deref().unwrap_or(own.path());
    let puts = if child.is_some() { u64::MAX } else { 10 };
    let objects = create(dir, &small(256, 1));
    for number in 0..puts {
        objects.put(vec![(run(number * 128), noise(number, 3000))]).unwrap();
        println!("\nput {number}");
        io::stdout().flush().unwrap();
    }
    drop(objects);
    let objects = open(dir, &small(256, 1));
    for number in 0..puts {
        assert_eq!(objects.get(run(number * 128)).unwrap(), Some(noise(number, 3000)));
    }
    assert_eq!(objects.get(run(puts * 128)).unwrap(), None);
}

#[test]
fn the_kernel_sees_the_sync_after_the_write_and_before_the_answer() {
    if Command::new("strace").arg("-V").output().is_err() {
        writeln!(io::stderr(), "SKIPPED: needs strace").unwrap();
        assert!(
            env::var_os("INDELIBLE_CI").is_none_or(|set| set != "1"),
            "strace must be there in CI"
        );
        return;
    }
    let dir = TempDir::new().unwrap();
    let trace = dir.path().join("trace");
    let child = child(
        "durability::what_is_there_may_be_put_again_beside_what_is_not",
        dir.path(),
    );
    let traced = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-s",
            "100",
            "-e",
            "trace=pwrite64,pwritev,write,fsync,fdatasync,rename,statx",
            "-o",
        ])
        .arg(&trace)
        .arg(child.get_program())
        .args(child.get_args())
        .env(CHILD_DIR, dir.path())
        .output()
        .unwrap();
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    let trace = std::fs::read_to_string(trace).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let tree = dir.path().canonicalize().unwrap().join("tree.sled");

    for put in ["first", "second"] {
        let calls = between(&lines, put);
        let db = format!("<{}>", tree.join("0000/db").display());
        let written = calls
            .iter()
            .rposition(|call| call.contains("pwrite64(") && call.contains(&db))
            .unwrap();
        let synced = calls
            .iter()
            .rposition(|call| call.contains("fdatasync(") && call.contains(&db))
            .unwrap();
        assert!(
            written < synced,
            "the {put} put wrote after its last sync:\n{}",
            calls.join("\n")
        );
        // Where strace splits a call in two lines, the second says how it ended.
        let ended = calls[synced..]
            .iter()
            .any(|call| call.contains("fdatasync") && call.ends_with("= 0"));
        assert!(ended, "the {put} put returned before its sync:\n{}", calls.join("\n"));
    }

    let making = between(&lines, "first");
    let renamed = making
        .iter()
        .position(|call| call.contains("rename(\"") && call.contains("0000.new\""))
        .unwrap();
    for made in ["0000.new/conf", "0000.new/db", "0000.new"] {
        let path = format!("<{}>", tree.join(made).display());
        let synced = making[..renamed]
            .iter()
            .any(|call| call.contains("fsync(") && call.contains(&path));
        assert!(
            synced,
            "{made} was not synced before it got its name:\n{}",
            making.join("\n")
        );
    }
    let folder = format!("<{}>", tree.display());
    let named = making[renamed..]
        .iter()
        .any(|call| call.contains("fsync(") && call.contains(&folder));
    assert!(named, "the new name was not synced:\n{}", making.join("\n"));
}

/// Leaves marks around its puts, for whoever traces it as a process of its own and gives it a directory.
#[test]
fn what_is_there_may_be_put_again_beside_what_is_not() {
    let (child, own) = (child_dir(), TempDir::new().unwrap());
    let objects = create(child.as_deref().unwrap_or(own.path()), &small(256, 1));
    for (number, put) in (0..).zip(["first", "second"]) {
        mark(put, "begins");
        objects
            .put(vec![(run(number), noise(number, 3000)), (tile(0, 0), noise(9, 8192))])
            .unwrap();
        mark(put, "returned");
        assert_eq!(objects.get(run(number)).unwrap(), Some(noise(number, 3000)));
        assert_eq!(objects.get(tile(0, 0)).unwrap(), Some(noise(9, 8192)));
    }
}

/// This test binary, about to run one of its tests as a process of its own.
fn child(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped());
    command
}

fn child_dir() -> Option<PathBuf> {
    env::var_os(CHILD_DIR).map(PathBuf::from)
}

/// Leaves a mark in a trace: asks for a file that is not there.
fn mark(put: &str, what: &str) {
    assert!(!Path::new(&format!("/the {put} put {what}")).exists());
}

/// The system calls between the marks of a put.
fn between<'a>(lines: &[&'a str], put: &str) -> Vec<&'a str> {
    let at = |what| {
        lines
            .iter()
            .position(|line| line.contains(&format!("\"/the {put} put {what}\"")))
            .unwrap()
    };
    lines[at("begins")..at("returned")].to_vec()
}

const CHILD_DIR: &str = "INDELIBLE_TEST_CHILD_DIR";

const KILLS: usize = 8;
