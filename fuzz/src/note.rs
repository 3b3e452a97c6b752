//! Signed notes (C2SP signed-note).

use indelible_note::Note;

use super::Verdict;
use super::sample::{CHECKPOINT, KEY, UNKNOWN_LINE, VKEY};

/// Notes with one line of text and several, with one signature and several.
pub fn seeds() -> Vec<Vec<u8>> {
    let signed = |text: &str| Note::sign(text.to_owned(), &[&KEY, &KEY]).expect("a text").to_string();
    vec![
        CHECKPOINT.note_bytes().to_vec(),
        signed("a\n\nb\n").into_bytes(),
        (signed("größe\n") + UNKNOWN_LINE).into_bytes(),
    ]
}

/// What is read is kept byte for byte and is within the limits, and the key opens nothing that it has not signed.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(note) = Note::parse(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(note.as_str().as_bytes(), bytes);
    assert!(bytes.len() <= 1_000_000);
    assert!((1..=100).contains(&note.signatures().len()));
    assert!(note.text().ends_with('\n') && note.as_str().starts_with(note.text()));
    let text = note.text().to_owned();
    if note.open(std::slice::from_ref(&VKEY)).is_ok() {
        let genuine = [CHECKPOINT.note().text(), "a\n\nb\n", "größe\n"];
        assert!(genuine.contains(&text.as_str()), "a signature was forged");
    }
    Verdict::Accepted
}
