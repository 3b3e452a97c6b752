//! Logs of events: where their attachments lie, as the object store has it.

use bytes::Bytes;
use indelible_log::{FsckError, Kind, fsck};
use indelible_merkle::TreeHead;
use indelible_store::journal::Record;
use indelible_store::objects::{Key, MemoryObjects, Objects, ObjectsError};

use crate::support::{Damaged, Maker, check, head, key, run, sealed};

/// 1,500 events in commits of at most 400; the entries from 1,030 on make several runs of a bundle.
fn events() -> (Maker, MemoryObjects) {
    let mut maker = Maker::of(Kind::Events);
    let attach = |records: &mut Vec<Record>| {
        for (number, record) in records.iter_mut().enumerate() {
            record.attachments = (0..number % 5).map(|of| Bytes::from(vec![b'a'; of * 90])).collect();
        }
    };
    for count in [400, 200, 400, 300, 200] {
        maker.commit_with(count, attach, |tree: TreeHead| head(tree, &key()));
    }
    let objects = sealed(&maker.journal);
    (maker, objects)
}

type Change = fn(Bytes) -> Option<Bytes>;

#[test]
fn places_that_are_as_they_should_be_are_no_finding() {
    let (maker, objects) = events();
    let (checked, lines) = run(&maker.journal, Some(&objects));
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!((checked.entries, checked.sealed), (1_500, 1_500));
    check(&maker.journal, &MemoryObjects::new(), &[]);
    let firsts = |of: Vec<(u64, Bytes)>| of.into_iter().map(|(first, _)| first).collect::<Vec<_>>();
    for bundle in 0..6 {
        assert_eq!(
            firsts(objects.runs(bundle).unwrap()),
            firsts(objects.places(bundle).unwrap())
        );
    }
    assert!(objects.places(4).unwrap().len() > 2);
}

#[test]
fn each_damaged_record_of_places_is_named() {
    let (maker, objects) = events();
    let cases: &[(u64, Change, &str)] = &[
        (
            256,
            |_| None,
            "the places of attachments of the entries 256..512 are absent from tree.sled/0000: indelible rebuild --volume 0",
        ),
        (
            1_032,
            |_| None,
            "the places of attachments of the entries 1032..1034 are absent from tree.sled/0002: indelible rebuild --volume 2",
        ),
        (
            512,
            |places| Some(places.slice(..places.len() - 1)),
            "the places of attachments at 512 in tree.sled/0001 cannot be read (they are cut off): indelible rebuild --volume 1",
        ),
        (
            512,
            |places| Some([&places[..], &places[..]].concat().into()),
            "the places of attachments at 512 in tree.sled/0001 cannot be read (a number in them is beyond what a journal has): \
             indelible rebuild --volume 1",
        ),
        (
            768,
            // In the next sector.
            |places| {
                let mut places = places.to_vec();
                places[3] ^= 1;
                Some(places.into())
            },
            "the places of attachments at 768 in tree.sled/0001 say something else than the journal: indelible rebuild --volume 1",
        ),
        (
            0,
            |_| Some(Bytes::new()),
            "the places of attachments of the entries 0..256 are absent from tree.sled/0000: indelible rebuild --volume 0",
        ),
    ];
    for (first, change, expected) in cases {
        let damaged = Damaged {
            objects: objects.clone(),
            read: |key: Key, value: Bytes| match key == (Key::Where { first: *first }) {
                true => Ok(change(value)),
                false => Ok(Some(value)),
            },
        };
        let (_, lines) = run(&maker.journal, Some(&damaged));
        let of_places: Vec<_> = lines
            .iter()
            .filter(|line| line.contains("places of attachments"))
            .collect();
        assert!(of_places.contains(&&(*expected).to_owned()), "{first}: {lines:#?}");
        assert!(lines.len() <= 2, "{lines:#?}");
    }
    let corrupt = Damaged {
        objects,
        read: |key: Key, value: Bytes| match key {
            Key::Where { first: 512 } => Err(ObjectsError::Corrupt { volume: 1, key }),
            _ => Ok(Some(value)),
        },
    };
    check(
        &maker.journal,
        &corrupt,
        &["the places of attachments at 512 in tree.sled/0001 is damaged: indelible rebuild --volume 1"],
    );
}

#[test]
fn a_log_of_events_is_not_checked_by_who_does_not_know_its_tombstones() {
    let (maker, _) = events();
    let refused = fsck(&maker.journal, None, &key().verifier(), &mut |step| panic!("{step:?}"));
    assert!(matches!(refused, Err(FsckError::Tombstones)), "{refused:?}");
}
