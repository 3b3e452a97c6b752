//! Tombstones have one spelling, and speak only of what is below them.

use indelible_event::{
    BadTombstone, Holds, MalformedTombstone, MemberRange, MemberRanges, MemberSet, SealedTombstone, Tombstone,
    TombstoneDisclosure, TombstoneMember, TombstoneSalts, VoidTombstone, member::Member,
};
use indelible_merkle::ENTRY_MAX;
use proptest::prelude::*;

use crate::{
    sample::{bytes, second},
    vectors::tombstone,
};

fn seal(ranges: MemberRanges) -> Result<SealedTombstone, BadTombstone> {
    let erasable = Holds::default().clear(ranges).unwrap();
    let salts = TombstoneSalts::from_random(&[3; 32]);
    SealedTombstone::seal(&erasable, Some("b\"\n"), None, &salts, second("2026-11-23T08:00:00Z"))
}

fn text() -> String {
    String::from_utf8(tombstone().leaf().text().to_vec()).unwrap()
}

#[test]
fn no_other_spelling_is_read() {
    let text = text();
    Tombstone::parse(bytes(&text)).unwrap();
    let range = r#"{"first":0,"last":0,"members":["actor","raw"]}"#;
    for (bad, why) in [
        (String::new(), "text"),
        (format!("{text} "), "text"),
        (text.replace(range, ""), "text"),
        (text.replace(range, &format!("{range},")), "text"),
        (text.replace("\"actor\",\"raw\"", "\"raw\",\"actor\""), "text"),
        (text.replace("\"actor\",\"raw\"", "\"actor\",\"actor\""), "text"),
        (text.replace("\"actor\",\"raw\"", "\"actor\",\"basis\""), "text"),
        (text.replace("\"actor\",\"raw\"", ""), "text"),
        (text.replace("\"first\":0", "\"first\":00"), "text"),
        (text.replace("\"first\":0", "\"first\":-0"), "text"),
        (text.replace("\"first\":0", "\"first\":0.0"), "text"),
        (text.replace("\"last\":0", "\"last\":9007199254740992"), "text"),
        (text.replace("\"last\":0", "\"last\":99999999999999999999"), "text"),
        (text.replace("\"first\":0", "\"first\": 0"), "text"),
        (text.replace("\"first\":0", "\"first\":1"), "order"),
        (text.replace("\"last\":0", "\"last\":9007199254740991"), "order"),
        (text.replace(range, &format!("{range},{range}")), "order"),
        (
            text.replace(range, &format!("{range},{}", range.replace('0', "1"))),
            "order",
        ),
        (text.replace("sha-256", "sha-1"), "text"),
        (text.replace("tombstone.v1", "tombstone.v2"), "text"),
        (text.replace("08:00:00Z", "08:00:60Z"), "text"),
    ] {
        let error = Tombstone::parse(bytes(&bad)).unwrap_err();
        let found = match error {
            MalformedTombstone::Text { .. } => "text",
            MalformedTombstone::Order => "order",
            MalformedTombstone::TooLong { .. } => "length",
        };
        assert_eq!(found, why, "{bad} {error}");
    }
    let long = "x".repeat(ENTRY_MAX + 1);
    let length = ENTRY_MAX + 1;
    assert_eq!(
        Tombstone::parse(bytes(&long)),
        Err(MalformedTombstone::TooLong { length })
    );
}

#[test]
fn void_unless_all_is_below() {
    let ranges = [(3, 5), (9, 12)].map(|(first, last)| MemberRange {
        first,
        last,
        members: MemberSet::ALL,
    });
    let sealed = seal(MemberRanges::of(ranges).unwrap()).unwrap();
    for index in [0, 4, 11, 12] {
        assert_eq!(sealed.leaf().at(index), Err(VoidTombstone { index, last: 12 }));
    }
    for index in [13, 1 << 40] {
        let erasure = sealed.leaf().at(index).unwrap();
        assert_eq!((erasure.tombstone(), erasure.ranges()), (index, sealed.leaf().ranges()));
    }
}

