//! Every home of a journal passes the one suite.

use std::cell::Cell;
use std::path::PathBuf;

use indelible_store::journal::conformance::{self, Home};
use indelible_store::journal::{FileJournal, Genesis, Journal, MemoryJournal, Opened, Options};
use tempfile::TempDir;

struct Memory;

impl Home for Memory {
    type Journal = MemoryJournal;

    fn create(&self, genesis: &Genesis) -> MemoryJournal {
        MemoryJournal::new(genesis.clone())
    }

    fn reopen(&self, journal: MemoryJournal) -> MemoryJournal {
        journal
    }
}

struct Files {
    directory: TempDir,
    journals: Cell<u32>,
    options: Options,
}

impl Files {
    fn new(options: Options) -> Files {
        Files {
            directory: TempDir::new().expect("a temporary directory can be made"),
            journals: Cell::new(0),
            options,
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join(format!("journal-{}", self.journals.get()))
    }
}

impl Home for Files {
    type Journal = FileJournal;

    fn create(&self, genesis: &Genesis) -> FileJournal {
        self.journals.set(self.journals.get() + 1);
        FileJournal::create(&self.path(), genesis, self.options).expect("the suite makes sound journals")
    }

    fn reopen(&self, journal: FileJournal) -> FileJournal {
        let (genesis, size) = (journal.genesis().clone(), journal.size());
        drop(journal);
        let (journal, opened) = FileJournal::open(&self.path(), self.options).expect("the suite makes sound journals");
        assert_eq!(opened, Opened::default(), "what was closed in order needs no repair");
        assert_eq!((journal.genesis(), journal.size()), (&genesis, size));
        journal
    }
}

#[test]
fn memory_passes() {
    conformance::check_all(&Memory);
}

#[test]
fn files_pass() {
    conformance::check_all(&Files::new(Options::default()));
}

/// Each frame in a segment of its own, and several in one: the seams between segments are where order is lost.
#[test]
fn files_of_small_segments_pass() {
    conformance::check_all(&Files::new(Options { segment_bytes: 512 }));
    conformance::check_all(&Files::new(Options { segment_bytes: 5000 }));
}
