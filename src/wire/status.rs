//! Errors, from what went wrong to a status: one match each, without a catch-all, so that a new error must be given a place.

use indelible_log::{AppendError, AttachedError, BadBatch, ReadError};
use tonic::Status;

use super::{BadSubmission, BadSubmissionReason};
use crate::access::{Denied, RecordError};
use crate::entrance::TakesEvents;
use crate::observe::current;
use crate::proofs::ProofError;
use crate::room::NoRoom;
use crate::trail::{FindError, Refusal, Refused};
use crate::waiting::NoWitnesses;

/// The status that says what went wrong, and whose turn it is.
pub trait IntoStatus {
    /// Makes the status; its message is the error's own.
    fn into_status(self) -> Status;
}

impl IntoStatus for BadBatch {
    fn into_status(self) -> Status {
        match self {
            BadBatch::Empty | BadBatch::EntryTooLong { .. } | BadBatch::TooMany | BadBatch::TooLarge { .. } => {
                Status::invalid_argument(self.to_string())
            }
        }
    }
}

impl IntoStatus for AppendError {
    fn into_status(self) -> Status {
        match self {
            AppendError::Stopping | AppendError::Failed(_) | AppendError::Halted(_) => {
                Status::unavailable(self.to_string())
            }
            AppendError::QueueFull | AppendError::BacklogFull(_) => Status::resource_exhausted(self.to_string()),
        }
    }
}

impl IntoStatus for ProofError {
    fn into_status(self) -> Status {
        let words = self.to_string();
        match self {
            ProofError::BeyondHead { .. } | ProofError::BeyondTree { .. } => Status::out_of_range(words),
            ProofError::UnknownLeaf { .. } => Status::not_found(words),
            ProofError::IndexLags { .. } => Status::unavailable(words),
            ProofError::NoIndex => Status::failed_precondition(words),
            ProofError::Index(_) | ProofError::IndexWrong { .. } => internal(&words),
            ProofError::Read(error) => error.into_status(),
        }
    }
}

impl IntoStatus for ReadError {
    fn into_status(self) -> Status {
        match self {
            ReadError::Beyond { .. } => Status::out_of_range(self.to_string()),
            ReadError::Object { .. } | ReadError::Objects(_) => internal(&self.to_string()),
        }
    }
}

impl IntoStatus for Refused {
    fn into_status(self) -> Status {
        let Refused { place, refusal } = self;
        let status = refusal.into_status();
        Status::new(status.code(), format!("event {place}: {}", status.message()))
    }
}

impl IntoStatus for Refusal {
    fn into_status(self) -> Status {
        let words = self.to_string();
        match self {
            Refusal::Count { .. }
            | Refusal::Length { .. }
            | Refusal::ServiceOnly(_)
            | Refusal::Secret { .. }
            | Refusal::Signed(_)
            | Refusal::TooDeep(_)
            | Refusal::Event(_)
            | Refusal::Attached(_)
            | Refusal::ConflictWithin { .. } => Status::invalid_argument(words),
            Refusal::SourceTaken | Refusal::Reserved => Status::permission_denied(words),
            Refusal::Conflict { .. } => Status::already_exists(words),
            Refusal::Unresolved | Refusal::TooManyKeys => Status::unavailable(words),
            Refusal::Index(_) | Refusal::Random(_) => internal(&words),
            Refusal::Append(error) => error.into_status(),
        }
    }
}

impl IntoStatus for FindError {
    fn into_status(self) -> Status {
        let words = self.to_string();
        match self {
            FindError::Read(AttachedError::Read(error)) => error.into_status(),
            FindError::Read(AttachedError::Opaque | AttachedError::Journal(_)) => internal(&words),
            FindError::Damaged { .. } | FindError::Unreadable { .. } => {
                tracing::error!(
                    error = words,
                    "what is kept of the log is damaged: indelible fsck says where"
                );
                Status::data_loss(words)
            }
        }
    }
}

impl IntoStatus for NoWitnesses {
    fn into_status(self) -> Status {
        Status::invalid_argument(self.to_string())
    }
}

impl IntoStatus for NoRoom {
    fn into_status(self) -> Status {
        Status::resource_exhausted(self.to_string())
    }
}

impl IntoStatus for BadSubmission {
    fn into_status(self) -> Status {
        let words = self.to_string();
        match self.problem {
            BadSubmissionReason::Malformed(_) => Status::invalid_argument(words),
            BadSubmissionReason::Denied(_) => Status::permission_denied(words),
        }
    }
}

impl IntoStatus for BadSubmissionReason {
    fn into_status(self) -> Status {
        match self {
            BadSubmissionReason::Malformed(words) => Status::invalid_argument(words),
            BadSubmissionReason::Denied(denied) => denied.into_status(),
        }
    }
}

impl IntoStatus for TakesEvents {
    fn into_status(self) -> Status {
        Status::failed_precondition(self.to_string())
    }
}

impl IntoStatus for Denied {
    fn into_status(self) -> Status {
        Status::permission_denied(self.to_string())
    }
}

impl IntoStatus for RecordError {
    fn into_status(self) -> Status {
        internal(&self.to_string())
    }
}

/// What failed inside is for the operator; the caller hears only that it was not its fault.
fn internal(words: &str) -> Status {
    tracing::error!(
        error = words,
        request = current().map(tracing::field::display),
        "a request failed inside"
    );
    Status::unavailable("the log's store failed; the operator's journal says why")
}
