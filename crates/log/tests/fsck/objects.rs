//! Damage in the object store.

use bytes::Bytes;
use indelible_merkle::bundle;
use indelible_store::objects::{Key, MemoryObjects, Objects, ObjectsError};

use crate::support::{Damaged, Maker, check, log, run, sealed};

/// 70,300 entries, of which 70,000 are sealed: enough for a tile of level 1, and for a last bundle that is half sealed.
fn part_sealed() -> (Maker, MemoryObjects) {
    let mut maker = log(70_000);
    let objects = sealed(&maker.journal);
    maker.commit(300);
    (maker, objects)
}

#[test]
fn a_healthy_log_has_no_findings_however_much_is_sealed() {
    let (maker, objects) = part_sealed();
    let (checked, lines) = run(&maker.journal, Some(&objects));
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!((checked.entries, checked.sealed), (70_300, 70_000));
    assert_eq!(
        checked.tiles,
        273 + 1,
        "70,000 entries fill 273 tiles, and these one above"
    );
    assert_eq!(
        checked.heads,
        1 + 71 + 1,
        "the genesis, 71 commits up to 70,000, one more"
    );
    assert_eq!(checked.signatures, checked.heads);

    for size in [0, 1, 255, 256, 1_100] {
        let maker = log(size);
        check(&maker.journal, &sealed(&maker.journal), &[]);
        check(&maker.journal, &MemoryObjects::new(), &[]);
    }
    assert_eq!(run(&maker.journal, None), (checked_without_store(checked), vec![]));
}

fn checked_without_store(checked: indelible_log::Checked) -> indelible_log::Checked {
    indelible_log::Checked {
        sealed: 0,
        tiles: 0,
        ..checked
    }
}

#[test]
fn each_damaged_object_is_named() {
    let (maker, objects) = part_sealed();
    let cases: &[(Key, Change, &str)] = &[
        (
            Key::Entries { first: 256 },
            |run| Some(with_entry(&run, 44, b"forged")),
            "the run of entries at 256 in tree.sled/0000 has another entry 300 than the journal: indelible rebuild --volume 0",
        ),
        (
            Key::Entries { first: 1_032 },
            |run| Some(run.slice(..run.len() - 1)),
            "the run of entries at 1032 in tree.sled/0002 is no run of entries (entry 1 of the bundle is cut off: it ends 30001 \
             bytes after the entry begins): indelible rebuild --volume 2",
        ),
        (
            Key::Entries { first: 1_032 },
            |run| {
                Some(
                    bundle::encode(bundle::decode(&run).unwrap().into_iter().take(1))
                        .unwrap()
                        .into(),
                )
            },
            "entries 1033..1034 are absent from tree.sled/0002: indelible rebuild --volume 2",
        ),
        (
            Key::Entries { first: 1_032 },
            |_| None,
            "entries 1032..1034 are absent from tree.sled/0002: indelible rebuild --volume 2",
        ),
        (
            Key::Entries { first: 512 },
            |run| Some(run.slice(..0)),
            "the run of entries at 512 in tree.sled/0001 is no run of entries (it is empty): indelible rebuild --volume 1",
        ),
        (
            Key::Entries { first: 512 },
            |run| Some([run.clone(), run].concat().into()),
            "the run of entries at 512 in tree.sled/0001 has another entry 768 than the journal: indelible rebuild --volume 1",
        ),
        (
            Key::Entries { first: 512 },
            |_| None,
            "entries 512..768 are absent from tree.sled/0001: indelible rebuild --volume 1",
        ),
        (
            Key::Entries { first: 69_888 },
            |run| Some(with_entry(&run, 111, b"forged")),
            "the run of entries at 69888 in tree.sled/0136 has another entry 69999 than the journal: indelible rebuild --volume 136",
        ),
        (
            Key::Entries { first: 69_888 },
            |run| Some(run.slice(..run.len() - 1)),
            "the run of entries at 69888 in tree.sled/0136 is no run of entries (entry 111 of the bundle is cut off: it ends 12 \
             bytes after the entry begins): indelible rebuild --volume 136",
        ),
        (
            Key::Tile { level: 0, index: 5 },
            |tile| Some(flipped(&tile, 300)),
            "the tile 5 of level 0 in tree.sled/0002 is not made of the entries' hashes: indelible rebuild --volume 2",
        ),
        (
            Key::Tile { level: 0, index: 255 },
            |tile| Some(flipped(&tile, 8_703)),
            "the tile 255 of level 0 in tree.sled/0127 is not made of the entries' hashes: indelible rebuild --volume 127",
        ),
        (
            Key::Tile { level: 1, index: 0 },
            |tile| Some(tile.slice(..8_192)),
            "the tile 0 of level 1 in tree.sled/0127 is not made of the entries' hashes: indelible rebuild --volume 127",
        ),
        (
            Key::Tile { level: 0, index: 7 },
            |_| None,
            "tiles 7..8 of level 0 are absent from tree.sled/0003: indelible rebuild --volume 3",
        ),
        (
            Key::Tile { level: 1, index: 0 },
            |_| None,
            "tiles 0..1 of level 1 are absent from tree.sled/0127: indelible rebuild --volume 127",
        ),
    ];
    for (damaged, change, expected) in cases {
        assert!(
            !matches!(damaged, Key::Entries { first } if objects.runs(first / 256).unwrap().iter().all(|run| run.0 != *first))
        );
        let read = |key, value| Ok(if key == *damaged { change(value) } else { Some(value) });
        check(
            &maker.journal,
            &Damaged {
                objects: objects.clone(),
                read,
            },
            &[expected],
        );
    }
}

