//! What can be wrong around it: limits, disks, witnesses, the service.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use indelible_note::CosigningKey;
use tempfile::TempDir;

use crate::{bed, examine, run, says};

#[test]
fn too_few_descriptors() {
    let bed = bed();
    let doctor = |limit: &str| {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {limit}; exec \"$0\" doctor --data log --json");
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_indelible")])
            .current_dir(bed.path("."));
        command
    };
    says(&run(doctor("256")), "files", "bad", "may have 256 descriptors");
    says(&run(doctor("1200")), "files", "warn", "may have 1200 descriptors");
}

#[test]
fn a_service_may_have_other_limits_than_whoever_asks() {
    let bed = bed();
    let mut command = Command::new("sh");
    let script = "ulimit -n 300; exec \"$0\" serve --data log --listen 127.0.0.1:0";
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_indelible")])
        .current_dir(bed.path("."));
    let server = crate::bed::Server::start(command);
    says(
        &examine(&bed, &["--url", &server.url]),
        "files",
        "bad",
        "the service may have 300",
    );
}

#[test]
fn more_memory_than_there_is() {
    let bed = bed();
    fs::write(
        bed.log().join("indelible.toml"),
        "cache_mib = 65536\nbacklog_mib = 65536\n",
    )
    .unwrap();
    says(&examine(&bed, &[]), "memory_limit", "bad", "may take");
}

#[test]
fn a_disk_that_is_none() {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let is_tmpfs = mounts.lines().any(|line| line.contains(" /dev/shm tmpfs "));
    let Some(folder) = is_tmpfs.then(|| TempDir::new_in("/dev/shm").ok()).flatten() else {
        return crate::bed::skipped("a tmpfs on /dev/shm");
    };
    let bed = bed();
    let data = folder.path().join("log");
    let data = data.to_str().unwrap();
    assert!(
        bed.run(&["init", "--origin", "test.example/events", "--data", data])
            .status
            .success()
    );
    says(
        &run(bed.command(&["doctor", "--data", data, "--json"])),
        "sync",
        "bad",
        "tmpfs lies in memory",
    );
}

#[test]
fn witnesses_that_are_not_there_or_do_not_vouch() {
    let bed = bed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Answers, as a witness does to what it does not know.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let key = |name: &str, seed| CosigningKey::from_seed(name.parse().unwrap(), [seed; 32]).cosigner();
    let policy = format!(
        "witness silent {} http://127.0.0.1:1\nwitness other {} http://127.0.0.1:{port}\nquorum none\n",
        key("silent.example", 1),
        key("other.example", 2)
    );
    fs::write(bed.log().join("witnesses.policy"), policy).unwrap();
    fs::write(
        bed.log().join("indelible.toml"),
        "witness_policy = \"witnesses.policy\"\n",
    )
    .unwrap();
    let found = examine(&bed, &[]);
    says(&found, "witnesses", "warn", "silent cannot be reached");
    says(&found, "witnesses", "warn", "other answers, but no cosignature");
    fs::write(bed.log().join("witnesses.policy"), "quorum none\n").unwrap();
    says(&examine(&bed, &[]), "witnesses", "bad", "names no witness");
}

#[test]
fn a_service_that_does_not_answer() {
    let bed = bed();
    says(
        &examine(&bed, &["--url", "http://127.0.0.1:1"]),
        "service",
        "bad",
        "does not answer",
    );
    // It runs, and is not where the configuration says.
    let _server = bed.serve();
    fs::write(bed.log().join("indelible.toml"), "listen = \"127.0.0.1:1\"\n").unwrap();
    says(&examine(&bed, &[]), "service", "bad", "127.0.0.1:1 does not answer");
}
