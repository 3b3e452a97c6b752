//! What the witness asks of the kernel: the step is synced before the cosignature is written to the socket.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bed::{Witness, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::support::{Server, skipped};

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_synced_before_the_cosignature_leaves() {
    let tried = Command::new("strace").args(["-f", "-e", "trace=none", "true"]).output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        return skipped("strace, and leave to trace");
    }
    let log = Log::new("one", 10);
    let witness = Witness::of(&log);
    let served = witness.command(&[]);
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-y", "-s", "64", "-o"])
        .arg(witness.bed.path("trace"))
        .args([
            "-e",
            "trace=pwrite64,ftruncate,fsync,fdatasync,write,writev,sendto,sendmsg",
        ])
        .arg(served.get_program())
        .args(served.get_args())
        .current_dir(witness.bed.path(""))
        .env_clear()
        .env("HOME", witness.bed.path(""))
        .stdin(Stdio::null());
    let server = Server::start(command);
    let pid = server.pid();
    let mut http = Http::connect(&server).await;
    for size in [3, 7] {
        let old = if size == 3 { 0 } else { 3 };
        witness.cosigned(&submit(&mut http, log.request(old, size)).await, &log.checkpoint(size));
    }
    drop(http);
    server.stop();
    let trace = ended(&witness, pid);

    // Of each answer: the calls since the answer before.
    let mut answers = 0;
    let mut since: Vec<&str> = Vec::new();
    for line in trace.lines() {
        if line.contains("HTTP/1.1 200") {
            answers += 1;
            check(&since);
            since.clear();
        } else {
            since.push(line);
        }
    }
    assert_eq!(answers, 2, "{trace}");
}

/// Everything that was written to the database is synced, and then the journal that could undo it is empty, and that is synced too.
fn check(calls: &[&str]) {
    let last = |what: &dyn Fn(&str) -> bool| calls.iter().rposition(|call| what(call));
    let is_sync = |call: &str| call.contains("fdatasync(") || call.contains("fsync(");
    let database = |call: &str| call.contains("witness.sqlite>");
    let journal = |call: &str| call.contains("witness.sqlite-journal>");
    let written = last(&|call| call.contains("pwrite64(") && database(call));
    let synced = last(&|call| is_sync(call) && database(call));
    let emptied = last(&|call| call.contains("ftruncate(") && journal(call));
    let journal_synced = last(&|call| is_sync(call) && journal(call));
    let order = [written, synced, emptied, journal_synced];
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "{order:?} in {calls:#?}"
    );
}

/// The trace of a process that has ended, when strace has written all of it.
fn ended(witness: &Witness, pid: u32) -> String {
    let begin = Instant::now();
    loop {
        let trace = std::fs::read_to_string(witness.bed.path("trace")).unwrap_or_default();
        let exited = |line: &str| line.starts_with(&format!("{pid} ")) && line.contains("+++ ");
        if trace.lines().any(exited) {
            return trace;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "the trace has no end");
        std::thread::sleep(Duration::from_millis(10));
    }
}
