//! Notes: what is refused when one is read, and which signatures count.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_note::{MalformedNote, MalformedSignatureLine, NotVerified, Note, SigningKey};

use crate::common::{UNKNOWN_LINE, checkpoint, signature_line, signing_key, verifier_key};

const GOOD: &str = "text\n\n— key.example AAAAAAAA\n";

#[track_caller]
fn refused(note: impl AsRef<[u8]>, expected: MalformedNote) {
    assert_eq!(Note::parse(note.as_ref()), Err(expected));
}

#[track_caller]
fn refused_line(line: &str, reason: MalformedSignatureLine) {
    refused(
        format!("two\nlines\n\n{line}\n"),
        MalformedNote::SignatureLine { line: 4, reason },
    );
}

#[test]
fn the_text_ends_before_the_last_empty_line() {
    for text in [
        "text\n",
        "\n",
        "\n\n",
        "a\n\nb\n",
        "a\n\n",
        "— key.example AAAAAAAA\n",
        "\n— key.example AAAAAAAA\n",
    ] {
        let note = Note::parse(format!("{text}\n{UNKNOWN_LINE}").as_bytes()).unwrap();
        assert_eq!((note.text(), note.signatures().len()), (text, 1));
    }
}

#[test]
fn what_a_note_may_not_be() {
    Note::parse(GOOD.as_bytes()).unwrap();
    refused("", MalformedNote::NoFinalNewline);
    refused(GOOD.trim_end(), MalformedNote::NoFinalNewline);
    refused("text\n", MalformedNote::NoEmptyLine);
    refused("\n— key.example AAAAAAAA\n", MalformedNote::NoEmptyLine);
    refused("text\n\n", MalformedNote::SignatureCount { count: 0 });
    refused(format!("{GOOD}\n"), MalformedNote::SignatureCount { count: 0 });
    refused(
        GOOD.replace('\n', "\r\n"),
        MalformedNote::ControlByte { line: 1, byte: b'\r' },
    );
    refused(
        GOOD.replace("AAA\n", "AAA\r\n"),
        MalformedNote::ControlByte { line: 3, byte: b'\r' },
    );
    refused(
        GOOD.replace("text", "te\txt"),
        MalformedNote::ControlByte { line: 1, byte: b'\t' },
    );
    refused(
        GOOD.replace("text", "te\0xt"),
        MalformedNote::ControlByte { line: 1, byte: 0 },
    );
    refused(b"te\xff\n\n", MalformedNote::NotUtf8 { at: 2 });
}

#[test]
fn what_a_signature_line_may_not_be() {
    use MalformedSignatureLine as Line;
    // A hyphen, an en dash, no space, two spaces, no name, no payload, text behind the signatures.
    for line in [
        "- key.example AAAAAAAA",
        "– key.example AAAAAAAA",
        "—key.example AAAAAAAA",
        "— key.example",
        "text",
    ] {
        refused_line(line, Line::NotASignature);
    }
    assert!(matches!(
        Note::parse("text\n\n—  AAAAAAAA\n".as_bytes()),
        Err(MalformedNote::SignatureLine {
            line: 3,
            reason: Line::Name(_)
        })
    ));
    for name in ["key+example", "key\u{a0}example", "key\u{2028}example"] {
        let note = format!("text\n\n— {name} AAAAAAAA\n");
        let refused = Note::parse(note.as_bytes()).unwrap_err();
        assert!(
            matches!(
                refused,
                MalformedNote::SignatureLine {
                    reason: Line::Name(_),
                    ..
                }
            ),
            "{refused}"
        );
    }
    for payload in [
        "AAAAAAA",
        "AAAAAAB=",
        "AAAAAAAA ",
        " AAAAAAAA",
        "AAAA AAAA",
        "-_-_-_-_",
        "AAAAAAAA=",
        "AAAA=AAA",
    ] {
        refused_line(&format!("— key.example {payload}"), Line::Base64);
    }
    refused_line("— key.example ", Line::Short { bytes: 0 });
    refused_line("— key.example AAAAAA==", Line::Short { bytes: 4 });
}

#[test]
fn the_limits_are_met_exactly() {
    let lines = |count: usize| format!("text\n\n{}", UNKNOWN_LINE.repeat(count));
    assert_eq!(Note::parse(lines(100).as_bytes()).unwrap().signatures().len(), 100);
    refused(lines(101), MalformedNote::SignatureCount { count: 101 });

    let sized = |bytes: usize| format!("{}\n\n{UNKNOWN_LINE}", "x".repeat(bytes - 2 - UNKNOWN_LINE.len()));
    assert_eq!(
        Note::parse(sized(1_000_000).as_bytes()).unwrap().as_str().len(),
        1_000_000
    );
    refused(sized(1_000_001), MalformedNote::TooLong { length: 1_000_001 });
}

