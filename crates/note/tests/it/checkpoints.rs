//! Checkpoints: what is refused though the log's own key signed it.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{
    BadCheckpoint, MalformedCheckpoint, MalformedNote, NotVerified, Note, SignedCheckpoint, SigningKey,
    UntrustedCheckpoint, open_checkpoint, sign_checkpoint,
};

use crate::common::{checkpoint, signing_key, verifier_key};

const ORIGIN: &str = "example.com/log/testdata";
const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// Opens a note with this text, signed by the test log.
fn open_text(text: &str) -> Result<TreeHead, BadCheckpoint> {
    let note = Note::sign(text.to_owned(), &[&signing_key()]).unwrap();
    open_checkpoint(note.as_str().as_bytes(), &verifier_key()).map(|checkpoint| checkpoint.head())
}

#[track_caller]
fn malformed(text: &str, expected: MalformedCheckpoint) {
    assert_eq!(open_text(text), Err(BadCheckpoint::Malformed(expected)));
}

#[test]
fn sizes_have_one_spelling() {
    for (text, size) in [("0", 0), ("1", 1), ("9223372036854775807", (1 << 63) - 1)] {
        assert_eq!(open_text(&format!("{ORIGIN}\n{text}\n{ROOT}\n")).unwrap().size, size);
    }
    for bad in [
        "",
        "00",
        "01",
        "+1",
        "-1",
        "1 ",
        "0x1",
        "9223372036854775808",
        "18446744073709551616",
    ] {
        malformed(
            &format!("{ORIGIN}\n{bad}\n{ROOT}\n"),
            MalformedCheckpoint::Size { found: bad.to_owned() },
        );
    }
}

#[test]
fn roots_have_one_spelling() {
    // No padding, spare bits, 31 bytes, 33 bytes, hex, a space, nothing.
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let wrong = [
        &ROOT[..43],
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
        &ROOT[4..],
        "",
        &ROOT.replace('+', " "),
    ];
    let long = ROOT.replace('=', "A");
    for bad in wrong.into_iter().chain([long.as_str(), &format!("{ROOT}=")]) {
        malformed(
            &format!("{ORIGIN}\n0\n{bad}\n"),
            MalformedCheckpoint::Root { found: bad.to_owned() },
        );
    }
    malformed(
        &format!("{ORIGIN}\n0\n{hex}\n"),
        MalformedCheckpoint::Root {
            found: hex[..60].to_owned(),
        },
    );
}

#[test]
fn lines_are_complete() {
    malformed("\n", MalformedCheckpoint::TooFewLines { lines: 1 });
    malformed(&format!("{ORIGIN}\n"), MalformedCheckpoint::TooFewLines { lines: 1 });
    malformed(&format!("{ORIGIN}\n0\n"), MalformedCheckpoint::TooFewLines { lines: 2 });
    assert!(matches!(
        open_text(&format!("go.sum database tree\n0\n{ROOT}\n")),
        Err(BadCheckpoint::Malformed(MalformedCheckpoint::Origin(_)))
    ));
    let error = open_checkpoint(b"not a note", &verifier_key()).unwrap_err();
    assert_eq!(
        error,
        BadCheckpoint::Malformed(MalformedCheckpoint::Note(MalformedNote::NoFinalNewline))
    );
}

#[test]
fn extension_lines_are_read_over_and_kept() {
    let text = format!("{ORIGIN}\n0\n{ROOT}\nextension one\n+2\n");
    assert_eq!(open_text(&text).unwrap(), TreeHead::EMPTY);
    let note = Note::sign(text.clone(), &[&signing_key()]).unwrap();
    assert_eq!(
        SignedCheckpoint::parse(note.as_str().as_bytes()).unwrap().note().text(),
        text
    );

    for (extensions, line) in [("\n", 4), ("one\n\n", 5), ("\ntwo\n", 4), ("one\n\nthree\n", 5)] {
        malformed(
            &format!("{ORIGIN}\n0\n{ROOT}\n{extensions}"),
            MalformedCheckpoint::EmptyExtension { line },
        );
    }
}

#[test]
fn a_key_signs_only_for_its_own_origin() {
    let expected = UntrustedCheckpoint::Origin {
        origin: "other.example".parse().unwrap(),
        key: ORIGIN.parse().unwrap(),
    };
    assert_eq!(
        open_text(&format!("other.example\n0\n{ROOT}\n")),
        Err(BadCheckpoint::Untrusted(expected))
    );
}

#[test]
fn a_checkpoint_of_another_key_is_not_trusted() {
    // The same origin under another key is another log.
    let imposter = SigningKey::from_seed(ORIGIN.parse().unwrap(), [3; 32]);
    let forged = sign_checkpoint(TreeHead::EMPTY, &imposter);
    let error = open_checkpoint(forged.note_bytes(), &verifier_key()).unwrap_err();
    assert!(matches!(
        error,
        BadCheckpoint::Untrusted(UntrustedCheckpoint::Signature(NotVerified::NoKnownKey { lines: 1, .. }))
    ));
    // The log's signature under the head of another size.
    let error = open_checkpoint(checkpoint().replacen("15", "16", 1).as_bytes(), &verifier_key()).unwrap_err();
    assert!(matches!(
        error,
        BadCheckpoint::Untrusted(UntrustedCheckpoint::Signature(NotVerified::BadSignature { .. }))
    ));
}

#[test]
fn the_largest_head_is_signed_and_read() {
    let head = TreeHead {
        size: (1 << 63) - 1,
        root: Hash::from([0xff; 32]),
    };
    let signed = sign_checkpoint(head, &signing_key());
    assert_eq!(open_checkpoint(signed.note_bytes(), &verifier_key()), Ok(signed));
}

#[test]
#[should_panic(expected = "a tree of 9223372036854775808 leaves cannot have been built")]
fn an_impossible_size_is_not_signed() {
    sign_checkpoint(
        TreeHead {
            size: 1 << 63,
            root: Hash::EMPTY_ROOT,
        },
        &signing_key(),
    );
}
