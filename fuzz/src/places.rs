//! The places of attachments, as the object store keeps them.

use indelible_log::places::{decode, encode};
use indelible_store::journal::{FramePlace, RecordPlace};

use super::Verdict;

/// Those of one entry, of two runs in one frame and of one in another.
pub fn seeds() -> Vec<Vec<u8>> {
    let place = |segment, sector: u64, begin, entry_bytes, attachments: &[u32]| RecordPlace {
        frame: FramePlace {
            segment,
            offset: sector * 512,
        },
        begin,
        entry_bytes,
        attachments: attachments.into(),
    };
    let one = place(0, 3, 600, 597, &[48, 70, 16]);
    let next = |before: &RecordPlace, bytes| {
        let begin = u32::try_from(before.end()).expect("a small frame");
        place(
            before.frame.segment,
            before.frame.offset / 512,
            begin,
            bytes,
            &[1 << 20],
        )
    };
    let second = next(&one, 597);
    let third = place(4_000_000_000, 1 << 40, 128, 0, &[]);
    vec![encode(std::slice::from_ref(&one)), encode(&[one, second, third])]
}

/// A list of places has one spelling, and is no longer than a bundle.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(places) = decode(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(encode(&places), bytes);
    assert!(places.len() <= 256);
    Verdict::Accepted
}
