//! The package `aics-tlog`, which knows nothing of ours, verifies what the witness cosigned.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bed::{Witness, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::support::skipped;
use crate::venv::virtual_environment;

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_verifier_accepts_our_cosignatures_and_refuses_changed_ones() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let Some(verifier) = install(&witness) else {
        return skipped("python3 with venv, and aics-tlog from PyPI");
    };
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    witness.bed.write("log.vkey", format!("{}\n", log.vkey()));
    let key = witness.key.to_string();
    let verify = |note: &Path, key: &str| -> Output {
        Command::new(&verifier)
            .arg("verify-checkpoint")
            .arg("--note")
            .arg(note)
            .arg("--vkey-file")
            .arg(witness.bed.path("log.vkey"))
            .args(["--witness-key", key, "--quorum", "1"])
            .output()
            .unwrap()
    };
    for (old, new) in [(0, 0), (0, 7), (7, 20)] {
        assert_eq!(submit(&mut http, log.request(old, new)).await.status, 200);
        let cosigned = http.get(&log.path()).await.body;
        let verified = verify(&witness.bed.write("cosigned.note", &cosigned), &key);
        assert!(verified.status.success(), "{verified:?}");
    }
    let good = String::from_utf8(http.get(&log.path()).await.body.to_vec()).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let [origin, size, root, empty, signature, cosignature] = lines[..] else {
        panic!("{good}")
    };
    // One byte changed: in what is signed, in the log's signature, in the time and in the signature of the cosignature.
    let start = cosignature.rfind(' ').unwrap() + 1;
    let changed = |line: &str, at: usize| {
        let mut bytes = line.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let with = |place: usize, line: &str| {
        let mut lines = [origin, size, root, empty, signature, cosignature];
        lines[place] = line;
        lines.join("\n") + "\n"
    };
    for (why, note) in [
        ("the size", with(1, "21")),
        ("the root", with(2, &changed(root, 10))),
        (
            "the log's signature",
            with(4, &changed(signature, signature.len() - 20)),
        ),
        ("the time", with(5, &changed(cosignature, start + 14))),
        (
            "the cosignature",
            with(5, &changed(cosignature, cosignature.len() - 20)),
        ),
    ] {
        assert_ne!(note, good, "{why}");
        let refused = verify(&witness.bed.write("changed.note", note), &key);
        assert!(!refused.status.success(), "{why}: {refused:?}");
    }
    let stranger = Witness::new().key.to_string();
    assert!(!verify(&witness.bed.path("cosigned.note"), &stranger).status.success());
}

/// Installs the verifier; `None` if this machine cannot.
fn install(witness: &Witness) -> Option<PathBuf> {
    let python = virtual_environment(&witness.bed.path("venv"), &["aics-tlog"])?;
    Some(python.with_file_name("aics-tlog"))
}
