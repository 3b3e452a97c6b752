//! Frames of the journal, with headers that are genuine by their checksum, since no others are believed.

use bytes::Bytes;
use indelible_store::journal::codec::{
    ATTACHMENT_PREFIX_BYTES, Chain, Decoded, HEADER_BYTES, Header, SECTOR_BYTES, Seal, attachment_places, decode,
    encode, open_attachment, padded,
};
use indelible_store::journal::ending::{Ending, Tail, Whole};
use indelible_store::journal::{Attachment, Frame, FramePlace, Kind, Reason, Record};

use super::Verdict;

/// A commit with all that a record can have, a key change and a closing record.
pub fn seeds() -> Vec<Vec<u8>> {
    let record = |entry: &'static [u8], attachments: &[&'static [u8]]| Record {
        entry: Bytes::from_static(entry),
        attachments: attachments.iter().map(|bytes| Bytes::from_static(bytes)).collect(),
    };
    let records = vec![record(b"", &[]), record(b"leaf", &[b"alice", b"", &[0; 700]])];
    let frames = [
        (Kind::Commit, records, &b"head"[..]),
        (Kind::KeyChange, Vec::new(), b"from one key to another"),
        (Kind::Closing, Vec::new(), b""),
    ];
    frames
        .map(|(kind, records, note)| encoded(&frame(kind, records, note)))
        .to_vec()
}

/// A header and a body: the answer is a frame that is written again byte for byte, or a reason; what is absent is zeros.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut stored = bytes.to_vec();
    stored.resize(stored.len().next_multiple_of(SECTOR_BYTES).max(SECTOR_BYTES), 0);
    reseal(&mut stored, SEAL_SEED);
    let stored = Bytes::from(stored);
    let Ok(mut header) = Header::parse(&stored, seal()) else {
        return Verdict::Refused;
    };
    // A header may claim up to 128 MiB of zeros behind the end of the file; to make them would take all of the time.
    if header.padded() <= 4 * stored.len() as u64 {
        judge_as_last(&header, &stored);
    }
    let mut decoded = decode(&header, &stored);
    if let Err(Reason::Body { found, .. }) = decoded {
        // The checksum of the body would stop every change here; so it is made to fit.
        header.body_check = found;
        decoded = decode(&header, &stored);
        assert!(decoded.is_ok(), "{decoded:?}");
    }
    match decoded {
        Ok(decoded) => {
            write_again(&header, &decoded, &stored);
            Verdict::Accepted
        }
        Err(_) => Verdict::Refused,
    }
}

/// Whatever stands last in a segment is whole, torn or damaged, and never more is cut off than there is.
fn judge_as_last(header: &Header, stored: &Bytes) {
    let there = usize::try_from(header.padded()).map_or(stored.len(), |padded| padded.min(stored.len()));
    let reason = match Whole::check(header, stored.slice(..there)) {
        Ok(whole) => {
            assert!(whole.bytes().starts_with(&stored[..there]));
            assert_eq!(whole.bytes().len() as u64, header.padded());
            return;
        }
        Err(reason) => reason,
    };
    for mut tail in [
        Tail::of_broken(*header, reason, 512, seal()),
        Tail::behind_whole(512, seal()),
    ] {
        tail.take(stored);
        match tail.ending() {
            Ending::Torn { bytes } => assert!(bytes <= stored.len() as u64),
            Ending::Damaged { offset, .. } => assert!((512..512 + stored.len() as u64).contains(&offset)),
            Ending::Clean => panic!("a header is not nothing"),
        }
    }
}

fn write_again(header: &Header, decoded: &Decoded, stored: &Bytes) {
    let Decoded { frame, absent } = decoded;
    assert!(frame.records.len() * 3 <= stored.len());
    let place = FramePlace { segment: 0, offset: 0 };
    for (record, places) in frame.records.iter().zip(attachment_places(frame, place)) {
        assert_eq!(places.len(), record.attachments.len());
        for (bytes, place) in record.attachments.iter().zip(places) {
            let begin = usize::try_from(place.offset).expect("a small frame") - ATTACHMENT_PREFIX_BYTES;
            let end = begin + ATTACHMENT_PREFIX_BYTES + bytes.len();
            match open_attachment(&stored.slice(begin..end), place.length) {
                Some(Ok(Attachment::Present(present))) => assert_eq!(&present, bytes),
                Some(Ok(Attachment::Blanked) | Err(Reason::Attachment)) => {
                    assert!(!absent.is_empty() && bytes.iter().all(|byte| *byte == 0));
                }
                other => panic!("an attachment is not where it was read: {other:?}"),
            }
        }
    }
    let chain = Chain {
        seal: seal(),
        previous: header.previous,
        size: frame.first,
    };
    assert_eq!(chain.admit(header), Ok(()));
    let mut again = Vec::new();
    let rewritten = encode(frame, &chain, &mut again).expect("what was read is within the limits");
    assert_eq!(rewritten.length, header.length);
    if absent.is_empty() {
        assert_eq!(again[HEADER_BYTES..], stored[HEADER_BYTES..]);
    }
}

fn frame(kind: Kind, records: Vec<Record>, note: &'static [u8]) -> Frame {
    Frame {
        kind,
        first: 5,
        records,
        note: Bytes::from_static(note),
    }
}

fn encoded(frame: &Frame) -> Vec<u8> {
    let chain = Chain {
        seal: seal(),
        previous: 9,
        size: frame.first,
    };
    let mut buffer = Vec::new();
    let header = encode(frame, &chain, &mut buffer).expect("within the limits");
    assert_eq!(padded(header.length), buffer.len() as u64);
    buffer
}

fn seal() -> Seal {
    Seal::of(SEAL_SEED)
}

/// Puts the magic and the checksum in front of the bytes that belong there, whatever else the header says.
pub(super) fn reseal(frame: &mut [u8], seed: &[u8; 16]) {
    let header = &mut frame[..HEADER_BYTES];
    header[..8].copy_from_slice(b"INDLFRM\x01");
    header[12..16].fill(0);
    let check = crc32c::crc32c_append(crc32c::crc32c(seed), header);
    header[12..16].copy_from_slice(&check.to_be_bytes());
}

const SEAL_SEED: &[u8; 16] = b"sixteen bytes..!";
