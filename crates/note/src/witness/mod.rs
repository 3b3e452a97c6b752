//! The protocol between a log and a witness (C2SP tlog-witness, `add-checkpoint`), without the HTTP around it.
//!
//! A log sends a [`Request`] and lets [`read_answer`] say what the [`Answer`] means. A witness reads it, looks up what it knows
//! of the log, and lets [`decide`] say whether it may cosign; only then does it hold an [`Accepted`], with which it can.

mod answer;
mod decision;
mod published;
mod request;

pub use self::answer::{Answer, Refused, read_answer};
pub use self::decision::{Accepted, KnownLog, Refusal, decide};
pub use self::published::checkpoint_path;
pub use self::request::{MalformedRequest, Request};

/// The content type of a body that is the size which a witness last cosigned, in decimal, and LF: the answer to a request that
/// proves from another size.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";
