//! Golden files: bytes that must never change, because logs are full of them.
//!
//! They were written by this crate, and checked against other implementations by the tests beside this one. A difference is a new
//! version of the format, not a new golden file.

use std::{fmt::Write, fs, path::Path};

use indelible_event::{EvidenceLine, member::Event};

use crate::{
    evidence::Log,
    sample::{event, full_event, sealed},
};

/// Compares with the golden file of this name; writes it if INDELIBLE_GOLDEN is set and it is not there.
fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("INDELIBLE_GOLDEN").is_some() && !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&path).unwrap(), "{name}");
}

fn lines(event: &Event) -> String {
    let sealed = sealed(event);
    let mut lines = String::new();
    for disclosure in sealed.disclosures() {
        writeln!(lines, "{}", str::from_utf8(disclosure.bytes()).unwrap()).unwrap();
    }
    writeln!(lines, "{}", str::from_utf8(sealed.leaf().text()).unwrap()).unwrap();
    writeln!(lines, "{}", sealed.leaf().hash()).unwrap();
    lines
}

#[test]
fn an_event_without_members() {
    check("empty.txt", &lines(&Event::default()));
}

#[test]
fn an_event_with_every_field() {
    check("full.txt", &lines(&full_event()));
}

#[test]
fn the_content_of_an_event() {
    let mut event = full_event();
    event.raw = None;
    let content = indelible_event::comparable_content(&event).unwrap();
    check("content.txt", str::from_utf8(&content).unwrap());
}

#[test]
fn an_evidence_file() {
    let log = Log::sample();
    let mut file = format!("{}\n", log.header());
    for line in [log.event_line(0), log.event_line(1), log.tombstone_line()] {
        writeln!(file, "{line}").unwrap();
        assert_eq!(EvidenceLine::parse(line.to_string().as_bytes()).unwrap(), line);
    }
    check("sample.indelible", &file);
}

#[test]
fn the_vectors_event_is_no_other_one() {
    check("vector.txt", &lines(&event()));
}
