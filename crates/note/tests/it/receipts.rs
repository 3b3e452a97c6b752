//! Receipts: what is refused when one is read, and what one does not prove.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::{BadProof, Hash};
use indelible_note::{
    BadReceipt, MalformedCheckpoint, MalformedReceipt, Receipt, SigningKey, UntrustedCheckpoint, VerifierKey,
};

use crate::common::{RECEIPT, checkpoint, verifier_key};

const HASH: &str = "Zx8UbF5HHooag6PCFM5LqQe486WIjRTMjNPOdbsS75Q=\n";

/// A receipt with these lines above the empty one.
fn with_proof(lines: &str) -> String {
    format!("{lines}\n{}", checkpoint())
}

#[track_caller]
fn refused(receipt: impl AsRef<[u8]>, expected: MalformedReceipt) {
    assert_eq!(Receipt::parse(receipt.as_ref()), Err(expected));
}

#[test]
fn the_first_line_names_the_format() {
    for first in [
        "",
        "c2sp.org/tlog-proof@v2",
        "c2sp.org/tlog-proof@v1 ",
        " c2sp.org/tlog-proof@v1",
        "index 3",
    ] {
        let receipt = RECEIPT.replace("c2sp.org/tlog-proof@v1", first);
        refused(
            receipt,
            MalformedReceipt::Version {
                found: first.to_owned(),
            },
        );
    }
    let long = "x".repeat(1000);
    refused(
        with_proof(&format!("{long}\n")),
        MalformedReceipt::Version { found: "x".repeat(60) },
    );
}

#[test]
fn indexes_have_one_spelling() {
    for bad in [
        "index",
        "index ",
        "index 03",
        "index +3",
        "index -1",
        "index 3 ",
        "Index 3",
        "index 9223372036854775808",
    ] {
        let found = bad.to_owned();
        refused(
            RECEIPT.replace("index 3", bad),
            MalformedReceipt::Index { line: 2, found },
        );
    }
    refused(with_proof("c2sp.org/tlog-proof@v1\n"), MalformedReceipt::NoIndex);
    refused(
        with_proof("c2sp.org/tlog-proof@v1\nextra AAAA\n"),
        MalformedReceipt::NoIndex,
    );
    let twice = RECEIPT.replace("index 3", "index 3\nindex 3");
    refused(
        twice,
        MalformedReceipt::Hash {
            line: 3,
            found: "index 3".to_owned(),
        },
    );
}

#[test]
fn extra_data_is_optional_and_proves_nothing() {
    let with_extra = RECEIPT.replace("index", "extra aGVsbG8=\nindex");
    let receipt = Receipt::parse(with_extra.as_bytes()).unwrap();
    assert_eq!(receipt.extra(), Some(&b"hello"[..]));
    assert_eq!(receipt.to_string(), with_extra);
    receipt.verify(Hash::leaf(b"four"), &verifier_key()).unwrap();

    for bad in [
        "extra ",
        "extra  ",
        "extra aGVsbG8",
        "extra aGVsbG9=",
        "extra aGVsbG8= ",
    ] {
        let receipt = RECEIPT.replace("index", &format!("{bad}\nindex"));
        refused(receipt, MalformedReceipt::Extra { found: bad.to_owned() });
    }
    let twice = RECEIPT.replace("index", "extra AAAA\nextra AAAA\nindex");
    refused(
        twice,
        MalformedReceipt::Index {
            line: 3,
            found: "extra AAAA".to_owned(),
        },
    );
}

#[test]
fn hashes_have_one_spelling() {
    // No padding, spare bits, a space behind, not base64, 33 bytes, 31 bytes.
    for bad in [
        &HASH[..43],
        &HASH.replace("Q=", "R=")[..44],
        &HASH.replace('\n', " "),
        "four",
        &HASH.replace('=', "A")[..44],
    ] {
        let receipt = with_proof(&format!("c2sp.org/tlog-proof@v1\nindex 3\n{HASH}{bad}\n"));
        refused(
            receipt,
            MalformedReceipt::Hash {
                line: 4,
                found: bad.to_owned(),
            },
        );
    }
}

