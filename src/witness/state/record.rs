//! What is known of one log, as it is stored and as it is believed.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::witness::{KnownLog, checkpoint_path};
use indelible_note::{CosignerKey, KeyName, PosixTime, SignedCheckpoint, Verified, VerifierKey};
use rusqlite::{OptionalExtension, Transaction};

/// What the witness knows of a log. Its parts were checked against each other.
#[derive(Clone, Debug)]
pub struct LogState {
    /// The name of the log.
    pub origin: KeyName,
    /// The keys that may sign for it, at least one.
    pub keys: Vec<VerifierKey>,
    /// The checkpoint that was cosigned last, with the log's signature and the cosignature, and when; `None` before the first.
    pub cosigned: Option<(Verified<SignedCheckpoint>, PosixTime)>,
}

impl LogState {
    /// The head that was cosigned last.
    pub fn head(&self) -> Option<TreeHead> {
        self.cosigned.as_ref().map(|(checkpoint, _)| checkpoint.head())
    }

    /// What a decision needs of it.
    pub fn known(&self) -> KnownLog {
        KnownLog {
            keys: self.keys.clone(),
            latest: self.head(),
        }
    }
}

/// The columns of a log, not believed yet.
pub(super) struct Record {
    origin: String,
    path: String,
    size: Option<u64>,
    root: Option<[u8; Hash::BYTES]>,
    note: Option<String>,
    vkeys: Vec<String>,
    latest_time: Option<PosixTime>,
}

impl Record {
    /// The log with this value in this column, which is unique.
    pub(super) fn find(transaction: &Transaction<'_>, column: Column, value: &str) -> rusqlite::Result<Option<Record>> {
        let column = match column {
            Column::Origin => "origin",
            Column::Path => "path",
        };
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT origin, path, size, root, note FROM log WHERE {column} = ?1"
        ))?;
        let record = statement.query_row([value], Record::columns).optional()?;
        record.map(|record| record.with_keys(transaction)).transpose()
    }

    /// All logs, by name.
    pub(super) fn all(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Record>> {
        let mut statement =
            transaction.prepare_cached("SELECT origin, path, size, root, note FROM log ORDER BY origin")?;
        let records: rusqlite::Result<Vec<Record>> = statement.query_map([], Record::columns)?.collect();
        records?
            .into_iter()
            .map(|record| record.with_keys(transaction))
            .collect()
    }

    fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Record> {
        Ok(Record {
            origin: row.get(0)?,
            path: row.get(1)?,
            size: row.get(2)?,
            root: row.get(3)?,
            note: row.get(4)?,
            vkeys: Vec::new(),
            latest_time: None,
        })
    }

    fn with_keys(mut self, transaction: &Transaction<'_>) -> rusqlite::Result<Record> {
        let mut statement = transaction.prepare_cached("SELECT vkey FROM log_key WHERE origin = ?1 ORDER BY rowid")?;
        let vkeys = statement.query_map([&self.origin], |row| row.get(0))?;
        self.vkeys = vkeys.collect::<rusqlite::Result<_>>()?;
        self.latest_time = super::latest_time(transaction)?;
        Ok(self)
    }

    /// Believes the record, or says what is wrong with it. Costs two verifications, 90 µs.
    pub(super) fn verify(self, cosigner: &CosignerKey) -> Result<LogState, String> {
        let named = |problem: String| format!("the log {}: {problem}", self.origin);
        let origin: KeyName = self.origin.parse().map_err(|error| named(format!("{error}")))?;
        if self.path != checkpoint_path(&origin) {
            return Err(named("it would be published at another path".to_owned()));
        }
        let keys: Result<Vec<VerifierKey>, _> = self.vkeys.iter().map(|vkey| vkey.parse()).collect();
        let keys = keys.map_err(|error| named(format!("a key of it cannot be read: {error}")))?;
        if keys.is_empty() || keys.iter().any(|key| *key.name() != origin) {
            return Err(named("no key of it, or one with another name".to_owned()));
        }
        let cosigned = match self.note.as_deref() {
            None => None,
            Some(note) => Some(self.cosigned(note, &keys, cosigner).map_err(named)?),
        };
        if cosigned
            .as_ref()
            .is_some_and(|(checkpoint, _)| *checkpoint.origin() != origin)
        {
            return Err(named("its note is about another log".to_owned()));
        }
        Ok(LogState { origin, keys, cosigned })
    }

    fn cosigned(
        &self,
        note: &str,
        keys: &[VerifierKey],
        cosigner: &CosignerKey,
    ) -> Result<(Verified<SignedCheckpoint>, PosixTime), String> {
        let checkpoint = SignedCheckpoint::parse(note.as_bytes()).map_err(|error| error.to_string())?;
        let checkpoint = checkpoint.open_any(keys).map_err(|error| error.to_string())?;
        let TreeHead { size, root } = checkpoint.head();
        if (self.size, self.root) != (Some(size), Some(*root.as_bytes())) {
            return Err("its size and root are not those of its note".to_owned());
        }
        let ours = checkpoint.cosignatures(std::slice::from_ref(cosigner));
        match ours.map_err(|error| error.to_string())?.as_slice() {
            [ours] if Some(ours.time()) <= self.latest_time => {
                let time = ours.time();
                Ok((checkpoint, time))
            }
            [_] => Err("it was cosigned later than this witness cosigned anything".to_owned()),
            _ => Err("its note is not cosigned by this witness".to_owned()),
        }
    }
}

/// By what a log is found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    Origin,
    Path,
}