type Change = fn(Bytes) -> Option<Bytes>;

fn with_entry(run: &Bytes, place: usize, entry: &[u8]) -> Bytes {
    let mut entries = bundle::decode(run).unwrap();
    entries[place] = entry;
    bundle::encode(entries).unwrap().into()
}

fn flipped(value: &Bytes, place: usize) -> Bytes {
    let mut bytes = value.to_vec();
    bytes[place] ^= 1;
    bytes.into()
}

#[test]
fn what_is_absent_side_by_side_is_one_finding() {
    let (maker, objects) = part_sealed();
    let volume = |key: &Key| key.last_entry().unwrap() / 512;
    let read = |key: Key, value| Ok(Some(value).filter(|_| !(3..5).contains(&volume(&key))));
    check(
        &maker.journal,
        &Damaged { objects, read },
        &[
            "entries 1536..2048 are absent from tree.sled/0003: indelible rebuild --volume 3",
            "tiles 6..8 of level 0 are absent from tree.sled/0003: indelible rebuild --volume 3",
            "entries 2048..2560 are absent from tree.sled/0004: indelible rebuild --volume 4",
            "tiles 8..10 of level 0 are absent from tree.sled/0004: indelible rebuild --volume 4",
        ],
    );
}

#[test]
fn a_run_too_many_overlaps() {
    let maker = log(600);
    let objects = sealed(&maker.journal);
    let extra = bundle::encode([crate::support::entry(300)]).unwrap();
    objects.put(vec![(Key::Entries { first: 300 }, extra.into())]).unwrap();
    check(
        &maker.journal,
        &objects,
        &[
            "the run of entries at 300 in tree.sled/0000 has entries that the run in front of it has as well: indelible rebuild --volume 0",
        ],
    );
}

/// The object is told, the volume once, and behind both the check goes on.
#[test]
fn what_cannot_be_read_is_told_once() {
    let (maker, objects) = part_sealed();
    let corrupt = |damaged: Key| {
        move |key: Key, value| match key == damaged {
            true => Err(ObjectsError::Corrupt {
                volume: key.last_entry().unwrap() / 512,
                key,
            }),
            false => Ok(Some(value)),
        }
    };
    for (damaged, expected) in [
        (
            Key::Entries { first: 512 },
            "the run of entries at 512 in tree.sled/0001 is damaged: indelible rebuild --volume 1",
        ),
        (
            Key::Entries { first: 69_888 },
            "the run of entries at 69888 in tree.sled/0136 is damaged: indelible rebuild --volume 136",
        ),
        (
            Key::Tile { level: 0, index: 9 },
            "the tile 9 of level 0 in tree.sled/0004 is damaged: indelible rebuild --volume 4",
        ),
    ] {
        check(
            &maker.journal,
            &Damaged {
                objects: objects.clone(),
                read: corrupt(damaged),
            },
            &[expected],
        );
    }

    let read = |key: Key, value| match key.last_entry().unwrap() / 512 {
        2 => Err(ObjectsError::VolumeBroken {
            path: "tree.sled/0002".into(),
            reason: "sled said so".into(),
        }),
        _ if key == (Key::Tile { level: 0, index: 20 }) => Ok(None),
        _ => Ok(Some(value)),
    };
    check(
        &maker.journal,
        &Damaged {
            objects: objects.clone(),
            read,
        },
        &[
            "tree.sled/0002 cannot be read on: the volume tree.sled/0002 is broken: sled said so: indelible rebuild --volume 2",
            "tiles 20..21 of level 0 are absent from tree.sled/0010: indelible rebuild --volume 10",
        ],
    );
    let read = |_, _| {
        Err(ObjectsError::Poisoned {
            reason: "the disk is gone".into(),
        })
    };
    check(
        &maker.journal,
        &Damaged { objects, read },
        &[
            "tree.sled cannot be read: nothing can be put since an earlier put failed: the disk is gone: indelible rebuild",
        ],
    );
}

/// A key that no tree has: nothing overflows, and what the journal has is compared all the same.
#[test]
fn a_run_beyond_all_trees_is_ahead_of_the_journal() {
    let maker = log(600);
    let objects = sealed(&maker.journal);
    let rogue = bundle::encode([b"rogue"]).unwrap();
    objects
        .put(vec![(Key::Entries { first: u64::MAX }, rogue.into())])
        .unwrap();
    let (_, lines) = run(&maker.journal, Some(&objects));
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert!(
        line.starts_with("tree.sled has 18446744073709551615 entries, but the journal"),
        "{line}"
    );
}
