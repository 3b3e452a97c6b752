//! Frames as bytes: there and back, frozen, and hostile.

use bytes::Bytes;
use indelible_store::journal::codec::{Chain, Header, Seal, decode, decode_genesis, encode, encode_genesis, padded};
use indelible_store::journal::ending::{Ending, Tail, Whole};
use indelible_store::journal::{Frame, JournalError, Kind, Reason, Record};
use proptest::prelude::*;

use crate::support::{Disk, SECTOR, closing, commit, genesis, image, key_change, record};

fn chain(previous: u32, size: u64) -> Chain {
    Chain {
        seal: Seal::of(&genesis().seed),
        previous,
        size,
    }
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let bytes =
        |most| prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..most).prop_map(Bytes::from);
    let record = (bytes(1500), prop::collection::vec(bytes(1500), 0..4))
        .prop_map(|(entry, attachments)| Record { entry, attachments });
    let kind = prop_oneof![Just(Kind::Commit), Just(Kind::KeyChange)];
    (
        kind,
        0..u64::from(u32::MAX),
        prop::collection::vec(record, 0..6),
        bytes(600),
    )
        .prop_map(|(kind, first, records, note)| Frame {
            kind,
            first,
            records,
            note,
        })
}

proptest! {
    #[test]
    fn a_frame_comes_back_as_it_went_in(frame in any_frame(), previous: u32) {
        let chain = chain(previous, frame.first);
        let mut buffer = vec![1; 9];
        let header = encode(&frame, &chain, &mut buffer).expect("within the limits");
        prop_assert_eq!(buffer.len() as u64, padded(header.length));
        prop_assert_eq!(Header::parse(&buffer, chain.seal), Ok(header));
        prop_assert_eq!(chain.admit(&header), Ok(()));
        let empty = buffer.chunks(SECTOR).filter(|sector| sector.iter().all(|byte| *byte == 0)).count();
        prop_assert_eq!(header.zero_sectors as usize, empty);
        let decoded = decode(&header, &Bytes::from(buffer)).expect("what was encoded decodes");
        prop_assert_eq!(decoded.frame, frame);
        prop_assert_eq!(decoded.absent, vec![]);
    }

    /// Whatever bytes stand behind a genuine header, and however long it says they are: an answer, and no more memory than they have.
    #[test]
    fn hostile_bytes_get_an_answer(
        frame in any_frame(),
        spoilt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
    ) {
        let chain = chain(7, frame.first);
        let mut buffer = Vec::new();
        let header = encode(&frame, &chain, &mut buffer).expect("within the limits");
        let sound = buffer.clone();
        for (at, byte) in &spoilt {
            let at = 64 + at.index(sound.len() - 64);
            buffer[at] = *byte;
        }
        let stored = Bytes::from(buffer);
        if let Ok(decoded) = decode(&header, &stored) {
            prop_assert!(stored == sound || !decoded.absent.is_empty(), "changed bytes were not found");
        }
        let short = stored.slice(..length.index(stored.len() + 1));
        let reason = match Whole::check(&header, short.clone()) {
            Ok(whole) => {
                prop_assert_eq!(whole.bytes(), &Bytes::from(sound));
                return Ok(());
            }
            Err(reason) => reason,
        };
        let mut tail = Tail::of_broken(header, reason, 512, chain.seal);
        tail.take(&short);
        if let Ending::Torn { bytes } = tail.ending() {
            prop_assert!(bytes <= short.len() as u64);
        }
    }

    #[test]
    fn bytes_without_a_header_are_a_tear_or_damage(first in any::<bool>(), sectors in prop::collection::vec(any::<u8>(), 0..8)) {
        let bytes: Vec<u8> = sectors.iter().flat_map(|byte| [*byte; SECTOR]).collect();
        let mut tail = Tail::behind_whole(0, Seal::of(&[u8::from(first); 16]));
        tail.take(&bytes);
        let wanted = match sectors.iter().rposition(|byte| *byte != 0) {
            None => Ending::Clean,
            Some(_) if sectors[0] != 0 => Ending::Damaged { offset: 0, reason: Reason::Header },
            Some(last) => Ending::Torn { bytes: (last as u64 + 1) * SECTOR as u64 },
        };
        prop_assert_eq!(tail.ending(), wanted);
    }
}