#[test]
fn long_lists_become_several_that_fit() {
    let members: MemberSet = [Member::Actor, Member::Delivery, Member::Raw].into_iter().collect();
    let scattered = (0..100_000_u64).map(|place| MemberRange {
        first: place * 97,
        last: place * 97,
        members,
    });
    let ranges = MemberRanges::of(scattered).unwrap();
    assert_eq!(seal(ranges.clone()).unwrap_err(), BadTombstone::TooLong);
    let erasable = Holds::default().clear(ranges.clone()).unwrap();
    let parts = erasable.split();
    let mut joined = Vec::new();
    for part in &parts {
        let sealed = seal(part.ranges().clone()).unwrap();
        let length = sealed.leaf().text().len();
        assert!(length <= ENTRY_MAX, "{length}");
        if part != parts.last().unwrap() {
            assert!(length > ENTRY_MAX - 100, "a part is as long as it may be, not {length}");
        }
        assert_eq!(Tombstone::parse(sealed.leaf().text().clone()).unwrap(), *sealed.leaf());
        joined.extend_from_slice(part.ranges().as_slice());
    }
    assert_eq!(joined, ranges.as_slice());
    assert_eq!(parts.len(), 107);
    assert_eq!(Holds::default().clear(MemberRanges::default()).unwrap().split(), []);
}

#[test]
fn what_cannot_be_a_tombstone() {
    assert_eq!(seal(MemberRanges::default()).unwrap_err(), BadTombstone::Nothing);
    let erasable = Holds::default()
        .clear(MemberRanges::of_entry(1, MemberSet::ALL).unwrap())
        .unwrap();
    let salts = TombstoneSalts::from_random(&[3; 32]);
    let long = "x".repeat(300_000);
    let error =
        SealedTombstone::seal(&erasable, None, Some(&long), &salts, second("2026-11-23T08:00:00Z")).unwrap_err();
    let member = TombstoneMember::Requester;
    assert_eq!(error, BadTombstone::TextTooLong { member });
}

#[test]
fn basis_and_requester() {
    let sealed = seal(MemberRanges::of_entry(1, MemberSet::ALL).unwrap()).unwrap();
    let [basis, requester] = sealed.disclosures();
    assert_eq!((basis.value(), requester.value()), (Some("b\"\n".into()), None));
    for disclosure in sealed.disclosures() {
        assert_eq!(
            TombstoneDisclosure::parse(disclosure.bytes().clone()).as_ref(),
            Ok(disclosure)
        );
        sealed.leaf().open(disclosure.clone()).unwrap();
        let error = tombstone().leaf().open(disclosure.clone()).unwrap_err();
        assert_eq!(error.member, disclosure.member());
    }
    let good = str::from_utf8(basis.bytes()).unwrap();
    for bad in [
        good.replace("basis", "actor"),
        good.replace("\\n", "\\u000a"),
        good.replace("\"b\\\"\\n\"", "1"),
        good.replace("\"b\\\"\\n\"", "null "),
        format!("{good} "),
        "x".repeat(400_000),
    ] {
        TombstoneDisclosure::parse(bytes(&bad)).unwrap_err();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(picks in proptest::collection::vec((0_u64..1000, 0_u64..50, 1_u16..2048), 1..20)) {
        let ranges = picks.into_iter().map(|(first, more, bits)| MemberRange {
            first,
            last: first + more,
            members: Member::ALL.into_iter().filter(|member| bits & (1 << member.place()) != 0).collect(),
        });
        let sealed = seal(MemberRanges::of(ranges).unwrap()).unwrap();
        prop_assert_eq!(&Tombstone::parse(sealed.leaf().text().clone()).unwrap(), sealed.leaf());
        let value: serde_json::Value = serde_json::from_slice(sealed.leaf().text()).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), sealed.leaf().text().to_vec());
    }
}
