//! What holds for any input: readers never panic, and what they read is written again byte for byte.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{
    KeyName, Note, Receipt, SignedCheckpoint, SigningKey, VerifierKey, open_checkpoint, sign_checkpoint,
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::common::{LOG_SKEY, LOG_VKEY, RECEIPT, UNKNOWN_LINE, checkpoint, key_text, verifier_key};

/// Lines that stand in notes and receipts, good and bad, in any order: far more of these are read than of random bytes.
fn lines() -> impl Strategy<Value = String> {
    let fixed = [
        "",
        "\n",
        "\n",
        "index 3\n",
        "index 03\n",
        "extra aGVsbG8=\n",
        "extra \n",
        "15\n",
        "+15\n",
        UNKNOWN_LINE,
        "\r\n",
    ];
    let from_receipt = RECEIPT.split_inclusive('\n');
    let lines: Vec<&'static str> = fixed.into_iter().chain(from_receipt).collect();
    vec(select(lines), 0..14).prop_map(|lines| lines.concat())
}

/// A receipt in which a stretch was replaced by something short.
fn damaged_receipt() -> impl Strategy<Value = Vec<u8>> {
    (0..RECEIPT.len(), 0..8_usize, vec(any::<u8>(), 0..4)).prop_map(|(at, length, new)| {
        let mut bytes = RECEIPT.as_bytes().to_vec();
        let end = bytes.len().min(at + length);
        bytes.splice(at..end, new);
        bytes
    })
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..300),
        damaged_receipt(),
        lines().prop_map(String::into_bytes)
    ]
}

fn name() -> impl Strategy<Value = KeyName> {
    "[a-zäß日./:-]{1,40}".prop_map(|name| name.parse().unwrap())
}

fn signing_key() -> impl Strategy<Value = SigningKey> {
    (name(), any::<[u8; 32]>()).prop_map(|(name, seed)| SigningKey::from_seed(name, seed))
}

proptest! {
    #[test]
    fn what_is_read_is_written_again(bytes in any_bytes()) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.as_str().as_bytes(), &bytes);
            prop_assert_eq!(note.to_string(), note.as_str());
            prop_assert!(note.as_str().starts_with(note.text()));
        }
        if let Ok(checkpoint) = SignedCheckpoint::parse(&bytes) {
            prop_assert_eq!(checkpoint.note_bytes(), &bytes);
        }
        if let Ok(receipt) = Receipt::parse(&bytes) {
            prop_assert_eq!(receipt.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn what_verifies_is_the_genuine_head_and_index(bytes in any_bytes()) {
        if let Ok(opened) = open_checkpoint(&bytes, &verifier_key()) {
            prop_assert!(checkpoint().starts_with(opened.note().text()));
        }
        if let Ok(receipt) = Receipt::parse(&bytes)
            && let Ok(verified) = receipt.verify(Hash::leaf(b"four"), &verifier_key())
        {
            prop_assert_eq!(verified.included().index(), 3);
            prop_assert!(checkpoint().starts_with(verified.checkpoint().note().text()));
        }
    }

    #[test]
    fn public_keys_that_are_read_are_written_again(name in "[a-z.]{1,9}|[a-z.+ ]{0,9}", kind in select(vec![1, 1, 1, 6]), key in vec(any::<u8>(), 31..34)) {
        let text = key_text(&name, kind, &key);
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn no_character_of_a_key_can_be_replaced(at in 0..LOG_SKEY.len(), new in "[ -~]") {
        for key in [LOG_SKEY, LOG_VKEY] {
            let mut changed = key.to_owned();
            let at = at % key.len();
            changed.replace_range(at..=at, &new);
            prop_assume!(changed != key);
            prop_assert!(changed.parse::<SigningKey>().is_err());
            prop_assert!(changed.parse::<VerifierKey>().is_err());
        }
    }

    #[test]
    fn what_is_signed_is_read_and_opened(key in signing_key(), lines in vec("[^\\x00-\\x1f]{0,20}", 1..5)) {
        let text = lines.join("\n") + "\n";
        let note = Note::sign(text, &[&key]).unwrap();
        let parsed = Note::parse(note.as_str().as_bytes()).unwrap();
        prop_assert_eq!(&parsed, &note);
        prop_assert_eq!(parsed.open(&[key.verifier()]).unwrap().into_inner(), note);
        prop_assert_eq!(key.expose_skey().parse::<SigningKey>().unwrap().verifier(), key.verifier());
        prop_assert_eq!(key.verifier().to_string().parse::<VerifierKey>().unwrap(), key.verifier());
    }

    #[test]
    fn heads_and_receipts_are_read_again(
        key in signing_key(), size in 0..1_u64 << 63, root in any::<[u8; 32]>(),
        index in 0..1_u64 << 63, hashes in vec(any::<[u8; 32]>(), 0..64),
    ) {
        let head = TreeHead { size, root: Hash::from(root) };
        let signed = sign_checkpoint(head, &key);
        let opened = open_checkpoint(signed.note_bytes(), &key.verifier()).unwrap();
        prop_assert_eq!(&opened, &signed);
        prop_assert_eq!(opened.head(), head);

        let receipt = Receipt::new(index, hashes.into_iter().map(Hash::from).collect(), signed.into_inner());
        prop_assert_eq!(Receipt::parse(receipt.to_string().as_bytes()), Ok(receipt));
    }
}
