//! What is kept beside the tree, blanked and not.

use bytes::Bytes;
use indelible_event::{
    Erasures, Holds, MemberRanges, MemberState, NotKept, Stored, StoredRaw, attachments, member::Member, raw_attachment,
};

use crate::{
    sample::{RAW, event, full_event, sealed},
    vectors::tombstone,
};

fn kept() -> Vec<Bytes> {
    attachments(sealed(&event()).disclosures(), Some(raw_attachment([9; 16], RAW)))
}

fn blank(attachment: &mut Bytes) {
    *attachment = Bytes::from(vec![0; attachment.len()]);
}

#[test]
fn twelve_attachments() {
    let kept = kept();
    assert_eq!(kept.len(), 12);
    for (attachment, disclosure) in kept.iter().zip(sealed(&event()).disclosures()) {
        assert_eq!(attachment, disclosure.bytes());
    }
    assert_eq!(kept[11][..16], [9; 16]);
    assert_eq!(kept[11][16..], *RAW);
    let stored = Stored::read(&kept).unwrap();
    assert_eq!(stored.raw(), &StoredRaw::Kept(Bytes::from_static(RAW)));
    let states = stored.open(sealed(&event()).leaf(), 0, &Erasures::default()).unwrap();
    for (state, disclosure) in states.iter().zip(sealed(&event()).disclosures()) {
        assert_eq!(state.disclosed().unwrap().disclosure(), disclosure);
    }
    assert_eq!(Stored::read(&kept[..11]).unwrap().raw(), &StoredRaw::NotKept);
    assert_eq!(Stored::read(&kept[..10]).unwrap_err().count, 10);
    assert_eq!(Stored::read(&[&kept[..], &kept[..1]].concat()).unwrap_err().count, 13);
    let empty = [&kept[..11], &[raw_attachment([9; 16], b"")]].concat();
    assert_eq!(Stored::read(&empty).unwrap().raw(), &StoredRaw::Kept(Bytes::new()));
}

#[test]
fn blank_is_missing_unless_a_tombstone_says_erased() {
    let leaf = sealed(&event()).leaf().clone();
    let mut kept = kept();
    blank(&mut kept[Member::Actor.place()]);
    blank(&mut kept[Member::Targets.place()]);
    blank(&mut kept[11]);
    let stored = Stored::read(&kept).unwrap();
    assert_eq!(stored.raw(), &StoredRaw::Blank);
    let mut erasures = Erasures::default();
    erasures.add(&tombstone().leaf().at(2).unwrap());
    let states = stored.open(&leaf, 0, &erasures).unwrap();
    assert_eq!(states[Member::Actor.place()], MemberState::Erased { tombstone: 2 });
    // Its bytes are still there, and are not given out.
    assert_eq!(states[Member::Raw.place()], MemberState::Erased { tombstone: 2 });
    assert_eq!(states[Member::Targets.place()], MemberState::Missing);
    assert!(states[Member::Action.place()].disclosed().is_some());
    let states = stored.open(&leaf, 0, &Erasures::default()).unwrap();
    assert_eq!(states[Member::Actor.place()], MemberState::Missing);
    let _ = Holds::default().clear(MemberRanges::default()).unwrap();
}

#[test]
fn what_was_changed_is_not_given_out() {
    let leaf = sealed(&event()).leaf().clone();
    let foreign = attachments(sealed(&full_event()).disclosures(), None);
    let open = |kept: &[Bytes]| {
        Stored::read(kept)
            .unwrap()
            .open(&leaf, 0, &Erasures::default())
            .unwrap_err()
    };
    let mut changed = kept();
    changed[1] = foreign[1].clone();
    assert!(matches!(open(&changed), NotKept::NotInLeaf(it) if it.member == Member::Actor));
    changed = kept();
    changed.swap(1, 2);
    let found = Member::Changes;
    assert_eq!(
        open(&changed),
        NotKept::OtherMember {
            member: Member::Actor,
            found
        }
    );
    changed = kept();
    changed[1] = Bytes::from_static(b"[]");
    assert!(matches!(
        open(&changed),
        NotKept::Malformed {
            member: Member::Actor,
            ..
        }
    ));
}
