//! Nodes and proofs against the definitions of RFC 9162, of every size, while entries move from memory to the object store.

use indelible_log::StartError;
use indelible_merkle::{CompactRange, InclusionProof, NodeId, check_consistency, check_inclusion, check_range, proof};
use indelible_store::objects::Key;

use crate::doubles::{Power, TestObjects};
use crate::reference::Reference;
use crate::support::{
    Homes, append, batch, check_log, eager, entries, home_of, lazy, objects_of, read_all, shutdown, small_entries,
    start,
};

#[test]
fn every_proof_of_every_size_up_to_300_is_that_of_the_rfc() {
    const SIZE: usize = 300;
    let entries = entries(0..SIZE as u64);
    let reference = Reference::of(&entries);
    let homes = Homes::new();
    let log = homes.start(&eager());
    let reader = log.reader();

    for size in 1..=SIZE {
        let ack = append(&log.appender(), batch(&entries[size - 1..size])).unwrap();
        let head = reference.head(size);
        assert_eq!((ack.first, ack.count, ack.head.tree()), (size as u64 - 1, 1, head));
        for leaf in 0..size {
            let plan = proof::inclusion(leaf as u64, size as u64).unwrap();
            let proof = plan.finish(&reader.nodes(plan.nodes()).unwrap()).unwrap();
            assert_eq!(proof.hashes(), reference.inclusion(leaf, size), "leaf {leaf} of {size}");
        }
        for old in 0..=size {
            let plan = proof::consistency(old as u64, size as u64).unwrap();
            let proof = plan.finish(&reader.nodes(plan.nodes()).unwrap()).unwrap();
            assert_eq!(proof.hashes(), reference.consistency(old, size), "{old} to {size}");
            check_consistency(&proof, &reference.head(old), &head).unwrap();
        }
        // All runs that touch an end of the tree, and those of 7 in between: a range proof has no other definition to be
        // compared with, so it is checked.
        let inner = (1..size.saturating_sub(7)).map(|start| (start, start + 7));
        for (start, end) in (0..size).flat_map(|at| [(0, at + 1), (at, size)]).chain(inner) {
            let plan = proof::range(start as u64, end as u64, size as u64).unwrap();
            let proof = plan.finish(&reader.nodes(plan.nodes()).unwrap()).unwrap();
            let range = check_range(&reference.leaves()[start..end], &proof, &head).unwrap();
            let single = range.inclusion(start as u64).unwrap();
            assert_eq!(
                single.hashes(),
                reference.inclusion(start, size),
                "{start}..{end} of {size}"
            );
        }
    }
    check_log(&reader, &entries);
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), SIZE as u64);
    check_log(&reader, &entries);
}

#[test]
fn every_node_is_found_wherever_sealing_stands() {
    let entries = small_entries(0..1_100);
    let reference = Reference::of(&entries);
    for sealed in [0, 1, 255, 256, 257, 600, 1_024, 1_100] {
        let homes = Homes::with_volumes(512);
        let log = homes.start(&lazy());
        for part in [&entries[..sealed], &entries[sealed..]] {
            if !part.is_empty() {
                append(&log.appender(), batch(part)).unwrap();
            }
        }
        shutdown(log).unwrap();
        // The log as it would be had the sealer come so far.
        let homes = Homes {
            objects: home_of(objects_of(&entries[..sealed])),
            ..homes
        };
        let log = homes.start(&lazy());
        let reader = log.reader();
        for level in 0..11 {
            let row: Vec<NodeId> = (0..1_100 >> level).map(|index| NodeId { level, index }).collect();
            let expected: Vec<_> = row.iter().map(|node| reference.node(*node)).collect();
            assert_eq!(reader.nodes(&row).unwrap(), expected, "level {level}, {sealed} sealed");
            for (node, expected) in row.iter().zip(expected) {
                let at_hand = reader.nodes_at_hand(&[*node]);
                assert!(
                    at_hand.is_none_or(|hashes| hashes == [expected]),
                    "{node:?}, {sealed} sealed"
                );
            }
        }
        let edge = CompactRange::nodes_of(1_100);
        let at_hand = reader.nodes_at_hand(&edge).expect("the right edge is always at hand");
        let edge = CompactRange::from_hashes(1_100, at_hand).unwrap();
        assert_eq!(edge.head(), reference.head(1_100), "{sealed} sealed");
        assert_eq!(homes.sealed(), sealed as u64, "nothing was sealed meanwhile");
    }
}

#[test]
fn a_tile_of_tiles_is_sealed_found_again_and_grown_behind() {
    const SIZE: u64 = 65_536 + 300;
    let entries = small_entries(0..SIZE);
    let reference = Reference::of(&entries);
    // All of it is sealed at the end, in more objects than one batch of the store takes.
    let homes = Homes::with_volumes(1 << 16);
    let log = homes.start(&lazy());
    for part in entries[..SIZE as usize - 10].chunks(9_999) {
        append(&log.appender(), batch(part)).unwrap();
    }
    shutdown(log).unwrap();

    let log = homes.start(&eager());
    let reader = log.reader();
    let ack = append(&log.appender(), batch(&entries[SIZE as usize - 10..])).unwrap();
    assert_eq!(ack.head.tree(), reference.head(SIZE as usize));
    for leaf in [0, 255, 256, 32_768, 65_535, 65_536, SIZE - 11, SIZE - 1] {
        let plan = proof::inclusion(leaf, SIZE).unwrap();
        let proof: InclusionProof = plan.finish(&reader.nodes(plan.nodes()).unwrap()).unwrap();
        assert_eq!(proof.hashes(), reference.inclusion(leaf as usize, SIZE as usize));
        check_inclusion(reference.leaves()[leaf as usize], &proof, &ack.head.tree()).unwrap();
    }
    assert_eq!(read_all(&reader), entries);
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), SIZE);

    // Neither it nor one below it that is still an edge may be missing at the next start.
    for (level, index) in [(1, 0), (0, 256)] {
        let key = Key::Tile { level, index };
        let objects = TestObjects::new(homes.objects.clone(), &Power::steady());
        objects.serve_instead(key, None);
        let error = start(homes.journal.clone(), objects, &lazy()).unwrap_err();
        assert!(
            matches!(error, StartError::Object { key: missing, .. } if missing == key),
            "{error}"
        );
    }
}
