//! Full tiles as the object store keeps them, and joined hashes as the wire carries them.

use indelible_merkle::{FullTile, Hash, TILE_WIDTH};

use super::Verdict;
use super::sample::leaves;

/// A tile, and a few hashes.
pub fn seeds() -> Vec<Vec<u8>> {
    let width = usize::try_from(TILE_WIDTH).expect("256");
    let tile = FullTile::from_hashes(&leaves()[..width]).expect("256 hashes");
    vec![tile.into_bytes(), Hash::join(&leaves()[..3]), Vec::new()]
}

/// The length alone decides what is a tile and what is a row of hashes; both give back the bytes that they were read from.
pub fn check(bytes: &[u8]) -> Verdict {
    let tile = FullTile::from_bytes(bytes);
    assert_eq!(tile.is_ok(), bytes.len() == FullTile::BYTES);
    if let Ok(tile) = tile {
        assert_eq!(tile.into_bytes(), bytes);
        assert_eq!(tile.node(0, 0).as_bytes(), &bytes[..Hash::BYTES]);
        assert_eq!(tile.root(), tile.node(8, 0));
        let (left, right) = (tile.node(7, 0), tile.node(7, 1));
        assert_eq!(tile.root(), Hash::node(&left, &right));
    }
    assert_eq!(Hash::try_from(bytes).is_ok(), bytes.len() == Hash::BYTES);
    match Hash::split(bytes) {
        Ok(hashes) => {
            assert_eq!(Hash::join(&hashes), bytes);
            Verdict::Accepted
        }
        Err(_) => {
            assert!(!bytes.len().is_multiple_of(Hash::BYTES));
            Verdict::Refused
        }
    }
}
