//! What a log at rest takes on the disk.

use crate::cmd::Failure;
use crate::cmd::bench::disk::usage;
use crate::cmd::bench::entries::ENTRY_BYTES;
use crate::cmd::bench::place::LogDir;
use crate::cmd::bench::stats::{Observation, count, mega, number};

/// Its journal and its object store, against the bytes of its entries.
pub(super) fn on_disk(log: &LogDir, entries: u64) -> Result<[Observation; 2], Failure> {
    let raw = number(entries) * count(ENTRY_BYTES) / 1e6;
    let journal = usage(&log.data.journal())?;
    let objects = usage(&log.data.tree())?;
    let journal = Observation::of(mega(journal.written)).with("allocated_mb", mega(journal.allocated));
    let objects = Observation::of(mega(objects.allocated)).with("apparent_mb", mega(objects.apparent));
    Ok([journal, objects].map(|taken| taken.against(raw).with("entries", number(entries))))
}
