//! The journal's end: the last segment is read, nothing else.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use indelible_event::Leaf;
use indelible_note::KeyChain;
use indelible_store::journal::{FramePlace, Kind, StoredFrames};

use super::super::facts::JournalEnd;
use crate::data::DataDir;

pub(super) fn end(data: &DataDir, keys: &KeyChain, rests: bool) -> Result<JournalEnd, String> {
    let mut found = look(&data.journal(), keys)?;
    // A frame that is being written does not hold yet.
    let mut tries = if rests { 0 } else { TRIES };
    while found.broken.is_some() && tries > 0 {
        std::thread::sleep(PAUSE);
        found = look(&data.journal(), keys)?;
        tries -= 1;
    }
    Ok(found)
}

fn look(journal: &Path, keys: &KeyChain) -> Result<JournalEnd, String> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", journal.display());
    let mut segments = segments(journal).map_err(|error| said(&error))?;
    let last = segments.pop().ok_or_else(|| said(&"there is no segment"))?;
    let mut end = read(journal, last, keys).map_err(|error| said(&error))?;
    // A segment that has just been begun may have no head yet.
    while end.size == 0 && end.broken.is_none() {
        let Some(before) = segments.pop() else { break };
        let found = read(journal, before, keys).map_err(|error| said(&error))?;
        end = JournalEnd {
            written: end.written,
            ..found
        };
    }
    Ok(end)
}

fn segments(journal: &Path) -> std::io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(journal)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "seg") {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            numbers.extend(stem.and_then(|stem| stem.parse::<u32>().ok()));
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn read(journal: &Path, segment: u32, keys: &KeyChain) -> Result<JournalEnd, Box<dyn std::error::Error>> {
    let mut frames = StoredFrames::open_at(journal, FramePlace { segment, offset: 0 })?;
    let mut end = JournalEnd {
        written: written(journal, segment)?,
        ..JournalEnd::default()
    };
    loop {
        let frame = match frames.read_next() {
            Ok(Some(stored)) => stored.frame().cloned(),
            Ok(None) => return Ok(end),
            Err(error) => {
                end.broken = Some(error.to_string());
                return Ok(end);
            }
        };
        let Some(frame) = frame.filter(|frame| frame.kind == Kind::Commit) else {
            continue;
        };
        match keys.open_checkpoint(&frame.note) {
            Ok(head) => end.size = head.head().size,
            Err(error) => {
                end.broken = Some(error.to_string());
                return Ok(end);
            }
        }
        let leaf = frame
            .records
            .last()
            .and_then(|record| Leaf::parse(record.entry.clone()).ok());
        end.received = leaf.map(|leaf| leaf.received().start().as_second()).or(end.received);
    }
}

/// When the segment's file was written last.
fn written(journal: &Path, segment: u32) -> std::io::Result<i64> {
    for entry in fs::read_dir(journal)? {
        let entry = entry?;
        let stem = entry
            .path()
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse::<u32>().ok());
        if stem == Some(segment) {
            return Ok(entry.metadata()?.mtime());
        }
    }
    Err(std::io::ErrorKind::NotFound.into())
}

const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