#[test]
fn only_texts_of_notes_are_signed() {
    let key = signing_key();
    let refused = |text: &str, signers: &[&SigningKey], expected| {
        assert_eq!(Note::sign(text.to_owned(), signers), Err(expected));
    };
    refused("", &[&key], MalformedNote::NoFinalNewline);
    refused("text", &[&key], MalformedNote::NoFinalNewline);
    refused("a\r\n", &[&key], MalformedNote::ControlByte { line: 1, byte: b'\r' });
    refused("text\n", &[], MalformedNote::SignatureCount { count: 0 });
    refused("text\n", &[&key; 101], MalformedNote::SignatureCount { count: 101 });

    let overhead = Note::sign("\n".to_owned(), &[&key]).unwrap().as_str().len();
    let longest = "x".repeat(1_000_000 - overhead) + "\n";
    let note = Note::sign(longest.clone(), &[&key]).unwrap();
    assert_eq!(Note::parse(note.as_str().as_bytes()), Ok(note));
    refused(
        &format!("x{longest}"),
        &[&key],
        MalformedNote::TooLong { length: 1_000_001 },
    );
}

/// Payload of the log's own signature line: key id and signature.
fn log_payload() -> Vec<u8> {
    let line = checkpoint().lines().last().unwrap();
    let payload = line.rsplit_once(' ').unwrap().1;
    STANDARD.decode(payload).unwrap()
}

fn open_with_line(line: &str) -> Result<(), NotVerified> {
    let (text, own_line) = checkpoint().split_once("\n\n").unwrap();
    for note in [
        format!("{text}\n\n{own_line}{line}"),
        format!("{text}\n\n{line}{own_line}"),
    ] {
        Note::parse(note.as_bytes()).unwrap().open(&[verifier_key()])?;
    }
    Ok(())
}

#[test]
fn lines_of_unknown_keys_are_ignored() {
    let payload = log_payload();
    let name = "example.com/log/testdata";
    open_with_line(UNKNOWN_LINE).unwrap();
    // The known id under another name, and the known name with another id: both with a signature that would hold.
    open_with_line(&signature_line("other.example", &payload)).unwrap();
    open_with_line(&signature_line(name, &[&[0; 4], &payload[4..]].concat())).unwrap();
}

#[test]
fn every_line_of_a_known_key_must_hold() {
    let payload = log_payload();
    let name = "example.com/log/testdata";
    let refused = NotVerified::BadSignature {
        name: name.parse().unwrap(),
        id: verifier_key().id(),
    };
    // The same signature twice is fine; a bad one, a short one and a long one beside a good one are not.
    open_with_line(&signature_line(name, &payload)).unwrap();
    let mut bad = payload.clone();
    bad[40] ^= 1;
    for bad in [&bad, &payload[..67], &[&payload[..], &[0]].concat(), &payload[..5]] {
        assert_eq!(open_with_line(&signature_line(name, bad)), Err(refused.clone()));
    }
}

#[test]
fn a_note_by_strangers_is_not_verified() {
    let stranger = SigningKey::from_seed("stranger.example".parse().unwrap(), [1; 32]);
    let note = Note::sign("text\n".to_owned(), &[&stranger, &stranger]).unwrap();
    let expected = NotVerified::NoKnownKey {
        lines: 2,
        first_name: stranger.name().clone(),
        first_id: stranger.verifier().id(),
    };
    assert_eq!(note.clone().open(&[verifier_key()]), Err(expected.clone()));
    assert_eq!(note.clone().open(&[]), Err(expected));
    note.open(&[verifier_key(), stranger.verifier()]).unwrap();
}

#[test]
fn several_keys_sign_in_their_order() {
    let (log, second) = (
        signing_key(),
        SigningKey::from_seed("second.example".parse().unwrap(), [2; 32]),
    );
    let note = Note::sign("text\n".to_owned(), &[&log, &second]).unwrap();
    let names: Vec<_> = note.signatures().iter().map(|line| (line.name(), line.id())).collect();
    assert_eq!(
        names,
        [
            (log.name(), log.verifier().id()),
            (second.name(), second.verifier().id())
        ]
    );
    for keys in [
        vec![log.verifier()],
        vec![second.verifier()],
        vec![second.verifier(), log.verifier()],
    ] {
        assert_eq!(note.clone().open(&keys).unwrap().into_inner(), note);
    }
}

/// Two keys with one name and, by a search over seeds, one id.
#[test]
fn keys_whose_ids_collide_are_told_apart_by_their_signatures() {
    let [one, two] = [132_909_u32, 138_377].map(|number| {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        SigningKey::from_seed("collision.example".parse().unwrap(), seed)
    });
    assert_eq!(one.verifier().id(), two.verifier().id());
    assert_ne!(one.verifier(), two.verifier());
    let note = Note::sign("text\n".to_owned(), &[&two]).unwrap();
    note.clone().open(&[one.verifier(), two.verifier()]).unwrap();
    note.clone().open(&[two.verifier(), one.verifier()]).unwrap();
    assert!(matches!(
        note.open(&[one.verifier()]),
        Err(NotVerified::BadSignature { .. })
    ));
}
