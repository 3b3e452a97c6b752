//! The dishonest operator, who has root, the disk and the log's private key. What is done here is done to a copy.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{Batch, Description, Log, Settings, StartError};
use indelible_merkle::TreeHead;
use indelible_note::{SigningKey, sign_checkpoint};
use indelible_store::journal::{FileJournal, Genesis, Journal, Kind, Options as JournalOptions};
use indelible_store::objects::{Options as ObjectsOptions, SledObjects};

use crate::cmd::Failure;
use crate::data::DataDir;

/// Copies the log of `original` to `copy` with `forge` applied to the entry at `index`, and every checksum made anew: a journal
/// in which frame follows frame without a flaw, and an empty object store, which a start fills from the journal. Only the signed
/// heads are as they were.
pub(super) fn rewrite(
    original: &DataDir,
    copy: &DataDir,
    index: u64,
    forge: fn(&[u8]) -> Bytes,
) -> Result<(), Failure> {
    let (journal, _) = FileJournal::open(&original.journal(), JournalOptions::default())?;
    let genesis = journal.genesis().clone();
    let forged = create(copy, &genesis)?;
    for replayed in journal.replay(0)? {
        let mut frame = replayed?.frame;
        for (record, at) in frame.records.iter_mut().zip(frame.first..) {
            if at == index {
                record.entry = forge(&record.entry);
            }
        }
        if frame.kind == Kind::Commit {
            forged.append(&frame)?;
        }
    }
    Ok(())
}

/// Tries to start the log in `data`; the reason if it refuses.
pub(super) fn start(data: &DataDir, key: SigningKey) -> Result<Result<(), StartError>, Failure> {
    let (journal, _) = FileJournal::open(&data.journal(), JournalOptions::default())?;
    let objects = SledObjects::open(&data.tree(), ObjectsOptions::default())?;
    match Log::start(Arc::new(journal), Arc::new(objects), key, &Settings::default()) {
        Ok(log) => Ok(Ok(log.shutdown()?)),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Makes a second log in `data` with these entries, signed with the first one's key: all of it holds, by itself.
pub(super) async fn sign_again(data: &DataDir, key: &str, entries: Vec<Bytes>) -> Result<(), Failure> {
    let key: SigningKey = key.parse()?;
    let description = Description::new(indelible_log::Kind::Opaque, key.verifier());
    let note = sign_checkpoint(TreeHead::EMPTY, &key).note().to_string().into();
    let genesis = Genesis {
        seed: [7; 16],
        description: description.to_string().into(),
        note,
    };
    let journal = create(data, &genesis)?;
    let objects = SledObjects::open(&data.tree(), ObjectsOptions::default())?;
    let log = Log::start(Arc::new(journal), Arc::new(objects), key, &Settings::default())?;
    log.appender().append(Batch::of(entries)?).await?;
    Ok(log.shutdown()?)
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
