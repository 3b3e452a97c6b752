//! The first frame of a journal, with a header that is genuine by its checksum.

use bytes::Bytes;
use indelible_store::journal::codec::{HEADER_BYTES, Header, SECTOR_BYTES, Seal, decode_genesis, encode_genesis};
use indelible_store::journal::{Genesis, Reason};

use super::Verdict;
use super::frame::reseal;

/// One of a sector, and one of two.
pub fn seeds() -> Vec<Vec<u8>> {
    let genesis = |description: Vec<u8>| {
        let genesis = Genesis {
            seed: [3; 16],
            description: Bytes::from(description),
            note: Bytes::from_static(b"empty tree"),
        };
        let mut buffer = Vec::new();
        encode_genesis(&genesis, &mut buffer).expect("within the limits");
        buffer
    };
    vec![genesis(b"test".to_vec()), genesis(vec![b'x'; 600])]
}

/// What is read is written again byte for byte.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut stored = bytes.to_vec();
    stored.resize(stored.len().next_multiple_of(SECTOR_BYTES).max(SECTOR_BYTES), 0);
    reseal(&mut stored, &[0; 16]);
    let stored = Bytes::from(stored);
    let Ok(mut header) = Header::parse(&stored, Seal::of_genesis()) else {
        return Verdict::Refused;
    };
    let mut genesis = decode_genesis(&header, &stored);
    if let Err(Reason::Body { found, .. }) = genesis {
        // The checksum of the body would stop every change here; so it is made to fit.
        header.body_check = found;
        genesis = decode_genesis(&header, &stored);
        assert!(genesis.is_ok(), "{genesis:?}");
    }
    let Ok(genesis) = genesis else {
        return Verdict::Refused;
    };
    let mut again = Vec::new();
    let rewritten = encode_genesis(&genesis, &mut again).expect("what was read is within the limits");
    assert_eq!(
        (rewritten.length, rewritten.body_check),
        (header.length, header.body_check)
    );
    assert_eq!(again[HEADER_BYTES..], stored[HEADER_BYTES..]);
    Verdict::Accepted
}