/// Headers that are genuine and say what this version never wrote: another version did, and nobody takes that for a tear.
#[test]
fn a_genuine_header_of_another_version_is_refused() {
    let disk = Disk::new();
    let sound = image(&[commit(0, vec![record(b"e")])]);
    let frame = sound.offsets[0];
    let refused = |at: usize, bytes: &[u8]| {
        let mut changed = sound.bytes.clone();
        let header = &mut changed[frame..frame + 64];
        header[at..at + bytes.len()].copy_from_slice(bytes);
        header[12..16].fill(0);
        let check = crc32c::crc32c_append(crc32c::crc32c(&genesis().seed), header);
        header[12..16].copy_from_slice(&check.to_be_bytes());
        match disk.open(&changed) {
            Err(JournalError::Damaged { offset, reason, .. }) => {
                assert_eq!(offset, frame as u64);
                reason
            }
            other => panic!("{bytes:?} at {at} must be refused: {other:?}"),
        }
    };
    assert_eq!(refused(8, &[0]), Reason::Kind { kind: 0 });
    assert_eq!(refused(8, &[5]), Reason::Kind { kind: 5 });
    assert_eq!(refused(9, &[1]), Reason::Reserved);
    assert_eq!(refused(63, &[1]), Reason::Reserved);
    let long = (128 << 20) + 1_u64;
    assert_eq!(
        refused(16, &long.to_be_bytes()),
        Reason::Numbers {
            bytes: long,
            first: 0,
            count: 1
        }
    );
    assert_eq!(
        refused(16, &63_u64.to_be_bytes()),
        Reason::Numbers {
            bytes: 63,
            first: 0,
            count: 1
        }
    );
    let first = u64::MAX;
    assert!(matches!(
        refused(24, &first.to_be_bytes()),
        Reason::Numbers { count: 1, .. }
    ));
    assert_eq!(
        refused(24, &7_u64.to_be_bytes()),
        Reason::First { first: 7, expected: 0 }
    );
    assert!(matches!(refused(44, &[0; 4]), Reason::Chain { previous: 0, .. }));
    // A second genesis attaches nowhere.
    assert!(matches!(refused(8, &[1]), Reason::Later { .. }));
}

/// The bytes of one small frame of each kind, frozen: docs/formats.md explains them.
#[test]
fn the_format_is_frozen() {
    let mut buffer = Vec::new();
    let genesis_header = encode_genesis(&genesis(), &mut buffer).expect("sound");
    assert_frozen("genesis", &buffer, GENESIS);
    assert_eq!(
        decode_genesis(&genesis_header, &Bytes::from(buffer.clone())),
        Ok(genesis())
    );

    let attachments = vec![Bytes::from_static(b"alice"), Bytes::new()];
    let two = commit(
        0,
        vec![
            record(b""),
            Record {
                entry: Bytes::from_static(b"leaf"),
                attachments,
            },
        ],
    );
    let header = encode(&two, &chain(genesis_header.check, 0), &mut buffer).expect("sound");
    assert_frozen("commit", &buffer, COMMIT);
    let header = encode(&key_change(2), &chain(header.check, 2), &mut buffer).expect("sound");
    assert_frozen("key change", &buffer, KEY_CHANGE);
    encode(&closing(2), &chain(header.check, 2), &mut buffer).expect("sound");
    assert_frozen("closing record", &buffer, CLOSING);
}

fn assert_frozen(what: &str, bytes: &[u8], frozen: &str) {
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("a header") + 1;
    let hex: String = bytes[..end].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(bytes.len(), SECTOR, "{what}");
    assert_eq!(hex, frozen.split_whitespace().collect::<String>(), "{what}");
}

// A change here makes every journal on earth unreadable.
const GENESIS: &str = "
    494e444c 46524d01 01000000 ecad48c9 00000000 00000066 00000000 00000000
    00000000 00000000 547b7768 00000000 00000000 00000000 00000000 00000000
    73697874 65656e20 62797465 732e2e21 00000004 74657374 0000000a 656d7074
    79207472 6565
";
const COMMIT: &str = "
    494e444c 46524d01 02000000 04d06e32 00000000 00000070 00000000 00000000
    00000002 00000000 b48dc7e6 ecad48c9 00000000 00000000 00000000 00000000
    00000000 046c6561 66020000 0005fb02 028e616c 69636500 00000000 00000000
    00000d68 65616420 62656869 6e642030
";
const KEY_CHANGE: &str = "
    494e444c 46524d01 04000000 4b1edb13 00000000 0000005b 00000000 00000002
    00000000 00000000 c1f76be4 04d06e32 00000000 00000000 00000000 00000000
    00000017 66726f6d 206f6e65 206b6579 20746f20 616e6f74 686572
";
const CLOSING: &str = "
    494e444c 46524d01 03000000 6e80f4d3 00000000 00000040 00000000 00000002
    00000000 00000000 00000000 4b1edb13
";
