//! Entry bundles, held against the tiles of leaf hashes.

use indelible_merkle::{Hash, TILE_WIDTH, TilePath, bundle};

use super::{Wrong, WrongFile};

/// The leaf hashes of a bundle, which must have exactly the entries that its path says. Hashes them on the calling thread: 0.1 ms
/// for 256 entries of 300 bytes, 10 ms for the longest.
///
/// # Errors
///
/// If it has others.
pub fn bundle_leaves(path: &TilePath, body: &[u8]) -> Result<Vec<Hash>, WrongFile> {
    let count = usize::try_from(path.width()).expect("a bundle is at most 256 wide");
    bundle::leaf_hashes(body, count).map_err(|wrong| Wrong::Entries(wrong).of(*path))
}

/// Holds a bundle against the leaf hashes of the signed tree.
///
/// # Errors
///
/// If it has other entries.
pub fn check_leaves(path: &TilePath, body: &[u8], signed: &[Hash]) -> Result<(), WrongFile> {
    let leaves = bundle_leaves(path, body)?;
    let mut pairs = (path.index() * TILE_WIDTH..).zip(leaves.into_iter().zip(signed));
    match pairs.find(|(_, (found, expected))| found != *expected) {
        None => Ok(()),
        Some((index, (found, &expected))) => Err(Wrong::Entry { index, expected, found }.of(*path)),
    }
}
