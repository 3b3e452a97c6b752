//! The worked event and tombstone of docs/events.md, rebuilt byte for byte (tests/vectors at the root of the repository).

use indelible_event::{
    AnyLeaf, Disclosure, Holds, Leaf, MemberRanges, SealedTombstone, Tombstone, TombstoneDisclosure, TombstoneSalts,
    member::Member,
};
use indelible_merkle::CompactRange;
use serde_json::Value;

use crate::sample::{RAW, bytes, event, sealed, second};

pub(crate) const VECTOR: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/event-leaf.json"
));

/// The tombstone of the vector.
pub(crate) fn tombstone() -> SealedTombstone {
    let mut salts = [100; TombstoneSalts::BYTES];
    salts[16..].fill(101);
    let ranges = MemberRanges::of_entry(0, [Member::Actor, Member::Raw].into_iter().collect()).unwrap();
    SealedTombstone::seal(
        &Holds::default().clear(ranges).unwrap(),
        Some("GDPR Art. 17"),
        Some("privacy@acme.example"),
        &TombstoneSalts::from_random(&salts),
        second("2026-11-23T08:00:00Z"),
    )
    .unwrap()
}

fn text<'v>(vector: &'v Value, field: &str) -> &'v str {
    vector[field].as_str().unwrap()
}

#[test]
fn the_event_is_rebuilt() {
    let vector: Value = serde_json::from_str(VECTOR).unwrap();
    let vector = &vector["event"];
    let sealed = sealed(&event());
    let expected = vector["disclosures"].as_array().unwrap();
    assert_eq!(expected.len(), 11);
    for (disclosure, expected) in sealed.disclosures().iter().zip(expected) {
        assert_eq!(disclosure.member().as_str(), text(expected, "member"));
        assert_eq!(disclosure.bytes(), text(expected, "json"));
        assert_eq!(disclosure.to_text(), text(expected, "disclosure"));
        assert_eq!(disclosure.digest().as_str(), text(expected, "digest"));
        let parsed = Disclosure::parse_text(text(expected, "disclosure")).unwrap();
        assert_eq!(sealed.leaf().open(parsed.clone()).unwrap().into_inner(), parsed);
    }
    assert_eq!(sealed.leaf().text(), text(vector, "leaf"));
    assert_eq!(sealed.leaf().text().len(), Leaf::BYTES);
    assert_eq!(sealed.leaf().hash().to_string(), text(vector, "leaf_hash"));
    assert_eq!(RAW.len(), 21);
    assert_eq!(
        AnyLeaf::parse(bytes(text(vector, "leaf"))),
        Ok(AnyLeaf::Event(sealed.leaf().clone()))
    );
}

#[test]
fn the_tombstone_is_rebuilt() {
    let vector: Value = serde_json::from_str(VECTOR).unwrap();
    let vector = &vector["tombstone"];
    let sealed = tombstone();
    for (disclosure, expected) in sealed
        .disclosures()
        .iter()
        .zip(vector["disclosures"].as_array().unwrap())
    {
        assert_eq!(disclosure.member().as_str(), text(expected, "member"));
        assert_eq!(disclosure.bytes(), text(expected, "json"));
        assert_eq!(disclosure.digest().as_str(), text(expected, "digest"));
        let parsed = TombstoneDisclosure::parse_text(text(expected, "disclosure")).unwrap();
        assert_eq!(*sealed.leaf().open(parsed.clone()).unwrap().disclosure(), parsed);
    }
    assert_eq!(sealed.leaf().text(), text(vector, "leaf"));
    assert_eq!(sealed.leaf().hash().to_string(), text(vector, "leaf_hash"));
    let parsed = Tombstone::parse(bytes(text(vector, "leaf"))).unwrap();
    assert_eq!(parsed, *sealed.leaf());
    assert_eq!(
        AnyLeaf::parse(bytes(text(vector, "leaf"))),
        Ok(AnyLeaf::Tombstone(parsed))
    );
}

#[test]
fn the_root_of_both_is_rebuilt() {
    let vector: Value = serde_json::from_str(VECTOR).unwrap();
    let mut tree = CompactRange::new();
    tree.extend(vec![sealed(&event()).leaf().hash(), tombstone().leaf().hash()]);
    assert_eq!(tree.head().root.to_string(), text(&vector, "root_of_both"));
}
