//! What processes do to a disk, and what they tell the world.

use std::collections::HashMap;

use crate::disk::{Disk, Sync};

/// What happened, in order.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    MakeFolder(String),
    Open {
        path: String,
        made: bool,
        emptied: bool,
    },
    Write {
        path: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Cut {
        path: String,
        length: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove(String),
    /// `call` tells which end belongs to it.
    BeginSync {
        path: String,
        call: usize,
    },
    EndSync {
        path: String,
        call: usize,
    },
    /// The sync ends, but has done nothing.
    ForgetSync {
        call: usize,
    },
    /// A signed head begins to leave the process: from now on somebody may know it.
    Told(Told),
    /// The process has ended; what it left in the page cache stays there.
    Ended,
}

/// A head that somebody may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) size: u64,
    /// The text of its note: origin, size, root.
    pub(crate) text: String,
}

/// A disk on which steps happen.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    pub(crate) disk: Disk,
    /// The largest head that anybody may know.
    pub(crate) told: u64,
    syncs: HashMap<usize, Sync>,
}

impl Step {
    /// Without the bytes.
    pub(crate) fn in_short(&self) -> String {
        match self {
            Step::Write { path, offset, bytes } => format!("{} bytes at {offset} of {path}", bytes.len()),
            Step::Told(head) => format!("told the head of {}", head.size),
            other => format!("{other:?}"),
        }
    }
}

impl Replay {
    /// Begins with what is on `disk`, and a head of `told` entries that somebody may know.
    pub(crate) fn on(disk: Disk, told: u64) -> Replay {
        Replay {
            disk,
            told,
            syncs: HashMap::new(),
        }
    }

    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::MakeFolder(path) => self.disk.make_folder(path),
            Step::Open { path, made, emptied } => self.disk.open(path, *made, *emptied),
            Step::Write { path, offset, bytes } => self.disk.write(path, *offset, bytes),
            Step::Cut { path, length } => self.disk.cut(path, *length),
            Step::Rename { from, to } => self.disk.rename(from, to),
            Step::Remove(path) => self.disk.remove(path),
            Step::BeginSync { path, call } => {
                self.syncs.insert(*call, self.disk.begin_sync(path));
            }
            Step::EndSync { call, .. } => {
                let sync = self.syncs.remove(call).expect("what ends has begun");
                self.disk.end_sync(sync);
            }
            Step::ForgetSync { call } => drop(self.syncs.remove(call).expect("what ends has begun")),
            Step::Told(head) => self.told = self.told.max(head.size),
            // A sync that was killed promises nothing.
            Step::Ended => self.syncs.clear(),
        }
    }
}
