//! What is held is not erased.

use indelible_event::{
    HOLDS_MAX, Held, Hold, HoldRefused, Holds, MemberRange, MemberRanges, MemberSet, member::Member,
};

fn ranges(first: u64, last: u64, members: impl Into<MemberSet>) -> MemberRanges {
    let members = members.into();
    MemberRanges::of([MemberRange { first, last, members }]).unwrap()
}

fn hold(reason: &str, ranges: MemberRanges) -> Hold {
    Hold {
        reason: reason.into(),
        ranges,
    }
}

#[test]
fn a_hold_refuses_and_is_named() {
    let mut holds = Holds::default();
    holds.place(40, hold("case 7", ranges(10, 20, Member::Actor))).unwrap();
    holds.place(41, hold("case 8", ranges(15, 15, MemberSet::ALL))).unwrap();
    for free in [
        ranges(0, 9, MemberSet::ALL),
        ranges(21, 99, MemberSet::ALL),
        ranges(10, 14, Member::Raw),
        MemberRanges::default(),
    ] {
        assert_eq!(*holds.clear(free.clone()).unwrap().ranges(), free);
    }
    let refused = holds.clear(ranges(0, 99, Member::Actor)).unwrap_err();
    let expected = Held {
        hold: 40,
        reason: "case 7".into(),
        index: 10,
        member: Member::Actor,
    };
    assert_eq!(refused, expected);
    assert_eq!(refused.to_string(), "actor of entry 10 is held by #40: case 7");
    assert_eq!(holds.clear(ranges(15, 15, Member::Raw)).unwrap_err().hold, 41);
    assert_eq!(holds.release(40).unwrap().reason, "case 7");
    assert_eq!(holds.release(40), None);
    assert_eq!(holds.clear(ranges(0, 99, Member::Actor)).unwrap_err().hold, 41);
    holds.release(41).unwrap();
    holds.clear(ranges(0, 99, MemberSet::ALL)).unwrap();
    assert_eq!(holds.iter().count(), 0);
}

#[test]
fn there_are_only_so_many() {
    let mut holds = Holds::default();
    for index in 0..HOLDS_MAX as u64 {
        holds.place(index, hold("", ranges(index, index, Member::Raw))).unwrap();
    }
    assert_eq!(
        holds.place(HOLDS_MAX as u64, hold("", MemberRanges::default())),
        Err(HoldRefused)
    );
    holds.place(3, hold("again", MemberRanges::default())).unwrap();
}
