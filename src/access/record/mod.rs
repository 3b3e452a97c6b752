//! What goes on the record: everything that is done with a privilege, and everything that is refused.
//!
//! In a log of events it is an event of that log, of the source `indelible/access` if it changes who may do what, else of
//! `indelible/audit`. A log of opaque entries has `admin.jsonl`, and may send copies to a log of events.

mod copies;
mod denials;
mod entries;
mod happened;
mod reads;
mod replay;

use std::sync::Arc;

use bytes::Bytes;
use indelible_access::Act;
use indelible_event::member::{Claims, Submitter};
use jiff::Timestamp;
use serde_json::json;

pub use self::copies::{AuditLog, Copies, CopyError};
pub use self::denials::Denials;
pub use self::entries::EntriesRead;
pub use self::happened::Happened;
use self::reads::LeftOpen;
pub(super) use self::reads::OpenRead;
pub use self::replay::{ReplayError, replay};
use crate::data::{DataDir, record as record_line};
use crate::task::blocking;
use crate::trail::{ACCESS_SOURCE, Body, Original, Refusal, Refused, Submission, Trail};

/// Where the record is.
#[derive(Clone, Debug)]
pub enum Record {
    /// The log itself; what is needed while it rests is in `admin.jsonl`, too.
    Trail(Box<Trail>, DataDir),
    /// `admin.jsonl` of a log that takes no events, and the log of events that gets a copy.
    File(DataDir, Option<Arc<Copies>>),
}

/// Writes the record. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder(Record);

/// Something cannot be put on the record, so that it is not done.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The log does not take it.
    #[error("it cannot be put on the record: {0}")]
    Refused(#[from] Refused),
    /// The file does not.
    #[error("it cannot be put on the record: {0}")]
    File(#[from] std::io::Error),
    /// The log that gets copies does not.
    #[error("it cannot be put on the record of the log of `audit_log`: {0}")]
    Copies(#[from] CopyError),
}

impl Recorder {
    /// Writes to this record.
    pub fn new(record: Record) -> Recorder {
        Recorder(record)
    }

    /// Writes an act. Durable when it returns.
    pub async fn act(&self, happened: Happened, act: &Act) -> Result<(), RecordError> {
        let text = serde_json::to_string(act).expect("acts are JSON");
        self.write(happened, Some(text)).await
    }

    /// Writes an act where it can be read while the log rests, too.
    pub(super) async fn keep_for_rest(&self, act: &Act) -> Result<(), RecordError> {
        if let Record::Trail(_, data) = &self.0 {
            let line = json!({"time": Timestamp::now().as_second(), "act": act.name(), "access": act});
            let data = data.clone();
            blocking(move || record_line(&data, &line)).await?;
        }
        Ok(())
    }

    /// Writes what happened. Durable when it returns.
    pub(super) async fn happened(&self, happened: Happened) -> Result<(), RecordError> {
        self.write(happened, None).await
    }

    /// Notes that somebody begins to read a stream, of which `happened` is to be said. Durable when it returns; `None` of a log that has
    /// no such streams.
    pub(super) async fn read_begins(&self, happened: Happened) -> Result<Option<OpenRead>, RecordError> {
        let Record::Trail(_, data) = &self.0 else {
            return Ok(None);
        };
        let folder = data.reads();
        let opened = blocking(move || OpenRead::open(&folder, happened.into_claims())).await?;
        Ok(Some(opened))
    }

    /// Writes what came of it. Durable when it returns; if it fails the note stays, and the next start writes it.
    pub(super) async fn read_ended(&self, happened: Happened, opened: OpenRead) -> Result<(), RecordError> {
        if let Record::Trail(trail, _) = &self.0 {
            submit(trail, happened.into_claims(), Some(opened.key.clone()), None).await?;
        }
        blocking(move || opened.close()).await?;
        Ok(())
    }

    /// Writes what can be known of the streams that were being read when the service ended without an end of theirs; how many.
    ///
    /// # Errors
    ///
    /// If that cannot be recorded; the notes of what was not stay.
    pub async fn reads_left_open(&self) -> Result<usize, RecordError> {
        let Record::Trail(trail, data) = &self.0 else {
            return Ok(0);
        };
        let folder = data.reads();
        let left = blocking(move || LeftOpen::all(&folder)).await?;
        let mut count = 0;
        for one in left {
            match submit(trail, one.claims.clone(), Some(one.key.clone()), None).await {
                Ok(()) => count += 1,
                // It had ended, and the note was all that was left to do.
                Err(RecordError::Refused(Refused {
                    refusal: Refusal::Conflict { .. },
                    ..
                })) => {}
                Err(error) => return Err(error),
            }
            blocking(move || one.close()).await?;
        }
        Ok(count)
    }

    async fn write(&self, happened: Happened, act: Option<String>) -> Result<(), RecordError> {
        match &self.0 {
            Record::Trail(trail, _) => submit(trail, happened.into_claims(), None, act).await,
            Record::File(data, copies) => {
                let line = happened.to_line(act.as_deref());
                // There before it is here: what is here is in force at the next start.
                if let Some(copies) = copies {
                    copies.send(happened.into_claims()).await?;
                }
                let data = data.clone();
                blocking(move || record_line(&data, &line)).await?;
                Ok(())
            }
        }
    }
}

/// An event of a log of events.
async fn submit(trail: &Trail, claims: Claims, key: Option<String>, act: Option<String>) -> Result<(), RecordError> {
    let submission = Submission {
        source: source(act.is_some()).to_owned(),
        key,
        claims,
        raw: act.map(|text| {
            Original::Bytes(Body {
                bytes: Bytes::from(text),
                content_type: ACT_TYPE.to_owned(),
            })
        }),
        submitter: Submitter {
            principal: "indelible".to_owned(),
            method: METHOD.to_owned(),
            verified: None,
        },
    };
    trail.submit(vec![submission]).await?;
    Ok(())
}

fn source(is_act: bool) -> &'static str {
    match is_act {
        true => ACCESS_SOURCE,
        false => AUDIT,
    }
}

/// The source of everything else on the record.
const AUDIT: &str = "indelible/audit";

/// How the service submits what it says itself, which nobody else can.
const METHOD: &str = "service";

/// What an act is written as, in the raw bytes of its event.
const ACT_TYPE: &str = "application/vnd.indelible.act+json";
