//! The directory of segment files: their names, and how one comes into being.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::journal::JournalError;

/// What a directory holds.
pub(super) struct Listing {
    /// The numbers of the segments, ascending.
    pub(super) segments: Vec<u32>,
    /// Files that were to become segments and did not.
    pub(super) leftovers: Vec<PathBuf>,
}

/// What is in `directory`; nothing if it does not exist. Files of other names are none of our business.
pub(super) fn list(directory: &Path) -> Result<Listing, JournalError> {
    let mut listing = Listing {
        segments: Vec::new(),
        leftovers: Vec::new(),
    };
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
        entries => entries.map_err(failed("list", directory))?,
    };
    for entry in entries {
        let path = entry.map_err(failed("list", directory))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if let Some(number) = name.strip_suffix(SUFFIX).and_then(number) {
            listing.segments.push(number);
        } else if name
            .strip_suffix(NEW)
            .and_then(|name| name.strip_suffix(SUFFIX))
            .and_then(number)
            .is_some()
        {
            listing.leftovers.push(path);
        }
    }
    listing.segments.sort_unstable();
    Ok(listing)
}

/// The file of a segment.
pub(super) fn path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:08}{SUFFIX}"))
}

/// Makes a segment that holds `bytes`, its first frame; durable when it returns.
pub(super) fn give_birth(directory: &Path, number: u32, bytes: &[u8]) -> Result<File, JournalError> {
    let path = path(directory, number);
    let mut new = path.clone().into_os_string();
    new.push(NEW);
    let new = PathBuf::from(new);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&new)
        .map_err(failed("create", &new))?;
    file.write_all_at(bytes, 0).map_err(failed("write to", &new))?;
    file.sync_data().map_err(failed("sync", &new))?;
    // The frame is on disk under a name that nobody reads: whoever opens the journal now removes the file.
    fs::rename(&new, &path).map_err(failed("rename", &new))?;
    sync_directory(directory)?;
    Ok(file)
}

/// Makes names in `directory` durable.
pub(super) fn sync_directory(directory: &Path) -> Result<(), JournalError> {
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(failed("sync", directory))
}

/// Overwrites with zeros. Not durable yet.
pub(super) fn write_zeros(file: &File, mut offset: u64, mut bytes: u64) -> io::Result<()> {
    let zeros = vec![0; usize::try_from(bytes.min(ZEROS_AT_ONCE_BYTES)).expect("at most 1 MiB")];
    while bytes > 0 {
        let now = bytes.min(ZEROS_AT_ONCE_BYTES);
        file.write_all_at(&zeros[..usize::try_from(now).expect("at most 1 MiB")], offset)?;
        offset += now;
        bytes -= now;
    }
    Ok(())
}

/// Turns what the system said into an error that names file and action.
pub(super) fn failed(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> JournalError {
    move |source| JournalError::Io {
        action,
        file: file.to_owned(),
        source,
    }
}

fn number(digits: &str) -> Option<u32> {
    let plain = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().expect("eight digits are below 2^32"))
}

/// What eight decimal digits can name: 10^8 segments of 256 MiB are 23 PiB.
pub(super) const SEGMENTS_MAX: u32 = 100_000_000;

const SUFFIX: &str = ".seg";
const NEW: &str = ".new";
const ZEROS_AT_ONCE_BYTES: u64 = 1 << 20;
