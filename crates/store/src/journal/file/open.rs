//! Making a journal, and opening one: the end is found, judged, and made durable before anybody sees it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};

use bytes::Bytes;

use super::end::{self, Cut, End};
use super::segment::{self, failed};
use super::survey::Stand;
use super::window::Window;
use super::writer::{LastSegment, Writer, length_for, whole_sectors};
use super::{FileJournal, Options, Published};
use crate::journal::codec::{HEADER_BYTES, Header, Seal, complete, decode_genesis, encode_genesis};
use crate::journal::{Genesis, JournalError, Reason};

/// What opening a journal found and changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// What an interrupted append left in the last segment, overwritten with zeros.
    pub cut: Option<Cut>,
    /// Segments that an interrupted append did not finish, removed.
    pub removed: Vec<PathBuf>,
}

pub(super) fn create(directory: &Path, genesis: &Genesis, options: Options) -> Result<FileJournal, JournalError> {
    let listing = segment::list(directory)?;
    if !listing.segments.is_empty() {
        return Err(JournalError::Exists {
            directory: directory.to_owned(),
        });
    }
    let mut buffer = Vec::new();
    let header = encode_genesis(genesis, &mut buffer)?;
    let length = length_for(0, header.padded(), whole_sectors(options));
    buffer.resize(
        usize::try_from(length).expect("a frame of at most 128 MiB, or at most 512 KiB"),
        0,
    );

    match fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.map_err(failed("create", directory))?,
    }
    let parent = directory
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    segment::sync_directory(parent)?;
    // An empty directory: no journal, and none half made.
    remove(&listing.leftovers)?;
    let file = segment::give_birth(directory, 0, &buffer)?;

    let only = Stand {
        segment: 0,
        offset: 0,
        header,
    };
    let segment = LastSegment {
        file,
        length,
        last: only,
    };
    let writer = Writer::behind(segment, only, directory, options, Seal::of(&genesis.seed));
    Ok(journal(
        directory,
        genesis.clone(),
        writer,
        genesis.note.clone(),
        vec![0],
    ))
}

pub(super) fn open(directory: &Path, options: Options) -> Result<(FileJournal, Opened), JournalError> {
    let Examined {
        leftovers,
        genesis,
        starts,
        end,
        active,
        last_note,
    } = examine(directory)?;
    // Nothing was changed up to here: a journal that is refused stays as it was found.
    remove(&leftovers)?;
    let (file, length) = end::make_durable(directory, &end)?;
    let segment = LastSegment {
        file,
        length,
        last: end.last,
    };
    let writer = Writer::behind(segment, active, directory, options, Seal::of(&genesis.seed));
    let opened = Opened {
        cut: end.cut,
        removed: leftovers,
    };
    Ok((journal(directory, genesis, writer, last_note, starts), opened))
}

/// A journal that can be opened.
pub(super) struct Examined {
    leftovers: Vec<PathBuf>,
    genesis: Genesis,
    /// The index at which each segment begins.
    starts: Vec<u64>,
    end: End,
    /// The last frame that is no closing record.
    active: Stand,
    /// The note of the last commit.
    last_note: Bytes,
}

/// Whether a journal can be opened, and all that is needed for it. Changes nothing.
pub(super) fn examine(directory: &Path) -> Result<Examined, JournalError> {
    let listing = segment::list(directory)?;
    let Some(&number) = listing.segments.last() else {
        return Err(JournalError::Missing {
            directory: directory.to_owned(),
        });
    };
    if let Some((missing, _)) = (0..)
        .zip(&listing.segments)
        .find(|(expected, number)| expected != *number)
    {
        let file = segment::path(directory, missing);
        return Err(JournalError::Damaged {
            file,
            offset: 0,
            reason: Reason::Segment { number: missing },
        });
    }
    let genesis = read_genesis(directory)?;
    let seal = Seal::of(&genesis.seed);
    let starts = read_starts(directory, number, seal)?;
    let end = end::find(directory, number, seal)?;
    let (active, last_note) = end::look_back(directory, &end, seal)?;
    Ok(Examined {
        leftovers: listing.leftovers,
        genesis,
        starts,
        end,
        active,
        last_note,
    })
}

fn journal(directory: &Path, genesis: Genesis, writer: Writer, last_note: Bytes, starts: Vec<u64>) -> FileJournal {
    let published = Published {
        size: writer.size(),
        last_note,
        starts,
        end: writer.end(),
    };
    FileJournal {
        directory: directory.to_owned(),
        seal: Seal::of(&genesis.seed),
        genesis,
        published: RwLock::new(published),
        writer: Mutex::new(writer),
    }
}

pub(super) fn read_genesis(directory: &Path) -> Result<Genesis, JournalError> {
    let window = Window::open(segment::path(directory, 0))?;
    let front = window.piece(0, HEADER_BYTES as u64)?;
    let header = Header::parse(&front, Seal::of_genesis()).map_err(|reason| window.damaged(0, reason))?;
    let stored = window.piece(0, header.padded())?;
    complete(&header, stored)
        .and_then(|bytes| decode_genesis(&header, &bytes))
        .map_err(|reason| window.damaged(0, reason))
}

/// The index at which each segment begins.
fn read_starts(directory: &Path, last: u32, seal: Seal) -> Result<Vec<u64>, JournalError> {
    let mut starts = vec![0];
    for number in 1..=last {
        let window = Window::open(segment::path(directory, number))?;
        let front = window.piece(0, HEADER_BYTES as u64)?;
        let header = Header::parse(&front, seal).map_err(|reason| window.damaged(0, reason))?;
        let expected = *starts.last().expect("it begins with one");
        if header.first < expected {
            return Err(window.damaged(
                0,
                Reason::First {
                    first: header.first,
                    expected,
                },
            ));
        }
        starts.push(header.first);
    }
    Ok(starts)
}

fn remove(leftovers: &[PathBuf]) -> Result<(), JournalError> {
    leftovers
        .iter()
        .try_for_each(|file| fs::remove_file(file).map_err(failed("remove", file)))
}
