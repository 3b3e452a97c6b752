//! The dishonest operator, who has root, the disk and the log's private key. What is done here is done to a copy.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use indelible_event::member::{Event, Member, Raw};
use indelible_event::{
    Disclosure, Leaf, MemberValue, RANDOM_BYTES, Salts, Sealed, Stored, StoredRaw, attachments, raw_attachment,
};
use indelible_log::{Batch, Description, Erasing, Log, Settings};
use indelible_merkle::TreeHead;
use indelible_note::{SigningKey, sign_checkpoint};
use indelible_store::journal::{FileJournal, Genesis, Journal, Kind, Options as JournalOptions, Record};
use indelible_store::objects::{Options as ObjectsOptions, SledObjects};

use super::story::{CULPRIT, SCAPEGOAT};
use crate::cmd::Failure;
use crate::data::DataDir;
use crate::trail::Tombstones;

/// Copies the log of `original` to `copy` with the entry at `index` forged, and every checksum made anew: a journal in which frame
/// follows frame without a flaw, and an empty object store, which a start fills from the journal. Only the signed heads are as
/// they were.
pub(super) fn rewrite(original: &DataDir, copy: &DataDir, index: u64) -> Result<(), Failure> {
    let (journal, _) = FileJournal::open(&original.journal(), JournalOptions::default())?;
    let forged = create(copy, journal.genesis())?;
    for replayed in journal.replay(0)? {
        let mut frame = replayed?.frame;
        for (record, at) in frame.records.iter_mut().zip(frame.first..) {
            if at == index {
                *record = forge(record)?;
            }
        }
        if frame.kind == Kind::Commit {
            forged.append(&frame)?;
        }
    }
    std::fs::copy(original.log_key(), copy.log_key())?;
    Ok(())
}

/// Makes a second log in `copy` with the entries of `original`, that at `index` forged, signed with the first one's key: all of it
/// holds, by itself.
pub(super) async fn sign_again(original: &DataDir, copy: &DataDir, key: &str, index: u64) -> Result<(), Failure> {
    let key: SigningKey = key.parse()?;
    let description = Description::new(indelible_log::Kind::Events, key.verifier());
    let genesis = Genesis {
        seed: [7; 16],
        description: description.to_string().into(),
        note: sign_checkpoint(TreeHead::EMPTY, &key).note().to_string().into(),
    };
    let mut batch = Batch::default();
    let (journal, _) = FileJournal::open(&original.journal(), JournalOptions::default())?;
    for replayed in journal.replay(0)? {
        let frame = replayed?.frame;
        for (record, at) in frame.records.into_iter().zip(frame.first..) {
            let record = if at == index { forge(&record)? } else { record };
            batch.push_with(record.entry, record.attachments)?;
        }
    }
    let journal = create(copy, &genesis)?;
    let objects = SledObjects::open(&copy.tree(), ObjectsOptions::default())?;
    let settings = Settings::default();
    let erasing = Erasing {
        tombstones: Arc::new(Tombstones::default()),
        carried_out: 0,
    };
    let log = Log::start_with(Some(&erasing), Arc::new(journal), Arc::new(objects), key, &settings)?;
    log.appender().append(batch).await?;
    Ok(log.shutdown()?)
}

/// An event like another, but that somebody else did it: with a leaf and disclosures that fit each other, and raw bytes that fit
/// them.
fn forge(record: &Record) -> Result<Record, Failure> {
    let stored = Stored::read(&record.attachments)?;
    let raw = match stored.raw() {
        StoredRaw::Kept(bytes) => blame(bytes),
        _ => return Err("the event has no raw bytes to be forged".into()),
    };
    let mut event = Event::default();
    for attachment in &record.attachments[..Member::ALL.len()] {
        match Disclosure::parse(blame(attachment))?.value() {
            Some(MemberValue::Raw(was)) => event.set(MemberValue::Raw(Raw::of(&raw, was.content_type, was.kept))),
            Some(value) => event.set(value),
            None => {}
        }
    }
    let mut salts = [0; Salts::BYTES];
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut salts)?;
    getrandom::fill(&mut random)?;
    let received = Leaf::parse(record.entry.clone())?.received();
    let (leaf, disclosures) = Sealed::seal(&event, &Salts::from_random(&salts), received)?.into_parts();
    Ok(Record {
        entry: leaf.text().clone(),
        attachments: attachments(&disclosures, Some(raw_attachment(random, &raw))),
    })
}

/// JSON in which somebody else stands, by name and by number.
fn blame(json: &[u8]) -> Bytes {
    let (from, to) = (CULPRIT, SCAPEGOAT);
    let text = String::from_utf8_lossy(json).replace(&format!("\"{}\"", from.0), &format!("\"{}\"", to.0));
    let text = text.replace(&format!("\"id\":\"{}\"", from.1), &format!("\"id\":\"{}\"", to.1));
    Bytes::from(text.replace(&format!("\"id\":{}", from.1), &format!("\"id\":{}", to.1)))
}

fn create(data: &DataDir, genesis: &Genesis) -> Result<FileJournal, Failure> {
    make_private(data.path())?;
    let journal = FileJournal::create(&data.journal(), genesis, JournalOptions::default())?;
    drop(SledObjects::create(&data.tree(), ObjectsOptions::default())?);
    Ok(journal)
}

fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}
