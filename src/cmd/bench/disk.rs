//! What files take on the disk.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The bytes of a folder's files, however deep.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// By their lengths.
    pub(super) apparent: u64,
    /// By the blocks that they have.
    pub(super) allocated: u64,
    /// By their lengths, without the zeros at the end of the file whose name comes last: what is allocated there ahead of being
    /// written does not grow with the log.
    pub(super) written: u64,
}

/// Adds up a folder.
pub(super) fn usage(folder: &Path) -> io::Result<Usage> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut usage = Usage::default();
    for path in &files {
        let metadata = fs::metadata(path)?;
        usage.apparent += metadata.len();
        usage.allocated += metadata.blocks() * BLOCK_BYTES;
    }
    let unwritten = files.last().map_or(Ok(0), |last| zeros_at_end(last))?;
    usage.written = usage.apparent - unwritten;
    Ok(usage)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => collect(&entry.path(), files)?,
            false => files.push(entry.path()),
        }
    }
    Ok(())
}

fn zeros_at_end(path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(CHUNK_BYTES as u64);
        let chunk = &mut buffer[..usize::try_from(end - start).expect("a chunk's length")];
        file.read_exact_at(chunk, start)?;
        if let Some(last) = chunk.iter().rposition(|&byte| byte != 0) {
            return Ok(length - (start + last as u64 + 1));
        }
        end = start;
    }
    Ok(length)
}

/// The unit in which `stat` counts blocks, whatever those of the file system are.
const BLOCK_BYTES: u64 = 512;
const CHUNK_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_of_the_last_file_do_not_count_as_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/1"), [0; 100]).unwrap();
        let mut last = vec![7; 10];
        last.resize(3 * CHUNK_BYTES, 0);
        fs::write(folder.path().join("b"), last).unwrap();
        let usage = usage(folder.path()).unwrap();
        assert_eq!((usage.apparent, usage.written), (100 + 3 * CHUNK_BYTES as u64, 110));
        assert!(usage.allocated > 0);
    }
}
