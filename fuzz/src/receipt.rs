//! Receipts (C2SP tlog-proof).

use indelible_note::Receipt;

use super::Verdict;
use super::sample::{PROVED, RECEIPT, SIZE, UNKNOWN_LINE, VKEY, head, leaves};

/// A genuine receipt, and one with all that may be added to it.
pub fn seeds() -> Vec<Vec<u8>> {
    let added = RECEIPT.replacen("index", "extra aGVsbG8=\nindex", 1) + UNKNOWN_LINE;
    vec![RECEIPT.clone().into_bytes(), added.into_bytes()]
}

/// What is read is written again byte for byte, and what verifies is the leaf, the place and the head of the genuine one.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(receipt) = Receipt::parse(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(receipt.to_string().as_bytes(), bytes);
    let place = usize::try_from(PROVED).expect("a small tree");
    if let Ok(verified) = receipt.verify(leaves()[place], &VKEY) {
        assert_eq!(verified.included().index(), PROVED);
        assert_eq!(verified.checkpoint().head(), head(SIZE));
    }
    assert!(
        receipt.verify(leaves()[0], &VKEY).is_err(),
        "a receipt for another leaf"
    );
    Verdict::Accepted
}
