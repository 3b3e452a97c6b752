//! Checkpoints (C2SP tlog-checkpoint).

use indelible_note::{Note, SignedCheckpoint, open_checkpoint};

use super::Verdict;
use super::sample::{CHECKPOINT, KEY, UNKNOWN_LINE, VKEY};

/// A genuine checkpoint, one with a second signature, one with an extension line.
pub fn seeds() -> Vec<Vec<u8>> {
    let genuine = CHECKPOINT.note();
    let extended = Note::sign(format!("{}extension\n", genuine.text()), &[&KEY]).expect("a text");
    vec![
        genuine.to_string().into_bytes(),
        format!("{genuine}{UNKNOWN_LINE}").into_bytes(),
        extended.to_string().into_bytes(),
    ]
}

/// What is read is kept byte for byte and says what its lines say, and what the key opens is the head that it has signed.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(checkpoint) = SignedCheckpoint::parse(bytes) else {
        assert!(open_checkpoint(bytes, &VKEY).is_err());
        return Verdict::Refused;
    };
    assert_eq!(checkpoint.note_bytes(), bytes);
    let (origin, head) = (checkpoint.origin(), checkpoint.head());
    assert!(head.size < 1 << 63);
    assert!(
        checkpoint
            .note()
            .text()
            .starts_with(&format!("{origin}\n{}\n", head.size))
    );
    assert!(!checkpoint.note().text().contains("\n\n"), "an empty extension line");
    if let Ok(opened) = open_checkpoint(bytes, &VKEY) {
        assert_eq!(
            (opened.origin(), opened.head()),
            (CHECKPOINT.origin(), CHECKPOINT.head())
        );
    }
    Verdict::Accepted
}
