//! A last frame that is damaged, and the journal without it: found, shown to a person, and only then given up.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::open::{examine, read_genesis};
use super::segment::{self, failed, write_zeros};
use super::survey::{Stand, survey};
use super::walk::Walk;
use super::window::Window;
use crate::journal::codec::{Header, Role, SECTOR_BYTES, Seal, is_zero};
use crate::journal::ending::Whole;
use crate::journal::{JournalError, Kind, Reason};

/// What stands last in a journal and is damaged. It was synced, and may have been acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenEnd {
    /// The last segment.
    pub file: PathBuf,
    /// The byte in it where the damaged frame begins, and where the journal would end.
    pub offset: u64,
    /// How many bytes from there on are not zeros, in whole sectors: the frame, and closing records behind it.
    pub bytes: u64,
    /// What does not hold.
    pub reason: Reason,
    /// The index of its first entry: how many entries the journal would have.
    pub first: u64,
    /// How many entries it has; `None` if its header cannot be read.
    pub count: Option<u32>,
    directory: PathBuf,
}

/// Looks for a damaged last frame; `None` if the journal can be opened. Changes nothing.
///
/// # Errors
/// [`JournalError::Damaged`] where something else is damaged: then nothing can be given up without giving up what is whole.
pub(super) fn find(directory: &Path) -> Result<Option<BrokenEnd>, JournalError> {
    let (file, offset, reason) = match examine(directory) {
        Ok(_) => return Ok(None),
        Err(JournalError::Damaged { file, offset, reason }) => (file, offset, reason),
        Err(error) => return Err(error),
    };
    let number = segment::list(directory)?.segments.last().copied().unwrap_or_default();
    let found = match is_of_content(&reason) && file == segment::path(directory, number) {
        true => behind(directory, number, offset, &reason)?,
        false => None,
    };
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(JournalError::Damaged { file, offset, reason }),
    }
}

impl BrokenEnd {
    /// What would be given up, as it stands in the file.
    pub fn content(&self) -> Result<Vec<u8>, JournalError> {
        Ok(Window::open(self.file.clone())?
            .piece(self.offset, self.bytes)?
            .to_vec())
    }

    /// Gives it up: the journal ends in front of it. Durable when it returns.
    ///
    /// Overwrites it with zeros, or removes the segment if that begins with it.
    pub fn give_up(self) -> Result<(), JournalError> {
        if self.offset == 0 {
            fs::remove_file(&self.file).map_err(failed("remove", &self.file))?;
            return segment::sync_directory(&self.directory);
        }
        let file = OpenOptions::new()
            .write(true)
            .open(&self.file)
            .map_err(failed("open", &self.file))?;
        write_zeros(&file, self.offset, self.bytes).map_err(failed("write to", &self.file))?;
        // A crash up to here leaves less of a frame that was given up; whoever comes back finds it damaged still, or gone.
        file.sync_data().map_err(failed("sync", &self.file))
    }
}

/// Whether this can be said of bytes that were written and then lost, as against of a frame that another program wrote.
fn is_of_content(reason: &Reason) -> bool {
    match reason {
        Reason::Header
        | Reason::Body { .. }
        | Reason::Lengths
        | Reason::Padding
        | Reason::Attachment
        | Reason::BlankedLast
        | Reason::Short { .. }
        | Reason::Stray
        | Reason::Later { .. } => true,
        Reason::Kind { .. }
        | Reason::Reserved
        | Reason::Numbers { .. }
        | Reason::Chain { .. }
        | Reason::First { .. }
        | Reason::Segment { .. } => false,
    }
}

/// The damaged frame of segment `number`, if no other frame stands behind it and a whole one in front.
fn behind(directory: &Path, number: u32, damaged: u64, reason: &Reason) -> Result<Option<BrokenEnd>, JournalError> {
    let seal = Seal::of(&read_genesis(directory)?.seed);
    let mut window = Window::open(segment::path(directory, number))?;
    let stands = stands(directory, number, seal)?;
    let begin = match first_broken(&window, &stands)? {
        Some(stand) => stand.offset,
        // All that have a header are whole: what is damaged is the next header.
        None => stands.last().map_or(0, Stand::end),
    };
    let inner = stands.iter().filter(|stand| stand.offset < begin);
    let (last, active) = match (inner.clone().next_back(), number) {
        (Some(last), _) => (*last, inner.rev().find(|stand| !is_closing(&stand.header)).copied()),
        // It begins with the genesis: without that there is no log.
        (None, 0) => return Ok(None),
        (None, number) => {
            let earlier = survey(directory, number - 1, seal)?.trail;
            (earlier.last, earlier.active)
        }
    };
    let front_holds = match active {
        Some(active) => is_whole(&Window::open(segment::path(directory, active.segment))?, &active)?,
        None => true,
    };
    let used = used(&mut window, begin, seal)?;
    if !front_holds || damaged < begin || used.later_frame || used.bytes == 0 {
        return Ok(None);
    }
    Ok(Some(BrokenEnd {
        file: window.path().to_owned(),
        offset: begin,
        bytes: used.bytes,
        reason: reason.clone(),
        first: last.header.end(),
        count: stands
            .iter()
            .find(|stand| stand.offset == begin)
            .map(|stand| stand.header.count),
        directory: directory.to_owned(),
    }))
}

/// All frames of a segment that have a header, up to where none attaches.
fn stands(directory: &Path, number: u32, seal: Seal) -> Result<Vec<Stand>, JournalError> {
    let mut walk = Walk::begin(directory, number, seal)?;
    let mut stands = Vec::new();
    loop {
        match walk.next_header() {
            Ok(Some((offset, header))) => stands.push(Stand {
                segment: number,
                offset,
                header,
            }),
            Ok(None) | Err(JournalError::Damaged { .. }) => return Ok(stands),
            Err(error) => return Err(error),
        }
    }
}

/// The first that is not whole, among the last frame and the closing records behind it.
fn first_broken<'s>(window: &Window, stands: &'s [Stand]) -> Result<Option<&'s Stand>, JournalError> {
    let last = stands.iter().rposition(|stand| !is_closing(&stand.header)).unwrap_or(0);
    for stand in &stands[last..] {
        if !is_whole(window, stand)? {
            return Ok(Some(stand));
        }
    }
    Ok(None)
}

fn is_whole(window: &Window, stand: &Stand) -> Result<bool, JournalError> {
    let stored = window.piece(stand.offset, stand.header.padded())?;
    Ok(Whole::check(&stand.header, stored).is_ok())
}

fn is_closing(header: &Header) -> bool {
    header.role == Role::Frame(Kind::Closing)
}

/// What there is from some byte to the end of a segment.
struct Used {
    /// How many bytes, up to the last sector that is not zeros.
    bytes: u64,
    /// Whether, behind the first sector, a frame begins that is no closing record.
    later_frame: bool,
}

fn used(window: &mut Window, begin: u64, seal: Seal) -> Result<Used, JournalError> {
    let mut used = Used {
        bytes: 0,
        later_frame: false,
    };
    let mut at = begin;
    window.for_each_piece(begin, |piece| {
        for sector in piece.chunks(SECTOR_BYTES) {
            let offset = at;
            at += sector.len() as u64;
            if is_zero(sector) {
                continue;
            }
            used.bytes = at - begin;
            let is_frame = Header::genuine(sector, seal).is_some()
                && !Header::parse(sector, seal).is_ok_and(|header| is_closing(&header));
            used.later_frame |= offset > begin && is_frame;
        }
    })?;
    Ok(used)
}
