//! What needs the approval of a second principal where nobody is identified: at the directory of a log that rests.

use indelible_access::{Act, ApprovalError, Registry, Subject, WhatFor};
use jiff::Timestamp;
use serde_json::json;

use super::file::{AccessFile, AccessFileError};
use super::record::{ReplayError, replay};
use crate::data::{DataDir, record};

/// Why the log's key is not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    /// It is not known whether it needs approval.
    #[error(transparent)]
    File(#[from] AccessFileError),
    /// It is not known what was approved.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Nobody asked.
    #[error(
        "access.toml says that two principals change the key: while the log is served one of them runs \
         `indelible approval request-key-rotation`, the other `indelible approval give`"
    )]
    Nobody,
    /// Somebody asked, and it was not approved in time.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// It cannot be put on the record.
    #[error("it cannot be put on the record: {0}")]
    Record(#[from] std::io::Error),
}

/// Uses up the approval to change the key, if one is needed. It is on the record before the act: if the process dies between the two, there
/// is an approval that was used for nothing, never the reverse.
///
/// # Errors
///
/// See [`NotApproved`].
pub fn use_key_rotation(data: &DataDir, now: Timestamp) -> Result<(), NotApproved> {
    if !AccessFile::load(&data.access())?.four_eyes.key_rotation {
        return Ok(());
    }
    let (registry, _): (Registry, _) = replay(data, None)?;
    let approved = registry.approvals().approved_for_anybody(&WhatFor::KeyRotation, now)?;
    let approval = approved.ok_or(NotApproved::Nobody)?.id();
    let used = Act::ApprovalUsed {
        approval,
        at: now,
        by: Subject {
            subject: "operator-of-the-directory".to_owned(),
            created_by: None,
        },
    };
    record(
        data,
        &json!({"time": now.as_second(), "act": used.name(), "access": used}),
    )?;
    Ok(())
}
