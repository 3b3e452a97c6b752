//! Which one is wrong where the entries of a log and a tile of it differ: only the signed root can tell.

use indelible_client::{PatientSource, TileError, Trunk, Wrong};
use indelible_merkle::{Hash, TILE_WIDTH, Tile, TileEdge, TileId, TilePath, TreeHead};

/// Names the file that is wrong, of a tile that was made of entries and the other one that is served in its place.
pub(super) async fn judge(source: &PatientSource, head: TreeHead, rebuilt: &Tile, served: &[Hash]) -> TileError {
    let id = rebuilt.id;
    let path = TilePath::of_tile(id, head.size).expect("the tile is one of this tree");
    let pairs = rebuilt.hashes.iter().zip(served);
    let Some((place, (&made, &found))) = (0..).zip(pairs).find(|(_, (made, served))| made != served) else {
        unreachable!("the caller has seen that they differ, and they have the same length");
    };
    let index = id.index * TILE_WIDTH + place;
    let expected = made;
    match in_signed_tree(source, head, rebuilt, served).await {
        Some(Side::Rebuilt) => Wrong::Hash { index, expected, found }.of(path).into(),
        Some(Side::Served) => entries_wrong(id, index, found, made, head.size).into(),
        None => Wrong::Neither {
            index,
            rebuilt: made,
            found,
        }
        .of(path)
        .into(),
    }
}

enum Side {
    Rebuilt,
    Served,
}

/// Which of the two belongs to the signed tree, if that can be told with the tiles above and beside it.
async fn in_signed_tree(source: &PatientSource, head: TreeHead, rebuilt: &Tile, served: &[Hash]) -> Option<Side> {
    let is_full = rebuilt.hashes.len() as u64 == TILE_WIDTH;
    let trunk = Trunk::open(source.clone(), head).await;
    if !is_full {
        return match trunk {
            // The served one is among those that make the root.
            Ok(_) => Some(Side::Served),
            Err(_) => completes_edge(source, head, rebuilt).await.then_some(Side::Rebuilt),
        };
    }
    let signed = trunk.ok()?.root(rebuilt.id).await.ok()?;
    let fits = |hashes: &[Hash]| Tile::root_of(hashes) == Ok(signed);
    match (fits(&rebuilt.hashes), fits(served)) {
        (true, _) => Some(Side::Rebuilt),
        (_, true) => Some(Side::Served),
        _ => None,
    }
}

/// Whether the partial tiles make the signed root with the rebuilt one among them.
async fn completes_edge(source: &PatientSource, head: TreeHead, rebuilt: &Tile) -> bool {
    let mine = TilePath::of_tile(rebuilt.id, head.size);
    let mut tiles = Vec::new();
    for path in TileEdge::paths(head.size) {
        tiles.push(match Some(path) == mine {
            true => rebuilt.hashes.clone(),
            false => match source.hashes(&path).await {
                Ok(hashes) => hashes,
                Err(_) => return false,
            },
        });
    }
    TileEdge::from_tiles(head.size, tiles).is_ok_and(|edge| edge.head() == head)
}

/// The served hash is in the signed tree, so what lies below it is not: an entry, or a whole tile that agrees with its entries.
fn entries_wrong(id: TileId, index: u64, expected: Hash, found: Hash, size: u64) -> indelible_client::WrongFile {
    match id.level.checked_sub(1) {
        None => {
            let path = TilePath::of_bundle(id.index, size).expect("there is a bundle for each tile of leaf hashes");
            Wrong::Entry { index, expected, found }.of(path)
        }
        Some(level) => {
            let below = TilePath::of_tile(TileId { level, index }, size).expect("there is a tile below each hash");
            Wrong::Root { expected, found }.of(below)
        }
    }
}
