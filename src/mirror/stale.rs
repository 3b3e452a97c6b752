//! Partial tiles and bundles of heads that are no longer shown.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use indelible_merkle::{TILE_WIDTH, TileEdge, TilePath, TreeHead};

use super::MirrorError;
use super::copy::{Copy, at};

/// The partial files that are needed: those of the new head, and those of the head before that have no full one to take their place,
/// for readers who have just read its checkpoint.
pub(super) fn needed(before: Option<TreeHead>, new: TreeHead) -> BTreeSet<TilePath> {
    let before = before.map_or(0, |head| head.size);
    let waiting = partials(before)
        .into_iter()
        .filter(|path| !path.to_full().is_within(new.size));
    partials(new.size).into_iter().chain(waiting).collect()
}

/// Removes the partial files of these heads that are not to be kept.
pub(super) fn remove_of(
    copy: &Copy,
    heads: impl IntoIterator<Item = Option<TreeHead>>,
    keep: &BTreeSet<TilePath>,
) -> Result<(), MirrorError> {
    for path in heads.into_iter().flatten().flat_map(|head| partials(head.size)) {
        if !keep.contains(&path) {
            copy.remove(&copy.place(&path))?;
        }
    }
    Ok(())
}

/// Removes all partial files that are not to be kept: an interrupted process may have left some of any head.
pub(super) fn remove_all(copy: &Copy, keep: &BTreeSet<TilePath>) -> Result<(), MirrorError> {
    let keep: BTreeSet<PathBuf> = keep.iter().map(|path| copy.place(path)).collect();
    let mut folders = vec![copy.folder().join("tile")];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(at(&folder))?,
        };
        let holds_partials = folder.extension().is_some_and(|extension| extension == "p");
        for entry in entries {
            let entry = entry.map_err(at(&folder))?;
            let path = entry.path();
            if entry.file_type().map_err(at(&path))?.is_dir() {
                folders.push(path);
            } else if holds_partials && !keep.contains::<Path>(&path) {
                copy.remove(&path)?;
            }
        }
    }
    Ok(())
}

/// The partial files of a tree.
fn partials(size: u64) -> Vec<TilePath> {
    let bundle = TilePath::of_bundle(size / TILE_WIDTH, size);
    TileEdge::paths(size).into_iter().chain(bundle).collect()
}
