//! Logs of events: entries with attachments, and the tombstones of these tests.

use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{
    Ack, AppendError, Attached, AttachmentSet, Batch, Erased, Erasing, Erasure, Log, Reader, Settings, StartError,
    Tombstones,
};
use indelible_store::journal::{Attachment, Journal};
use indelible_store::objects::Objects;

use crate::support::{append, key};

/// A tombstone is the text `erase FIRST..END NUMBER,NUMBER; …`.
pub(crate) struct Words;

impl Tombstones for Words {
    fn erased_by(&self, _index: u64, entry: &[u8]) -> Vec<Erasure> {
        let Some(text) = std::str::from_utf8(entry)
            .ok()
            .and_then(|text| text.strip_prefix("erase "))
        else {
            return vec![];
        };
        let erasure = |part: &str| {
            let (range, numbers) = part.split_once(' ').unwrap();
            let (first, end) = range.split_once("..").unwrap();
            let (first, end) = (first.parse().unwrap(), end.parse().unwrap());
            Erasure {
                entries: first..end,
                attachments: numbers.split(',').map(|number| number.parse::<u8>().unwrap()).collect(),
            }
        };
        text.split("; ").map(erasure).collect()
    }
}

/// A tombstone, to be committed by itself.
pub(crate) fn tombstone(text: &str) -> Batch {
    let mut batch = Batch::default();
    batch
        .push_with(format!("erase {text}").into(), vec![Bytes::from("on whose word")])
        .unwrap();
    batch.apart()
}

/// What a start is told if the tombstones among the first so many entries were carried out.
pub(crate) fn carried_out(size: u64) -> Erasing {
    Erasing {
        tombstones: Arc::new(Words),
        carried_out: size,
    }
}

pub(crate) fn start_events(
    journal: Arc<dyn Journal>,
    objects: Arc<dyn Objects>,
    from: u64,
    settings: &Settings,
) -> Result<Log, StartError> {
    Log::start_with(Some(&carried_out(from)), journal, objects, key(), settings)
}

/// The attachments of event `index`: some have none, some twelve, one of each 50 a long one.
pub(crate) fn attachments(index: u64) -> Vec<Bytes> {
    let count = match index % 7 {
        0 => 0,
        1 => 1,
        _ => 12,
    };
    (0..count)
        .map(|number| match (index % 50, number) {
            (9, 5) => Bytes::from(format!("{index}/{number} ").repeat(20_000)),
            (_, 3) => Bytes::new(),
            _ => Bytes::from(format!(
                "attachment {number} of {index}, {}",
                "x".repeat((index % 90) as usize)
            )),
        })
        .collect()
}

pub(crate) fn event(index: u64) -> Bytes {
    format!("event {index} {}", "y".repeat((index % 700) as usize)).into()
}

/// Events in one batch.
pub(crate) fn events(indices: std::ops::Range<u64>) -> Batch {
    let mut batch = Batch::default();
    for index in indices {
        batch.push_with(event(index), attachments(index)).unwrap();
    }
    batch
}

/// Appends events in commits of this many.
pub(crate) fn append_events(
    log: &Log,
    indices: std::ops::Range<u64>,
    at_once: u64,
) -> Result<Option<Ack>, AppendError> {
    let mut last = None;
    for first in indices.clone().step_by(at_once as usize) {
        let end = (first + at_once).min(indices.end);
        last = Some(append(&log.appender(), events(first..end))?);
    }
    Ok(last)
}

/// What reading attachments must give if these are named.
pub(crate) fn expected(attachments: &[Bytes], named: AttachmentSet) -> Vec<Attachment> {
    let numbered = attachments.iter().enumerate();
    numbered
        .map(|(number, bytes)| match named.contains(number) {
            true => Attachment::Blanked,
            false => Attachment::Present(bytes.clone()),
        })
        .collect()
}

/// Reads all of a log in portions of at most so many bytes.
pub(crate) fn read_attached(reader: &Reader, bytes_max: usize) -> Vec<Attached> {
    let end = reader.head().size();
    let mut found = vec![];
    while (found.len() as u64) < end {
        found.extend(reader.attached(found.len() as u64, end, bytes_max).unwrap());
    }
    found
}

/// What the tombstones of these entries name.
pub(crate) fn named_by<'e>(entries: impl IntoIterator<Item = &'e Bytes>) -> Erased {
    let mut erased = Erased::default();
    for (index, entry) in (0..).zip(entries) {
        erased.take(index, entry, &Words);
    }
    erased
}
