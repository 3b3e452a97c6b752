//! Growing a tree: heads, the nodes that each growth completes, restoring the edge.

use indelible_merkle::{CompactRange, Hash, HashLength, NodeId, TreeHead, WrongCount, cover};

use crate::reference::Reference;
use crate::tree::{Random, entries};

/// The roots of the classic Certificate Transparency test leaves, for 1 to 8 of them.
#[test]
fn known_roots() {
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = CompactRange::new();
    assert_eq!(tree.head(), TreeHead::EMPTY);
    assert_eq!(
        tree.root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (leaf, root) in leaves.iter().zip(roots) {
        tree.extend(vec![Hash::leaf(leaf)]);
        assert_eq!(tree.root().to_string(), root);
    }
}

/// Every way to grow from one size to another, up to 64, and many more to 300.
#[test]
fn grows_as_defined() {
    let entries = entries(300);
    let reference = Reference::new(entries.clone());
    let check = |first: u64, end: u64| {
        let leaf = |index: u64| Hash::leaf(&entries[index as usize]);
        let mut tree = CompactRange::new();
        tree.extend((0..first).map(leaf).collect());
        let growth = tree.extend((first..end).map(leaf).collect());

        assert_eq!(
            tree.head(),
            TreeHead {
                size: end,
                root: reference.mth(0, end)
            }
        );
        assert_eq!((growth.first(), growth.end()), (first, end));
        assert_eq!(growth.leaves(), (first..end).map(leaf).collect::<Vec<_>>());
        let rows: Vec<(u8, u64, Hash)> = growth
            .rows()
            .flat_map(|row| {
                (row.start..)
                    .zip(row.hashes)
                    .map(move |(index, hash)| (row.level, index, *hash))
            })
            .collect();
        assert_eq!(rows, completed(&reference, first, end));
        for (level, index, hash) in rows {
            assert_eq!(growth.node(NodeId { level, index }), Some(hash));
        }
        for level in 0..10 {
            let outside = [(first >> level).checked_sub(1), Some(end >> level)];
            for index in outside.into_iter().flatten() {
                assert_eq!(
                    growth.node(NodeId { level, index }),
                    None,
                    "[{first}, {end}) has ({level}, {index})"
                );
            }
        }
    };
    for end in 0..=64 {
        (0..=end).for_each(|first| check(first, end));
    }
    let mut random = Random(1);
    for end in 65..=300 {
        check(0, end);
        check(end - 1, end);
        (0..5).for_each(|_| check(random.below(end), end));
    }
}

/// The nodes of the tree of `end` leaves that the tree of `first` did not have.
fn completed(reference: &Reference, first: u64, end: u64) -> Vec<(u8, u64, Hash)> {
    let of_level = |level: u8| {
        let span = move |index: u64| (index << level, (index + 1) << level);
        (0..end)
            .map(move |index| (index, span(index)))
            .filter(move |(_, (_, behind))| *behind > first && *behind <= end)
            .map(move |(index, (from, behind))| (level, index, reference.mth(from, behind)))
    };
    (0..10).flat_map(of_level).collect()
}

#[test]
fn an_edge_restores_the_tree() {
    let entries = entries(300);
    let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(entry)).collect();
    let whole = CompactRange::new().extend(leaves.clone());
    for size in 0..=300_usize {
        let ids = CompactRange::nodes_of(size as u64);
        let hashes: Vec<Hash> = ids.iter().map(|&id| whole.node(id).unwrap()).collect();
        let mut grown = CompactRange::new();
        grown.extend(leaves[..size].to_vec());
        let mut restored = CompactRange::from_hashes(size as u64, hashes.clone()).unwrap();
        assert_eq!(restored, grown);
        assert_eq!(
            restored.extend(leaves[size..].to_vec()),
            grown.extend(leaves[size..].to_vec())
        );

        let expected = hashes.len();
        let too_many = CompactRange::from_hashes(size as u64, [hashes, vec![leaves[0]]].concat());
        assert_eq!(
            too_many,
            Err(WrongCount {
                expected,
                got: expected + 1
            })
        );
    }
}

#[test]
fn a_cover_is_made_of_the_largest_perfect_subtrees() {
    for end in 0..=130 {
        for start in 0..=end {
            let nodes = cover(start, end);
            let mut at = start;
            for node in &nodes {
                assert_eq!(node.first(), at);
                at = node.end();
                // The subtree above would begin earlier or end later.
                let above = NodeId {
                    level: node.level + 1,
                    index: node.index / 2,
                };
                assert!(
                    above.first() < start || above.end() > end,
                    "{above:?} is in [{start}, {end})"
                );
            }
            assert_eq!(at, end);
        }
    }
}

#[test]
fn hashes_join_and_split() {
    let hashes: Vec<Hash> = entries(5).iter().map(|entry| Hash::leaf(entry)).collect();
    let joined = Hash::join(&hashes);
    assert_eq!(joined.len(), 5 * Hash::BYTES);
    assert_eq!(Hash::split(&joined), Ok(hashes.clone()));
    assert_eq!(Hash::split(&[]), Ok(Vec::new()));
    assert_eq!(Hash::split(&joined[1..]), Err(HashLength(159)));
    assert_eq!(Hash::try_from(&joined[..32]), Ok(hashes[0]));
    assert_eq!(Hash::try_from(&joined[..33]), Err(HashLength(33)));
    assert_eq!(format!("{:?}", hashes[0]), hashes[0].to_string());
}
