//! Every bit of a note and of a receipt flipped, every end cut off, something added behind.

use indelible_merkle::Hash;
use indelible_note::{Receipt, SignedCheckpoint, Verified, VerifiedReceipt, open_checkpoint};

use crate::common::{RECEIPT, UNKNOWN_LINE, checkpoint, verifier_key};

fn open(note: &[u8]) -> Option<Verified<SignedCheckpoint>> {
    open_checkpoint(note, &verifier_key()).ok()
}

fn verify(receipt: &[u8]) -> Option<VerifiedReceipt> {
    Receipt::parse(receipt)
        .ok()?
        .verify(Hash::leaf(b"four"), &verifier_key())
        .ok()
}

/// All texts that differ from this one in one bit, with the byte in which they do.
fn bit_flips(text: &str) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..text.len() * 8).map(move |bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, bytes)
    })
}

#[test]
fn no_bit_of_a_checkpoint_can_be_flipped() {
    open(checkpoint().as_bytes()).unwrap();
    for (at, flipped) in bit_flips(checkpoint()) {
        assert_eq!(open(&flipped), None, "byte {at}");
    }
}

#[test]
fn no_bit_of_a_receipt_can_be_flipped() {
    verify(RECEIPT.as_bytes()).unwrap();
    for (at, flipped) in bit_flips(RECEIPT) {
        assert!(verify(&flipped).is_none(), "byte {at}");
    }
}

/// The lines that nobody vouches for are the extra data and those of unknown signers. A flip there may go unseen, but changes
/// neither entry nor head.
#[test]
fn a_flip_in_a_line_that_is_ignored_changes_nothing_else() {
    let receipt = RECEIPT.replace("index", "extra aGVsbG8=\nindex") + UNKNOWN_LINE;
    let genuine = verify(receipt.as_bytes()).unwrap();
    let extra = receipt.find("extra").unwrap()..receipt.find("index").unwrap();
    let unknown = receipt.len() - UNKNOWN_LINE.len()..receipt.len();
    let mut unseen = 0;
    for (at, flipped) in bit_flips(&receipt) {
        if let Some(verified) = verify(&flipped) {
            assert!(extra.contains(&at) || unknown.contains(&at), "byte {at}");
            assert_eq!(verified.included(), genuine.included());
            assert_eq!(verified.checkpoint().note().text(), genuine.checkpoint().note().text());
            unseen += 1;
        }
    }
    assert!(unseen > 0, "if no flip goes unseen, this test looks in the wrong place");
}

#[test]
fn no_end_can_be_cut_off() {
    for length in 0..checkpoint().len() {
        assert_eq!(open(&checkpoint().as_bytes()[..length]), None, "{length} bytes");
    }
    for length in 0..RECEIPT.len() {
        assert!(verify(&RECEIPT.as_bytes()[..length]).is_none(), "{length} bytes");
    }
}

#[test]
fn nothing_can_be_added_behind() {
    let tails = [
        "\n",
        " ",
        "\0",
        "x",
        "\r\n",
        "\n\n",
        "— ",
        "—\n",
        "text\n",
        RECEIPT,
        checkpoint(),
    ];
    for tail in tails {
        assert_eq!(open(format!("{}{tail}", checkpoint()).as_bytes()), None, "{tail:?}");
        assert!(verify(format!("{RECEIPT}{tail}").as_bytes()).is_none(), "{tail:?}");
    }
    for byte in 0..=u8::MAX {
        assert_eq!(open(&[checkpoint().as_bytes(), &[byte]].concat()), None, "byte {byte}");
        assert!(verify(&[RECEIPT.as_bytes(), &[byte]].concat()).is_none(), "byte {byte}");
    }
}
