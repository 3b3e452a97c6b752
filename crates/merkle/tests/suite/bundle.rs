//! Entry bundles, against the log of Tessera's test data.

use indelible_merkle::bundle::{beginning, decode, encode, leaf_hashes};
use indelible_merkle::{BadBundle, ENTRY_MAX, EntryTooLong, Hash, WrongEntries};

use crate::tree::Tree;

#[test]
fn the_test_log_has_this_bundle_and_this_tile() {
    let log: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/tessera-testdata-log.json")).unwrap();
    let entries: Vec<&str> = log["leaves_utf8"]
        .as_array()
        .unwrap()
        .iter()
        .map(|leaf| leaf.as_str().unwrap())
        .collect();
    let bundle = encode(&entries).unwrap();
    assert_eq!(hex(&bundle), log["tile_entries_000_p_15_hex"].as_str().unwrap());
    assert_eq!(bundle.len(), 99);
    let decoded = decode(&bundle).unwrap();
    assert_eq!(
        decoded,
        entries.iter().map(|entry| entry.as_bytes()).collect::<Vec<_>>()
    );

    let entries: Vec<Vec<u8>> = decoded.iter().map(|entry| entry.to_vec()).collect();
    let tile = Hash::join(Tree::new(&entries).leaves(0, 15));
    assert_eq!(hex(&tile), log["tile_0_000_p_15_hex"].as_str().unwrap());

    // Cut anywhere, it is whole entries or refused; with a byte behind it, it is refused.
    let mut ends = vec![0];
    ends.extend(entries.iter().scan(0, |end, entry| {
        *end += 2 + entry.len();
        Some(*end)
    }));
    for length in 0..=bundle.len() {
        let whole = ends.iter().position(|&end| end == length);
        match decode(&bundle[..length]) {
            Ok(decoded) => assert_eq!(Some(decoded.len()), whole),
            Err(_) => assert_eq!(whole, None),
        }
    }
    assert_eq!(
        decode(&[&bundle[..], &[0]].concat()),
        Err(BadBundle { place: 15, left: 1 })
    );
}

#[test]
fn entries_may_be_empty_or_long_but_not_too_long() {
    assert_eq!(encode::<&[u8]>([]), Ok(Vec::new()));
    assert_eq!(decode(&[]), Ok(Vec::new()));
    let longest = vec![7; ENTRY_MAX];
    let bundle = encode([&[][..], &longest, &[]]).unwrap();
    assert_eq!(decode(&bundle), Ok(vec![&[][..], &longest, &[]]));
    let too_long = vec![7; ENTRY_MAX + 1];
    assert_eq!(
        encode([&longest, &too_long]),
        Err(EntryTooLong {
            place: 1,
            length: 65_536
        })
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn exactly_the_entries_that_are_due_are_hashed() {
    let entries: [&[u8]; 4] = [b"one", b"", b"three", b""];
    let bundle = encode(entries).unwrap();
    let hashes: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(entry)).collect();
    assert_eq!(leaf_hashes(&bundle, 4), Ok(hashes));
    assert_eq!(leaf_hashes(&[], 0), Ok(vec![]));
    assert_eq!(
        leaf_hashes(&bundle, 3),
        Err(WrongEntries::TooMany { expected: 3, left: 2 })
    );
    assert_eq!(
        leaf_hashes(&bundle, 5),
        Err(WrongEntries::TooFew { expected: 5, got: 4 })
    );
    let cut = BadBundle { place: 2, left: 6 };
    assert_eq!(leaf_hashes(&bundle[..13], 4), Err(WrongEntries::Cut(cut)));
    assert_eq!(
        beginning(&bundle, 2),
        encode(["one", ""]).as_deref().map_err(|_| unreachable!())
    );
    assert_eq!(beginning(&bundle, 4), Ok(&bundle[..]));
    assert_eq!(
        beginning(&bundle, usize::MAX),
        Err(WrongEntries::TooFew {
            expected: usize::MAX,
            got: 4
        })
    );
}
