//! Logs in folders, made by the definitions of C2SP tlog-tiles with the log's own key, so that they can also be logs that lie.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{SigningKey, sign_checkpoint};

/// The key of all logs here: what one of them signs, all of them seem to have signed.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed("static.example/log".parse().unwrap(), [7; 32])
}

pub(crate) fn vkey() -> String {
    key().verifier().to_string()
}

/// Entry `index`: lengths from 0 on, and all different but the empty ones.
pub(crate) fn entry(index: u64) -> Vec<u8> {
    match index % 7 {
        0 => Vec::new(),
        _ => format!("entry number {index}").into_bytes(),
    }
}

/// All entries of a log.
#[derive(Clone)]
pub(crate) struct StaticLog {
    entries: Vec<Vec<u8>>,
}

impl StaticLog {
    pub(crate) fn of(size: u64) -> StaticLog {
        StaticLog {
            entries: (0..size).map(entry).collect(),
        }
    }

    /// Another history: this entry is another one.
    pub(crate) fn with(mut self, index: usize, entry: &str) -> StaticLog {
        self.entries[index] = entry.into();
        self
    }

    pub(crate) fn head(&self) -> TreeHead {
        let leaves: Vec<Hash> = self.entries.iter().map(|entry| Hash::leaf(entry)).collect();
        TreeHead {
            size: leaves.len() as u64,
            root: root(&leaves),
        }
    }

    pub(crate) fn checkpoint(&self) -> String {
        signed(self.head())
    }

    /// Every file, by its path.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::from([("checkpoint".to_owned(), self.checkpoint().into_bytes())]);
        for (tile, entries) in self.entries.chunks(256).enumerate() {
            let parts = entries
                .iter()
                .map(|entry| [&u16::try_from(entry.len()).unwrap().to_be_bytes()[..], entry].concat());
            files.insert(path("entries", tile, entries.len()), parts.collect::<Vec<_>>().concat());
        }
        let mut row: Vec<Hash> = self.entries.iter().map(|entry| Hash::leaf(entry)).collect();
        for level in 0.. {
            for (tile, hashes) in row.chunks(256).enumerate() {
                files.insert(path(&level.to_string(), tile, hashes.len()), Hash::join(hashes));
            }
            if row.len() < 256 {
                break;
            }
            row = row.chunks_exact(256).map(root).collect();
        }
        files
    }

    /// Writes all of them into a folder, which is made, over what is there.
    pub(crate) fn write(&self, folder: &Path) {
        for (path, body) in self.files() {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, body).unwrap();
        }
    }
}

pub(crate) fn signed(head: TreeHead) -> String {
    sign_checkpoint(head, &key()).note().as_str().to_owned()
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

pub(crate) fn path(kind: &str, tile: usize, width: usize) -> String {
    let number = match tile {
        0..1_000 => format!("{tile:03}"),
        _ => format!("x{:03}/{:03}", tile / 1_000, tile % 1_000),
    };
    match width {
        256 => format!("tile/{kind}/{number}"),
        _ => format!("tile/{kind}/{number}.p/{width}"),
    }
}

/// The files below a folder that are not hidden, by their paths.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            if entry.file_name().to_str().unwrap().starts_with('.') {
                continue;
            }
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(path),
                false => drop(files.insert(path.to_str().unwrap().to_owned(), fs::read(entry.path()).unwrap())),
            }
        }
    }
    files
}

/// Compares without printing megabytes.
pub(crate) fn assert_same_files(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, what: &str) {
    let missing: Vec<_> = expected.keys().filter(|path| !found.contains_key(*path)).collect();
    let surplus: Vec<_> = found.keys().filter(|path| !expected.contains_key(*path)).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{what}: missing {missing:?}, surplus {surplus:?}"
    );
    for (path, body) in expected {
        assert!(found[path] == *body, "{what}: {path} has other bytes");
    }
}
