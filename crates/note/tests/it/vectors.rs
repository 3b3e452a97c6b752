//! The published vectors, rebuilt byte for byte (tests/vectors at the root of the repository says where they come from).

use indelible_merkle::{CompactRange, Hash};
use indelible_note::{Note, Receipt, SigningKey, VerifierKey, open_checkpoint, sign_checkpoint};
use serde_json::Value;

use crate::common::{RECEIPT, signing_key, verifier_key};

const SIGNED_NOTE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/signed-note.json"
));
const TEST_LOG: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/tessera-testdata-log.json"
));

fn text<'v>(vector: &'v Value, field: &str) -> &'v str {
    vector[field]
        .as_str()
        .unwrap_or_else(|| panic!("the vector has no text {field}"))
}

#[test]
fn the_note_of_the_specification_opens() {
    let vector: Value = serde_json::from_str(SIGNED_NOTE).unwrap();
    let key: VerifierKey = text(&vector, "vkey").parse().unwrap();
    assert_eq!(key.to_string(), text(&vector, "vkey"));
    let note = Note::parse(text(&vector, "note").as_bytes())
        .unwrap()
        .open(&[key])
        .unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.to_string(), text(&vector, "note"));
}

#[test]
fn a_note_is_rebuilt_from_its_private_key() {
    let vector: Value = serde_json::from_str(SIGNED_NOTE).unwrap();
    let vector = &vector["azul_rust_roundtrip"];
    let key: SigningKey = text(vector, "skey").parse().unwrap();
    assert_eq!(*key.expose_skey(), text(vector, "skey"));
    assert_eq!(key.verifier().to_string(), text(vector, "vkey"));
    let note = Note::sign(text(vector, "text").to_owned(), &[&key]).unwrap();
    assert_eq!(
        note.as_str(),
        format!("{}\n{}", text(vector, "text"), text(vector, "signature_line"))
    );
    note.open(&[text(vector, "vkey").parse().unwrap()]).unwrap();
}

#[test]
fn the_test_log_is_rebuilt_from_key_and_entries() {
    let vector: Value = serde_json::from_str(TEST_LOG).unwrap();
    let signing: SigningKey = text(&vector, "private_key").parse().unwrap();
    let verifier: VerifierKey = text(&vector, "vkey").parse().unwrap();
    assert_eq!(signing.verifier(), verifier);
    let leaves: Vec<Hash> = vector["leaves_utf8"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| Hash::leaf(e.as_str().unwrap().as_bytes()))
        .collect();
    assert_eq!(vector["checkpoints"].as_object().unwrap().len(), 16);
    for size in 0..=leaves.len() {
        let mut tree = CompactRange::new();
        tree.extend(leaves[..size].to_vec());
        let published = text(&vector["checkpoints"], &size.to_string());
        let signed = sign_checkpoint(tree.head(), &signing);
        assert_eq!(signed.note().as_str(), published, "size {size}");
        let opened = open_checkpoint(published.as_bytes(), &verifier).unwrap();
        assert_eq!(opened, signed, "size {size}");
        assert_eq!(opened.head(), tree.head(), "size {size}");
        assert_eq!(opened.origin().as_str(), "example.com/log/testdata");
        assert_eq!(opened.note_bytes(), published.as_bytes());
    }
}

#[test]
fn the_receipt_of_an_entry_verifies() {
    let receipt = Receipt::parse(RECEIPT.as_bytes()).unwrap();
    let verified = receipt.verify(Hash::leaf(b"four"), &verifier_key()).unwrap();
    assert_eq!(verified.included().index(), 3);
    assert_eq!(
        *verified.checkpoint(),
        sign_checkpoint(verified.checkpoint().head(), &signing_key())
    );
    assert_eq!((receipt.index(), receipt.extra()), (3, None));
    assert_eq!(receipt.to_string(), RECEIPT);
    receipt.verify(Hash::leaf(b"five"), &verifier_key()).unwrap_err();
}
