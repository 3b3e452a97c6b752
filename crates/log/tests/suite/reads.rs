//! Entries across the border between object store and memory, and what is said about objects that are gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use indelible_log::{Log, ReadError};
use indelible_merkle::{CompactRange, Hash, NodeId, TileId, bundle};
use indelible_store::objects::Key;

use crate::doubles::{Power, TestObjects};
use crate::reference::Reference;
use crate::support::{
    Homes, append, batch, check_log, eager, entries, home_of, lazy, objects_of, shutdown, small_entries, start,
};

/// A log of 700 entries of which 300 are sealed.
fn half_sealed() -> (Log, Vec<Bytes>) {
    let entries = entries(0..700);
    let homes = Homes::new();
    let log = homes.start(&eager());
    append(&log.appender(), batch(&entries[..300])).unwrap();
    shutdown(log).unwrap();
    let log = homes.start(&lazy());
    for part in entries[300..].chunks(70) {
        append(&log.appender(), batch(part)).unwrap();
    }
    assert_eq!(homes.sealed(), 300);
    (log, entries)
}

#[test]
fn a_portion_has_an_entry_at_least_and_not_more_bytes_than_asked() {
    let (log, entries) = half_sealed();
    let reader = log.reader();
    for start in 0..700 {
        for (end, bytes_max) in [
            (start + 1, 0),
            (700, 0),
            (700, 1_000),
            (700, 70_000),
            (700.min(start + 90), usize::MAX),
        ] {
            let found = reader.entries(start as u64, end as u64, bytes_max).unwrap();
            let context = format!("{} of {start}..{end} with {bytes_max} bytes", found.len());
            assert_eq!(found, entries[start..start + found.len()], "{context}");
            assert!((1..=end - start).contains(&found.len()), "{context}");
            let bytes: usize = found.iter().map(Bytes::len).sum();
            assert!(found.len() == 1 || bytes <= bytes_max, "{context}");
            // It ends for a reason: the range, the bytes, or the bundle or the sealed part of it.
            let next = start + found.len();
            let border = next == end || next % 256 == 0 || next == 300;
            assert!(
                border || bytes + entries[next].len().max(1) + found.len() > bytes_max,
                "{context}"
            );
        }
    }
    check_log(&reader, &entries);
}

#[test]
fn a_tile_is_the_same_from_memory_and_from_the_object_store() {
    let (log, entries) = half_sealed();
    let (reader, reference) = (log.reader(), Reference::of(&entries));
    for (index, widest, at_hand) in [(0, 256, false), (1, 256, true), (2, 188, true)] {
        let tile = TileId { level: 0, index };
        for width in 1..=widest {
            let first = index * 256;
            let hashes = &reference.leaves()[first as usize..(first + width) as usize];
            let joined = Hash::join(hashes);
            assert_eq!(reader.tile_bytes(tile, width).unwrap(), joined, "{tile:?} {width}");
            let found = reader.tile_at_hand(tile, width);
            assert_eq!(found.is_some(), at_hand, "{tile:?} {width}");
            assert!(found.is_none_or(|found| found == joined), "{tile:?} {width}");
        }
    }
    let roots = reader.nodes(&[0, 1].map(|index| NodeId { level: 8, index })).unwrap();
    let above = TileId { level: 1, index: 0 };
    assert_eq!(reader.tile_bytes(above, 2).unwrap(), Hash::join(&roots));

    for (level, index, width) in [
        (0, 2, 189),
        (0, 3, 1),
        (0, 0, 257),
        (1, 0, 3),
        (2, 0, 1),
        (7, 0, 1),
        (0, 1 << 63, 1),
    ] {
        let tile = TileId { level, index };
        let refused = reader.tile_bytes(tile, width).unwrap_err();
        assert!(matches!(refused, ReadError::Beyond { size: 700, .. }), "{refused}");
        assert_eq!(reader.tile_at_hand(tile, width), None);
    }
}

#[test]
fn what_is_not_published_is_refused() {
    let (log, _) = half_sealed();
    let reader = log.reader();
    for (start, end) in [
        (0, 701),
        (700, 701),
        (5, 5),
        (6, 5),
        (u64::MAX, u64::MAX),
        (0, u64::MAX),
    ] {
        let refused = reader.entries(start, end, 1).unwrap_err();
        assert!(matches!(refused, ReadError::Beyond { size: 700, .. }), "{refused}");
    }
    for node in [
        NodeId { level: 0, index: 700 },
        NodeId { level: 8, index: 2 },
        NodeId { level: 10, index: 0 },
        NodeId { level: 63, index: 0 },
    ] {
        let refused = reader.nodes(&[node]).unwrap_err();
        assert!(matches!(refused, ReadError::Beyond { size: 700, .. }), "{refused}");
    }
    assert!(reader.leaf_hashes(690, 701).is_err());
    assert_eq!(reader.leaf_hashes(700, 700).unwrap(), []);
}

