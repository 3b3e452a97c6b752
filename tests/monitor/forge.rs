//! A log that exists only in memory, with all its files at every size: what an honest server of it would serve, to be changed.

use std::path::Path;

use indelible_merkle::{CompactRange, Growth, Hash, NodeId, TILE_WIDTH, TileContent, TilePath, TreeHead, bundle};
use indelible_note::{SignedCheckpoint, SigningKey, Verified, sign_checkpoint};

pub(crate) struct Forge {
    pub(crate) key: SigningKey,
    entries: Vec<String>,
    growth: Growth,
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed("forged.example/log".parse().unwrap(), [7; 32])
}

impl Forge {
    /// The history called so, of `size` entries. Two histories are different from the entry `fork` on.
    pub(crate) fn new(history: &str, fork: u64, size: u64) -> Forge {
        let entry = |index| {
            let history = if index < fork { "both" } else { history };
            format!("{history} {index}")
        };
        let entries: Vec<String> = (0..size).map(entry).collect();
        let leaves = entries.iter().map(|entry| Hash::leaf(entry.as_bytes()));
        Forge {
            key: key(),
            growth: CompactRange::new().extend(leaves.collect()),
            entries,
        }
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        let mut tree = CompactRange::new();
        tree.extend(self.growth.leaves()[..usize::try_from(size).unwrap()].to_vec());
        tree.head()
    }

    pub(crate) fn checkpoint(&self, size: u64) -> Verified<SignedCheckpoint> {
        sign_checkpoint(self.head(size), &self.key)
    }

    /// The body of a path (without the slash in front), as a tree of `size` entries has it.
    pub(crate) fn file(&self, path: &str, size: u64) -> Option<Vec<u8>> {
        if path == "checkpoint" {
            return Some(self.checkpoint(size).note_bytes().to_vec());
        }
        let path: TilePath = path.parse().ok()?;
        if !path.is_within(size) {
            return None;
        }
        let first = path.index() * TILE_WIDTH;
        let places = first..first + path.width();
        Some(match path.content() {
            TileContent::Entries => {
                bundle::encode(places.map(|index| &self.entries[usize::try_from(index).unwrap()])).unwrap()
            }
            TileContent::Hashes { level } => {
                let level = level * 8;
                let hashes = places.map(|index| self.growth.node(NodeId { level, index }).unwrap());
                Hash::join(&hashes.collect::<Vec<_>>())
            }
        })
    }

    /// Writes all files of a tree of `size` entries into a folder, beside those that are there.
    pub(crate) fn publish(&self, folder: &Path, size: u64) {
        let paths = TilePath::all(size).map(|path| path.to_string());
        for path in paths.chain(["checkpoint".to_owned()]) {
            let file = folder.join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, self.file(&path, size).unwrap()).unwrap();
        }
    }
}
