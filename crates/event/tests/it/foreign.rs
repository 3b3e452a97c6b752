//! Leaves, disclosures and digests against programs that share no code with this one: the PyPI packages `sd-jwt` and `rfc8785`.

use std::{fs, io::Write, path::Path, process::Command};

use indelible_event::{Salts, Sealed};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::json;

use crate::{
    sample::{any_event, event, full_event, salts, second},
    vectors::tombstone,
    venv::virtual_environment,
};

#[test]
fn python_recomputes_every_digest_and_the_canonical_form() {
    let folder = tempfile::tempdir().unwrap();
    let Some(python) = virtual_environment(&folder.path().join("venv"), &["sd-jwt", "rfc8785"]) else {
        return skipped("python3 with venv, and sd-jwt and rfc8785 from its package index");
    };
    let mut leaves = vec![];
    let mut add = |sealed: &Sealed| {
        let disclosures = sealed.disclosures().iter();
        leaves.push(json!({
            "leaf": str::from_utf8(sealed.leaf().text()).unwrap(),
            "disclosures": disclosures.map(indelible_event::Disclosure::to_text).collect::<Vec<_>>(),
        }));
    };
    let received = second("2026-11-22T10:00:00Z");
    let mut runner = TestRunner::deterministic();
    for event in [event(), full_event()] {
        add(&Sealed::seal(&event, &salts(), received).unwrap());
    }
    for number in 0..200 {
        let event = any_event().new_tree(&mut runner).unwrap().current();
        add(&Sealed::seal(&event, &Salts::from_random(&[number; Salts::BYTES]), received).unwrap());
    }
    let sealed = tombstone();
    leaves.push(json!({
        "leaf": str::from_utf8(sealed.leaf().text()).unwrap(),
        "disclosures": sealed.disclosures().iter().map(indelible_event::TombstoneDisclosure::to_text).collect::<Vec<_>>(),
    }));
    let path = folder.path().join("leaves.json");
    fs::write(&path, json!(leaves).to_string()).unwrap();
    let ran = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recompute.py"))
        .arg(&path)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{}\n{}", text(&ran.stdout), text(&ran.stderr));
    assert_eq!(text(&ran.stdout).trim(), "203 leaves hold");
}

/// Says that a test could not run here, past the harness, which hides what a passing test prints; where everything is expected
/// to be there, that is a failure.
fn skipped(needs: &str) {
    assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs {needs}");
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
}
