//! The files between two sizes of a log, from the top of the tree down: each tile is checked against the one above it, each bundle
//! against its tile, and then it is written.

use std::sync::Arc;

use indelible_client::{PatientSource, TileError, Trunk, bundle_leaves, check_leaves, fetch_tile};
use indelible_merkle::{Hash, TILE_HEIGHT, TILE_WIDTH, Tile, TileId, TilePath};
use tokio::task::JoinSet;

use super::MirrorError;
use super::copy::Copy;
use crate::task::blocking;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Tiles and bundles.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Brings the copy, which has all that a tree of `from` leaves needs, to the tree of the trunk.
pub(super) async fn fill(
    source: &PatientSource,
    copy: &Arc<Copy>,
    mut trunk: Trunk,
    from: u64,
    in_flight: usize,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Filled, MirrorError> {
    let size = trunk.edge().size();
    let mut filled = Filled::default();
    let mut jobs = JoinSet::new();
    let full = size / TILE_WIDTH;
    for index in from / TILE_WIDTH..full {
        upper_tiles(copy, &mut trunk, from, index, &mut filled).await?;
        while jobs.len() >= in_flight {
            done(&mut jobs, &mut filled).await?;
            tell(index * TILE_WIDTH, size);
        }
        let expected = trunk.root(TileId { level: 0, index }).await?;
        jobs.spawn(bundle(source.clone(), Arc::clone(copy), index, expected));
    }
    while !jobs.is_empty() {
        done(&mut jobs, &mut filled).await?;
    }
    right_edge(source, copy, &trunk, &mut filled).await?;
    tell(size, size);
    Ok(filled)
}

/// The full tiles above level 0 that begin with this bundle, or that the copy has a part of.
async fn upper_tiles(
    copy: &Arc<Copy>,
    trunk: &mut Trunk,
    from: u64,
    bundle: u64,
    filled: &mut Filled,
) -> Result<(), MirrorError> {
    let size = trunk.edge().size();
    for level in 1..LEVELS {
        let below = u32::from((level - 1) * TILE_HEIGHT) + u32::from(TILE_HEIGHT);
        let id = TileId {
            level,
            index: bundle.checked_shr(below).unwrap_or(0),
        };
        let begins = id.index.checked_shl(below) == Some(bundle) || bundle == from / TILE_WIDTH;
        if !begins || id.end() > size {
            continue;
        }
        let path = TilePath::of_tile(id, size).expect("a full tile ends within the tree");
        let body = Hash::join(trunk.hashes(id).await?);
        filled.add(write(copy, path, body).await?);
    }
    Ok(())
}

/// A full bundle and its tile, as far as the copy does not have them.
async fn bundle(source: PatientSource, copy: Arc<Copy>, index: u64, expected: Hash) -> Result<Filled, MirrorError> {
    let mut filled = Filled::default();
    let id = TileId { level: 0, index };
    let full = (index + 1) * TILE_WIDTH;
    let tile_path = TilePath::of_tile(id, full).expect("the bundle is in the tree");
    let path = TilePath::of_bundle(index, full).expect("the bundle is in the tree");
    let leaves = match copied_tile(&copy, tile_path, expected).await? {
        Some(leaves) => leaves,
        None => {
            let tile = fetch_tile(&source, id, expected).await?;
            filled.add(write(&copy, tile_path, Hash::join(&tile.hashes)).await?);
            tile.hashes
        }
    };
    let leaves = Arc::new(leaves);
    if !is_copied(&copy, path, &leaves).await? {
        let body = source.file(&path).await?;
        check_leaves(&path, &body, &leaves).map_err(TileError::from)?;
        filled.add(write(&copy, path, body).await?);
    }
    Ok(filled)
}

/// The partial tiles, which are known, and the bundle that is not full.
async fn right_edge(
    source: &PatientSource,
    copy: &Arc<Copy>,
    trunk: &Trunk,
    filled: &mut Filled,
) -> Result<(), MirrorError> {
    let size = trunk.edge().size();
    let signed = trunk.edge().row(0);
    if !signed.is_empty() {
        let path = TilePath::of_bundle(size / TILE_WIDTH, size).expect("its leaves are in the tree");
        if !is_copied(copy, path, &Arc::new(signed.to_vec())).await? {
            let body = source.file(&path).await?;
            check_leaves(&path, &body, signed).map_err(TileError::from)?;
            filled.add(write(copy, path, body).await?);
        }
    }
    for tile in trunk.edge().tiles() {
        let path = TilePath::of_tile(tile.id, size).expect("the edge is that of the tree");
        let body = Hash::join(&tile.hashes);
        let (reader, other) = (Arc::clone(copy), path);
        let copied = blocking(move || reader.read(&other)).await?;
        if copied.as_ref() != Some(&body) {
            filled.add(write(copy, path, body).await?);
        }
    }
    Ok(())
}

/// The hashes of a tile that the copy has, if it is the one that is due.
async fn copied_tile(copy: &Arc<Copy>, path: TilePath, expected: Hash) -> Result<Option<Vec<Hash>>, MirrorError> {
    let copy = Arc::clone(copy);
    blocking(move || {
        let body = copy.read(&path)?;
        let hashes = body.and_then(|body| Hash::split(&body).ok());
        Ok(hashes.filter(|hashes| Tile::root_of(hashes) == Ok(expected)))
    })
    .await
}

/// Whether the copy has the bundle with these leaf hashes.
async fn is_copied(copy: &Arc<Copy>, path: TilePath, leaves: &Arc<Vec<Hash>>) -> Result<bool, MirrorError> {
    let (copy, leaves) = (Arc::clone(copy), Arc::clone(leaves));
    blocking(move || {
        let body = copy.read(&path)?;
        Ok(body.is_some_and(|body| bundle_leaves(&path, &body).is_ok_and(|found| found == *leaves)))
    })
    .await
}

async fn write(
    copy: &Arc<Copy>,
    path: TilePath,
    body: impl AsRef<[u8]> + Send + 'static,
) -> Result<Filled, MirrorError> {
    let copy = Arc::clone(copy);
    blocking(move || {
        copy.write(&path, body.as_ref())?;
        let bytes = body.as_ref().len() as u64;
        Ok(Filled { files: 1, bytes })
    })
    .await
}

/// Waits for one of the jobs. If it failed, the others are given up when the set is dropped.
async fn done(jobs: &mut JoinSet<Result<Filled, MirrorError>>, filled: &mut Filled) -> Result<(), MirrorError> {
    match jobs.join_next().await {
        Some(Ok(result)) => filled.add(result?),
        Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        None => {}
    }
    Ok(())
}

impl Filled {
    fn add(&mut self, more: Filled) {
        self.files += more.files;
        self.bytes += more.bytes;
    }
}

/// Levels of tiles that a tree can have.
const LEVELS: u8 = 8;
