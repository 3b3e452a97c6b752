//! What the disk allows: as many bytes appended to a plain file that grows, and synced, as the log would write of raw entries.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::stats::{Done, Load};

/// Appends `bytes` and syncs, again and again for as long as `length` but at most `times_max` times, to a file in `folder` that is
/// removed afterwards. Blocks.
pub(super) fn append_and_sync(folder: &Path, bytes: usize, times_max: u64, length: Duration) -> io::Result<Load> {
    let path = folder.join("floor");
    let written = write(&path, bytes, times_max, length);
    std::fs::remove_file(&path)?;
    written
}

fn write(path: &Path, bytes: usize, times_max: u64, length: Duration) -> io::Result<Load> {
    let mut file = File::create_new(path)?;
    let bytes = vec![0xa5; bytes];
    let begin = Instant::now();
    let mut done = Vec::new();
    let mut began = begin;
    for _ in 0..times_max {
        if began - begin >= length {
            break;
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        let ended = Instant::now();
        done.push(Done::new(ended - begin, ended - began));
        began = ended;
    }
    Ok(Load::within(&done, Duration::ZERO, began - begin))
}
