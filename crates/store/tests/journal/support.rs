//! What the tests append, and segment files as bytes that can be spoilt.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indelible_store::journal::codec::{Chain, Seal, encode, encode_genesis};
use indelible_store::journal::{
    FileJournal, Frame, Genesis, Journal, JournalError, Kind, Opened, Options, Record, Replayed,
};
use tempfile::TempDir;

pub(crate) const SECTOR: usize = 512;

/// A directory for many short syncs: in memory where the system has such a place.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    directory.expect("a temporary directory can be made")
}

pub(crate) fn genesis() -> Genesis {
    Genesis {
        seed: *b"sixteen bytes..!",
        description: Bytes::from_static(b"test"),
        note: Bytes::from_static(b"empty tree"),
    }
}

pub(crate) fn record(entry: &[u8]) -> Record {
    Record {
        entry: Bytes::copy_from_slice(entry),
        attachments: Vec::new(),
    }
}

pub(crate) fn commit(first: u64, records: Vec<Record>) -> Frame {
    Frame {
        kind: Kind::Commit,
        first,
        records,
        note: Bytes::from(format!("head behind {first}")),
    }
}

pub(crate) fn closing(first: u64) -> Frame {
    Frame {
        kind: Kind::Closing,
        first,
        records: Vec::new(),
        note: Bytes::new(),
    }
}

pub(crate) fn key_change(first: u64) -> Frame {
    Frame {
        kind: Kind::KeyChange,
        first,
        records: Vec::new(),
        note: Bytes::from_static(b"from one key to another"),
    }
}

pub(crate) fn segment(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:08}.seg"))
}

/// A journal of one segment that holds `frames`: the segment's bytes, and where each frame and the end is.
pub(crate) struct Image {
    pub(crate) bytes: Vec<u8>,
    pub(crate) offsets: Vec<usize>,
}

/// Made by the codec alone: the writer begins a new segment for each key change, and readers take it wherever it stands.
pub(crate) fn image(frames: &[Frame]) -> Image {
    let (mut bytes, mut buffer) = (Vec::new(), Vec::new());
    let header = encode_genesis(&genesis(), &mut bytes).expect("the test's genesis is sound");
    let mut chain = Chain::behind(&header, Seal::of(&genesis().seed));
    let mut offsets = Vec::new();
    for frame in frames {
        offsets.push(bytes.len());
        let header = encode(frame, &chain, &mut buffer).expect("the test's frames are sound");
        bytes.extend_from_slice(&buffer);
        chain = Chain::behind(&header, chain.seal);
    }
    offsets.push(bytes.len());
    // Two sectors of the zeros behind it are as good as hundreds.
    bytes.resize(bytes.len() + 2 * SECTOR, 0);
    Image { bytes, offsets }
}

/// A directory that is given one segment after the other to open.
pub(crate) struct Disk {
    home: TempDir,
}

impl Disk {
    pub(crate) fn new() -> Disk {
        Disk { home: directory() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    /// Opens a journal whose only segment is `bytes`.
    pub(crate) fn open(&self, bytes: &[u8]) -> Result<(FileJournal, Opened), JournalError> {
        fs::write(segment(self.path(), 0), bytes).expect("the image can be written");
        FileJournal::open(self.path(), Options::default())
    }
}

pub(crate) fn replay(journal: &impl Journal) -> Result<Vec<Replayed>, JournalError> {
    journal.replay(0)?.collect()
}

pub(crate) fn frames(journal: &impl Journal) -> Vec<Frame> {
    replay(journal)
        .expect("the journal is sound")
        .into_iter()
        .map(|replayed| replayed.frame)
        .collect()
}
