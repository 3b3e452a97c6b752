//! What the tests of a standing log do again and again.

use std::process::Output;

use indelible_note::VerifierKey;

use crate::support::{Bed, Server, stderr};

#[track_caller]
pub(crate) fn assert_done(output: &Output) {
    assert!(output.status.success(), "{:?}: {}", output.status, stderr(output));
}

/// Changes the key of the bed's log.
#[track_caller]
pub(crate) fn rotate(bed: &Bed) -> Output {
    let rotated = bed.run(&["key", "rotate", "--data", "log", "--yes"]);
    assert_done(&rotated);
    rotated
}

/// Appends entries, and writes their receipts to `receipts/INDEX.tlog-proof`. Heads are remembered in `FILE.heads`.
#[track_caller]
pub(crate) fn append(bed: &Bed, server: &Server, file: &str, key: &VerifierKey, entries: &[&str]) {
    bed.write(file, format!("{key}\n"));
    append_by(bed, server, file, entries);
}

/// The same for whoever trusts what is in this file.
#[track_caller]
pub(crate) fn append_by(bed: &Bed, server: &Server, vkey: &str, entries: &[&str]) {
    bed.write("lines", entries.join("\n"));
    let heads = format!("{vkey}.heads");
    let appended = bed.run(&[
        "append",
        "--lines",
        "lines",
        "--receipts",
        "receipts",
        "--vkey",
        vkey,
        "--heads",
        &heads,
        "--url",
        &server.url,
    ]);
    assert_done(&appended);
}

/// What a GET answers, with 200.
#[track_caller]
pub(crate) fn get(server: &Server, path: &str) -> Vec<u8> {
    let (status, body) = server.get(path);
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    body
}