#[test]
fn a_slow_reader_of_heads_gets_the_newest() {
    let homes = Homes::new();
    let log = homes.start(&lazy());
    let mut heads = log.reader().heads();
    assert_eq!(heads.borrow_and_update().size(), 0);
    for part in entries(0..20).chunks(4) {
        append(&log.appender(), batch(part)).unwrap();
    }
    assert!(heads.has_changed().unwrap());
    assert_eq!(heads.borrow_and_update().size(), 20);
    assert!(!heads.has_changed().unwrap());
}

#[test]
fn whoever_sees_a_head_finds_its_tree_wherever_the_entries_are_at_that_moment() {
    let homes = Homes::new();
    let log = homes.start(&eager());
    let whole = small_entries(0..1_500);
    let looked = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            let (reader, whole, looked) = (log.reader(), &whole, &looked);
            scope.spawn(move || {
                while reader.head().size() < 1_500 {
                    let head = reader.head().tree();
                    let edge = reader.nodes(&CompactRange::nodes_of(head.size)).unwrap();
                    assert_eq!(CompactRange::from_hashes(head.size, edge).unwrap().head(), head);
                    if let Some(last) = head.size.checked_sub(1) {
                        assert_eq!(reader.entries(last, head.size, 8).unwrap(), whole[last as usize..][..1]);
                        assert_eq!(
                            reader.entries(last / 2, head.size, 8).unwrap(),
                            whole[last as usize / 2..][..1]
                        );
                    }
                    looked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for entry in &whole {
            append(&log.appender(), batch(std::slice::from_ref(entry))).unwrap();
        }
    });
    assert!(looked.into_inner() > 100);
}

#[test]
fn an_object_that_is_gone_is_named_and_the_others_are_served() {
    let whole = small_entries(0..600);
    let homes = Homes::unsealed(std::slice::from_ref(&whole));
    let mut objects = objects_of(&whole);
    // The first bundle in three runs of which the middle one is missing, and the second bundle without its tile.
    let run = |range: std::ops::Range<usize>| {
        let value = bundle::encode(&whole[range.clone()]).unwrap();
        let first = range.start as u64;
        (Key::Entries { first }, Bytes::from(value))
    };
    objects.retain(|(key, _)| *key != Key::Entries { first: 0 });
    objects.extend([run(0..100), run(150..256)]);
    let homes = Homes {
        objects: home_of(objects),
        ..homes
    };
    let log = homes.start(&lazy());
    let reader = log.reader();

    let gone = |start, end| match reader.entries(start, end, usize::MAX) {
        Err(ReadError::Object { key, problem }) => (key, problem),
        other => panic!("{start}..{end}: {other:?}"),
    };
    for (start, end) in [(100, 101), (120, 256), (149, 150)] {
        assert_eq!(gone(start, end), (Key::Entries { first: start }, "absent".to_owned()));
    }
    assert_eq!(reader.entries(20, 100, usize::MAX).unwrap(), whole[20..100]);
    assert_eq!(reader.entries(150, 600, usize::MAX).unwrap(), whole[150..256]);
    assert_eq!(reader.entries(256, 600, usize::MAX).unwrap(), whole[256..512]);
}

#[test]
fn a_tile_that_is_gone_or_no_tile_is_named() {
    let whole = small_entries(0..600);
    let homes = Homes::unsealed(std::slice::from_ref(&whole));
    let objects = TestObjects::new(home_of(objects_of(&whole)), &Power::steady());
    let log = start(homes.journal.clone(), objects.clone(), &lazy()).unwrap();
    let leaf = NodeId { level: 0, index: 3 };
    assert_eq!(log.reader().nodes(&[leaf]).unwrap(), [Hash::leaf(&whole[3])]);

    // Lost or damaged behind the back of a log that runs.
    let tile = Key::Tile { level: 0, index: 0 };
    for (instead, expected) in [(None, "absent"), (Some(Bytes::from("short")), "stored tile")] {
        objects.serve_instead(tile, instead);
        let error = log.reader().nodes(&[leaf]).unwrap_err();
        let public = log.reader().tile_bytes(TileId { level: 0, index: 0 }, 1).unwrap_err();
        for error in [error, public] {
            assert!(
                matches!(&error, ReadError::Object { key, problem } if *key == tile && problem.contains(expected)),
                "{error}"
            );
        }
        assert!(log.reader().leaf_hashes(256, 600).is_ok());
    }
}
