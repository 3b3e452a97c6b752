//! Messages of `indelible.v1.AuditTrail`.

mod client;
mod reply;
mod request;

pub use client::{LoadEvent, LoadedEvent, LoadedRun};
pub use reply::{Content, SubmittedEvent, SubmittedRun, event_reply, piece_reply, submit_reply, watch_reply};
pub use request::{
    BadSubmission, BadSubmissionReason, EventFilter, ExportQuery, WatchQuery, submission, submissions,
    submissions_weight,
};
