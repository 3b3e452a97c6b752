//! Ranges in their one order, and questions to many of them.

use std::collections::{BTreeMap, BTreeSet};

use indelible_event::{
    BadRange, Erasures, Holds, MemberRange, MemberRanges, MemberSet, SealedTombstone, TombstoneSalts, member::Member,
};
use proptest::{collection::vec, prelude::*};

use crate::sample::second;

fn any_range() -> impl Strategy<Value = MemberRange> {
    (0_u64..60, 0_u64..15, 1_u16..(1 << 4)).prop_map(|(first, more, bits)| MemberRange {
        first,
        last: first + more,
        members: members(bits),
    })
}

fn members(bits: u16) -> MemberSet {
    let all = Member::ALL.into_iter();
    all.filter(|member| bits & (1 << member.place()) != 0).collect()
}

/// Every entry and member.
fn pairs<'r>(ranges: impl IntoIterator<Item = &'r MemberRange>) -> BTreeSet<(u64, Member)> {
    let each = |range: &MemberRange| {
        let members = range.members;
        (range.first..=range.last).flat_map(move |index| members.iter().map(move |member| (index, member)))
    };
    ranges.into_iter().flat_map(each).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_says_the_same(ranges in vec(any_range(), 0..12)) {
        let ordered = MemberRanges::of(ranges.clone()).unwrap();
        let expected = pairs(&ranges);
        prop_assert_eq!(&pairs(ordered.as_slice()), &expected);
        for pair in ordered.as_slice().windows(2) {
            prop_assert!(pair[0].last < pair[1].first);
            prop_assert!(pair[0].last + 1 < pair[1].first || pair[0].members != pair[1].members);
        }
        // However the same is said, it is ordered the same.
        let single = expected.iter().copied().rev();
        let single = single.map(|(index, member)| MemberRange { first: index, last: index, members: member.into() });
        prop_assert_eq!(MemberRanges::of(single).unwrap(), ordered.clone());
        for index in 0..80 {
            for member in Member::ALL {
                prop_assert_eq!(ordered.contains(index, member), expected.contains(&(index, member)));
            }
        }
    }

    #[test]
    fn common_is_what_both_have(a in vec(any_range(), 0..6), b in vec(any_range(), 0..6)) {
        let (ours, theirs) = (MemberRanges::of(a.clone()).unwrap(), MemberRanges::of(b.clone()).unwrap());
        let both: BTreeSet<_> = pairs(&a).intersection(&pairs(&b)).copied().collect();
        prop_assert_eq!(ours.first_common(&theirs), both.first().copied());
    }

    #[test]
    fn erasures_say_which_tombstone(tombstones in vec(vec(any_range(), 1..4), 0..8), cut in any::<prop::sample::Index>()) {
        let mut reference: BTreeMap<(u64, Member), Vec<u64>> = BTreeMap::new();
        let (mut whole, mut first, mut second) = (Erasures::default(), Erasures::default(), Erasures::default());
        let cut = cut.index(tombstones.len() + 1);
        for (place, ranges) in tombstones.iter().enumerate() {
            let index = 1000 + u64::try_from(place).unwrap();
            let erasure = sealed(ranges.clone()).leaf().at(index).unwrap();
            whole.add(&erasure);
            if place < cut { first.add(&erasure) } else { second.add(&erasure) }
            for pair in pairs(ranges) {
                reference.entry(pair).or_default().push(index);
            }
        }
        first.merge(&second);
        for index in 0..80 {
            let mut erased = MemberSet::NONE;
            for member in Member::ALL {
                let naming = reference.get(&(index, member));
                prop_assert_eq!(whole.tombstone(index, member), naming.map(|naming| naming[0]));
                prop_assert_eq!(first.tombstone(index, member), naming.map(|naming| naming[0]));
                erased = if naming.is_some() { erased.with(member) } else { erased };
            }
            prop_assert_eq!(whole.erased(index), erased);
        }
    }
}

fn sealed(ranges: Vec<MemberRange>) -> SealedTombstone {
    let erasable = Holds::default().clear(MemberRanges::of(ranges).unwrap()).unwrap();
    let salts = TombstoneSalts::from_random(&[3; 32]);
    SealedTombstone::seal(&erasable, None, None, &salts, second("2026-11-23T08:00:00Z")).unwrap()
}

#[test]
fn ranges_that_are_none() {
    let of = |first, last, members| MemberRanges::of([MemberRange { first, last, members }]);
    assert_eq!(of(1, 0, MemberSet::ALL), Err(BadRange::Inverted { first: 1, last: 0 }));
    assert_eq!(of(1, 2, MemberSet::NONE), Err(BadRange::NoMember { first: 1, last: 2 }));
    let last = (1 << 53) - 1;
    assert_eq!(of(1, last, MemberSet::ALL), Err(BadRange::TooLarge { last }));
    assert_eq!(of(0, last - 1, MemberSet::ALL).unwrap().last_index(), Some(last - 1));
    assert!(MemberRanges::of([]).unwrap().is_empty());
}

/// 100,000 scattered entries and a tombstone over everything after each 1,000: no order is slow, and answers stay quick.
#[test]
fn a_hundred_thousand_ranges() {
    let mut erasures = Erasures::default();
    let members = [Member::Actor, Member::Raw].into_iter().collect();
    for part in 0..100 {
        let scattered = (0..1000).map(|place| {
            let first = (part * 1000 + place) * 100;
            MemberRange {
                first,
                last: first,
                members,
            }
        });
        let index = 20_000_000 + 2 * part;
        erasures.add(&sealed(scattered.collect()).leaf().at(index).unwrap());
        if part % 10 == 9 {
            let everything = MemberRange {
                first: 0,
                last: 10_000_000,
                members,
            };
            erasures.add(&sealed(vec![everything]).leaf().at(index + 1).unwrap());
        }
    }
    assert_eq!(erasures.tombstone(100, Member::Actor), Some(20_000_000));
    assert_eq!(erasures.tombstone(101, Member::Raw), Some(20_000_019));
    assert_eq!(erasures.tombstone(101, Member::Action), None);
    assert_eq!(erasures.tombstone(10_000_001, Member::Actor), None);
    // The 10,000 before the first tombstone over everything, and the gaps between them. Whatever came later found nothing left.
    assert_eq!(erasures.len(), 20_000);
}
