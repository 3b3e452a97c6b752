//! The end of a journal that is being opened: found, judged, and made durable before anybody sees it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::segment::{self, failed, write_zeros};
use super::survey::{Stand, Survey, Trail, earlier, survey};
use super::window::Window;
use crate::journal::codec::{Role, SECTOR_BYTES, Seal, complete, decode, decode_genesis};
use crate::journal::ending::{Ending, Tail, Whole};
use crate::journal::{JournalError, Reason};

/// The rest of an interrupted append. It was never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment file.
    pub file: PathBuf,
    /// The byte in it where the frame was to begin, and where the journal now ends.
    pub offset: u64,
    /// How far what was left of it went.
    pub bytes: u64,
}

/// How a journal ends.
pub(super) struct End {
    /// The last frame.
    pub(super) last: Stand,
    /// What was behind it.
    pub(super) cut: Option<Cut>,
    whole: Whole,
    trail: Trail,
}

/// Looks at the last segment and decides where the journal ends.
pub(super) fn find(directory: &Path, number: u32, seal: Seal) -> Result<End, JournalError> {
    let Survey {
        mut window,
        trail,
        before,
    } = survey(directory, number, seal)?;
    let last = trail.last;
    match whole(&window, last)? {
        Ok(whole) => {
            let tail = Tail::behind_whole(last.end(), seal);
            let cut = judge(&mut window, last.end(), tail)?;
            Ok(End {
                last,
                cut,
                whole,
                trail,
            })
        }
        Err(reason) => {
            // The first frame of a segment was synced before the segment had its name.
            let Some(trail) = before else {
                return Err(window.damaged(last.offset, reason));
            };
            let tail = Tail::of_broken(last.header, reason, last.offset, seal);
            let cut = judge(&mut window, last.offset, tail)?;
            let last = trail.last;
            let whole = whole(&window, last)?.map_err(|reason| window.damaged(last.offset, reason))?;
            Ok(End {
                last,
                cut,
                whole,
                trail,
            })
        }
    }
}

/// The last frame that is no closing record, and the note of the last commit (or of the genesis).
pub(super) fn look_back(directory: &Path, end: &End, seal: Seal) -> Result<(Stand, Bytes), JournalError> {
    let mut trail = end.trail;
    // Segment 0 has the genesis, which counts as both.
    let (active, commit) = loop {
        if let (Some(active), Some(commit)) = (trail.active, trail.commit) {
            break (active, commit);
        }
        trail = trail.behind(earlier(directory, &trail.first, seal)?);
    };
    let window = Window::open(segment::path(directory, active.segment))?;
    // What stands in front of a closing record was synced before it: nothing of it can be missing, and nothing blanked.
    whole(&window, active)?.map_err(|reason| window.damaged(active.offset, reason))?;
    Ok((active, read_note(directory, commit)?))
}

/// Writes the last frame again, and zeros behind it where something was cut off. Returns its file and the length of that.
pub(super) fn make_durable(directory: &Path, end: &End) -> Result<(File, u64), JournalError> {
    let path = segment::path(directory, end.last.segment);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(failed("open", &path))?;
    // A killed process leaves the frame in the page cache only, and after an I/O error the kernel forgets that it never
    // reached the disk. The same bytes in the same place: whatever part of them arrives, nothing changes.
    file.write_all_at(end.whole.bytes(), end.last.offset)
        .map_err(failed("write to", &path))?;
    let length = file
        .metadata()
        .map_err(failed("look at", &path))?
        .len()
        .next_multiple_of(SECTOR_BYTES as u64);
    if end.cut.is_some() {
        // If only some of these zeros arrive, even fewer sectors of the tear are left, and it is cut off at the next start.
        write_zeros(&file, end.last.end(), length - end.last.end()).map_err(failed("write to", &path))?;
    }
    file.sync_data().map_err(failed("sync", &path))?;
    // The segment's name, too, may have been in memory only.
    segment::sync_directory(directory)?;
    Ok((file, length))
}

fn whole(window: &Window, stand: Stand) -> Result<Result<Whole, Reason>, JournalError> {
    let stored = window.piece(stand.offset, stand.header.padded())?;
    Ok(Whole::check(&stand.header, stored))
}

/// The note of a frame in which attachments may be blanked.
fn read_note(directory: &Path, stand: Stand) -> Result<Bytes, JournalError> {
    let window = Window::open(segment::path(directory, stand.segment))?;
    let stored = window.piece(stand.offset, stand.header.padded())?;
    let note = complete(&stand.header, stored).and_then(|bytes| match stand.header.role {
        Role::Genesis => decode_genesis(&stand.header, &bytes).map(|genesis| genesis.note),
        Role::Frame(_) => decode(&stand.header, &bytes).map(|decoded| decoded.frame.note),
    });
    // A copy, so that a note of some hundred bytes does not keep its frame in memory.
    note.map(|note| Bytes::copy_from_slice(&note))
        .map_err(|reason| window.damaged(stand.offset, reason))
}

/// The verdict over all that stands from `begin` on.
fn judge(window: &mut Window, begin: u64, mut tail: Tail) -> Result<Option<Cut>, JournalError> {
    window.for_each_piece(begin, |piece| tail.take(piece))?;
    match tail.ending() {
        Ending::Clean => Ok(None),
        Ending::Torn { bytes } => Ok(Some(Cut {
            file: window.path().to_owned(),
            offset: begin,
            bytes,
        })),
        Ending::Damaged { offset, reason } => Err(window.damaged(offset, reason)),
    }
}
