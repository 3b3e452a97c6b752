//! Small homes in temporary directories.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use indelible_store::objects::{Key, Options, SledObjects};

/// Options with small volumes and room for `open_volumes_max` older ones.
pub(crate) fn small(volume_entries: u64, open_volumes_max: usize) -> Options {
    Options {
        volume_entries,
        cache_bytes: 8 << 20,
        pages_bytes: 8 << 20,
        tile_pages_bytes: 8 << 20,
        open_volumes_max,
    }
}

pub(crate) fn create(dir: &Path, options: &Options) -> SledObjects {
    SledObjects::create(&dir.join("tree.sled"), *options).unwrap()
}

pub(crate) fn open(dir: &Path, options: &Options) -> SledObjects {
    SledObjects::open(&dir.join("tree.sled"), *options).unwrap()
}

pub(crate) fn run(first: u64) -> Key {
    Key::Entries { first }
}

pub(crate) fn tile(level: u8, index: u64) -> Key {
    Key::Tile { level, index }
}

/// Bytes that no other seed has, and that do not compress.
pub(crate) fn noise(seed: u64, bytes: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut words = std::iter::repeat_with(|| {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    let mut out = Vec::with_capacity(bytes + 8);
    while out.len() < bytes {
        out.extend_from_slice(&words.next().unwrap().to_le_bytes());
    }
    out.truncate(bytes);
    Bytes::from(out)
}

/// Copies a directory as it lies on disk at this moment, which is what a kill -9 would leave.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
