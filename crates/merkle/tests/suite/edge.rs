//! The right edge in tiles: every tile that a growth fills, and restoring the edge from what a log serves.

use indelible_merkle::{Hash, Tile, TileContent, TileEdge, TileId, TilePath, TreeHead};

/// The hashes of all tiles, by their definition: row `l` has the roots of the perfect subtrees of 256^l leaves.
fn levels(leaves: &[Hash]) -> Vec<Vec<Hash>> {
    let mut levels = vec![leaves.to_vec()];
    while levels.last().is_some_and(|level| level.len() >= 256) {
        let below = levels.last().expect("there is a level of leaves");
        levels.push(below.chunks_exact(256).map(root).collect());
    }
    levels
}

/// MTH of RFC 6962, 2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_ROOT,
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::node(&root(left), &root(right))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| Hash::leaf(&index.to_be_bytes())).collect()
}

#[test]
fn every_tile_is_told_once_and_is_the_one_that_is_defined() {
    let leaves = leaves(70_000);
    let levels = levels(&leaves);
    for step in [1, 255, 256, 257, 70_000] {
        // A step of 1 is slow, and sees all there is to see in the first levels.
        let leaves = if step == 1 { &leaves[..66_000] } else { &leaves[..] };
        let mut edge = TileEdge::new();
        let mut full = Vec::new();
        for part in leaves.chunks(step) {
            full.extend(edge.extend(part.to_vec()));
        }
        assert_eq!(edge.head().root, root(leaves), "steps of {step}");
        let size = leaves.len() as u64;
        let all: Vec<Tile> = full.into_iter().chain(edge.tiles()).collect();
        for Tile { id, hashes } in &all {
            let first = id.index as usize * 256;
            assert_eq!(*hashes, levels[usize::from(id.level)][first..first + hashes.len()]);
        }
        let mut told: Vec<TilePath> = all
            .iter()
            .map(|tile| TilePath::of_tile(tile.id, size).unwrap())
            .collect();
        let widths: Vec<u64> = told.iter().map(TilePath::width).collect();
        assert!(
            all.iter()
                .zip(widths)
                .all(|(tile, width)| tile.hashes.len() as u64 == width)
        );
        told.sort();
        let hashes_only = |path: &TilePath| path.content() != TileContent::Entries;
        let mut due: Vec<TilePath> = TilePath::all(size).filter(hashes_only).collect();
        due.sort();
        assert_eq!(told, due, "steps of {step}");
    }
}

#[test]
fn an_edge_is_restored_from_its_tiles_and_a_wrong_hash_shows_in_its_root() {
    let all = leaves(66_000);
    for size in [
        0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 65_792, 66_000,
    ] {
        let mut edge = TileEdge::new();
        edge.extend(all[..size].to_vec());
        let size = size as u64;
        let tiles: Vec<Vec<Hash>> = edge.tiles().map(|tile| tile.hashes).collect();
        let paths = TileEdge::paths(size);
        let ids: Vec<TilePath> = edge
            .tiles()
            .map(|tile| TilePath::of_tile(tile.id, size).unwrap())
            .collect();
        assert_eq!(paths, ids);
        assert!(paths.iter().all(|path| path.width() < 256));
        let restored = TileEdge::from_tiles(size, tiles.clone()).unwrap();
        assert_eq!(restored.head(), edge.head());
        // It grows as the other one does.
        let (mut one, mut other) = (edge.clone(), restored);
        assert_eq!(one.extend(all[..700].to_vec()), other.extend(all[..700].to_vec()));
        assert_eq!(one.head(), other.head());

        for place in 0..tiles.len() {
            for at in [0, tiles[place].len() - 1] {
                let mut wrong = tiles.clone();
                wrong[place][at] = Hash::EMPTY_ROOT;
                let wrong = TileEdge::from_tiles(size, wrong).unwrap();
                assert_ne!(wrong.head().root, edge.head().root, "{size}: tile {place}, hash {at}");
            }
            let mut short = tiles.clone();
            short[place].pop();
            TileEdge::from_tiles(size, short).unwrap_err();
        }
        let mut more = tiles.clone();
        more.push(vec![Hash::EMPTY_ROOT]);
        TileEdge::from_tiles(size, more).unwrap_err();
    }
    assert_eq!(TileEdge::from_tiles(0, Vec::new()).unwrap().head(), TreeHead::EMPTY);
    assert_eq!(TileEdge::new().row(7), &[] as &[Hash]);
}

#[test]
fn the_root_of_a_full_tile_is_a_hash_of_the_tile_above() {
    let leaves = leaves(512);
    let mut edge = TileEdge::new();
    let full = edge.extend(leaves);
    assert_eq!(full[1].id, TileId { level: 0, index: 1 });
    assert_eq!(Tile::root_of(&full[1].hashes).unwrap(), edge.row(1)[1]);
    assert_eq!(Tile::root_of(&full[1].hashes[1..]).unwrap_err().got, 255);
}