#[test]
fn the_limits_are_met_exactly() {
    let hashes = |count| with_proof(&format!("c2sp.org/tlog-proof@v1\nindex 3\n{}", HASH.repeat(count)));
    Receipt::parse(hashes(63).as_bytes()).unwrap();
    refused(hashes(64), MalformedReceipt::TooManyHashes { line: 66 });

    refused(vec![b'x'; 1_100_001], MalformedReceipt::TooLong { length: 1_100_001 });
    refused(vec![b'x'; 1_100_000], MalformedReceipt::NoCheckpoint);
    refused(b"c2sp\xff", MalformedReceipt::NotUtf8 { at: 4 });
}

#[test]
fn the_checkpoint_is_there_and_well_formed() {
    let (proof, _) = RECEIPT.split_once("\n\n").unwrap();
    refused(format!("{proof}\n"), MalformedReceipt::NoCheckpoint);
    for note in [
        "",
        "example.com/log/testdata\n15\n",
        &checkpoint().replace("\n15\n", "\n015\n"),
    ] {
        let receipt = format!("{proof}\n\n{note}");
        assert!(
            matches!(Receipt::parse(receipt.as_bytes()), Err(MalformedReceipt::Checkpoint(_))),
            "{note:?}"
        );
    }
    // CRLF line ends leave no empty line at all; a carriage return inside the note is named as such.
    refused(RECEIPT.replace('\n', "\r\n"), MalformedReceipt::NoCheckpoint);
    let crlf_in_note = format!("{proof}\n\n{}", checkpoint().replace('\n', "\r\n"));
    let error = Receipt::parse(crlf_in_note.as_bytes()).unwrap_err();
    assert!(
        matches!(error, MalformedReceipt::Checkpoint(MalformedCheckpoint::Note(_))),
        "{error}"
    );
}

#[test]
fn what_does_not_hold_is_told_from_what_is_malformed() {
    #[track_caller]
    fn check(receipt: &str, leaf: &[u8], key: &VerifierKey) -> BadReceipt {
        Receipt::parse(receipt.as_bytes())
            .unwrap()
            .verify(Hash::leaf(leaf), key)
            .unwrap_err()
    }
    let log = verifier_key();
    let root_differs = |error| matches!(error, BadReceipt::Inclusion(BadProof::RootDiffers { .. }));
    assert!(root_differs(check(RECEIPT, b"five", &log)));
    assert!(root_differs(check(
        &RECEIPT.replace("index 3", "index 2"),
        b"four",
        &log
    )));
    let outside = check(&RECEIPT.replace("index 3", "index 15"), b"four", &log);
    assert!(
        matches!(outside, BadReceipt::Inclusion(BadProof::OutOfTree(_))),
        "{outside}"
    );
    let short = check(&RECEIPT.replacen(HASH, "", 1), b"four", &log);
    assert!(
        matches!(short, BadReceipt::Inclusion(BadProof::TooFewHashes { got: 3 })),
        "{short}"
    );
    let long = check(&RECEIPT.replacen(HASH, &HASH.repeat(2), 1), b"four", &log);
    assert!(
        matches!(long, BadReceipt::Inclusion(BadProof::TooManyHashes { got: 5 })),
        "{long}"
    );

    let other = SigningKey::from_seed("example.com/log/testdata".parse().unwrap(), [4; 32]).verifier();
    let stranger = check(RECEIPT, b"four", &other);
    assert!(
        matches!(stranger, BadReceipt::Checkpoint(UntrustedCheckpoint::Signature(_))),
        "{stranger}"
    );
}

#[test]
fn a_receipt_is_put_together_from_its_parts() {
    let parsed = Receipt::parse(RECEIPT.as_bytes()).unwrap();
    let hashes = RECEIPT.lines().skip(2).take(4);
    let hashes = hashes.map(|line| {
        let bytes = STANDARD.decode(line).unwrap();
        Hash::try_from(bytes.as_slice()).unwrap()
    });
    let built = Receipt::new(3, hashes.collect(), parsed.checkpoint().clone());
    assert_eq!(built, parsed);
    assert_eq!(built.to_string(), RECEIPT);
}
