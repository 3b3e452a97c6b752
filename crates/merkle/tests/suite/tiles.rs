//! Tiles, against the definition and against the crate tlog_tiles.

use indelible_merkle::{FullTile, Hash, NodeId, TILE_HEIGHT, TILE_WIDTH, TileId, TileLength, WrongCount};
use tlog_tiles::{Tile, tlog};

use crate::reference::Reference;
use crate::tree::{Tree, entries};

#[test]
fn a_full_tile_has_every_node() {
    let entries = entries(256);
    let (reference, tree) = (Reference::new(entries.clone()), Tree::new(&entries));
    let made = FullTile::from_hashes(tree.leaves(0, 256)).unwrap();
    let stored = made.clone().into_bytes();
    assert_eq!(stored.len(), FullTile::BYTES);
    let tile = FullTile::from_bytes(stored.clone()).unwrap();
    assert_eq!(tile, made);
    assert_eq!(tile.public_bytes(), Hash::join(tree.leaves(0, 256)));
    assert_eq!(FullTile::public_part(&stored), Ok(tile.public_bytes()));
    assert_eq!(tile.root(), reference.mth(0, 256));
    for height in 0..=TILE_HEIGHT {
        for index in 0..TILE_WIDTH >> height {
            let expected = reference.mth(index << height, (index + 1) << height);
            assert_eq!(tile.node(height, index), expected, "height {height}, index {index}");
        }
    }
}

#[test]
fn a_tile_has_its_length() {
    let hashes = vec![Hash::EMPTY_ROOT; 257];
    for got in [0, 255, 257] {
        assert_eq!(
            FullTile::from_hashes(&hashes[..got]),
            Err(WrongCount { expected: 256, got })
        );
    }
    for length in [0, 8192, 8703, 8705] {
        assert_eq!(FullTile::from_bytes(&vec![0; length]), Err(TileLength(length)));
        assert_eq!(FullTile::public_part(&vec![0; length]), Err(TileLength(length)));
    }
}

#[test]
#[should_panic(expected = "no node (1, 128) in a tile")]
fn a_tile_has_no_node_beside_it() {
    FullTile::from_hashes(&[Hash::EMPTY_ROOT; 256]).unwrap().node(1, 128);
}

#[test]
fn nodes_lie_where_tlog_tiles_says() {
    for level in 0..40 {
        for index in (0..1000).chain([65_535, 65_536, 1 << 20]) {
            let theirs = Tile::from_index(TILE_HEIGHT, tlog::stored_hash_index(level, index));
            let ours = TileId::of(NodeId { level, index });
            assert_eq!(
                (ours.level, ours.index),
                (theirs.level(), theirs.level_index()),
                "node ({level}, {index})"
            );
        }
    }
}

#[test]
fn full_tiles_are_as_many_as_the_specification_says() {
    let full = |level: u8, size: u64| {
        (0..)
            .map(|index| TileId { level, index })
            .take_while(|id| id.end() <= size)
            .count()
    };
    assert_eq!([full(0, 70_000), full(1, 70_000), full(2, 70_000)], [273, 1, 0]);
    assert_eq!(
        [full(0, 255), full(0, 256), full(1, 65_535), full(1, 65_536)],
        [0, 1, 0, 1]
    );
    assert_eq!(TileId { level: 6, index: 254 }.end(), 255 << 56);
    assert_eq!(TileId { level: 6, index: 255 }.end(), u64::MAX);
    assert_eq!(TileId { level: 7, index: 0 }.end(), u64::MAX);
}
