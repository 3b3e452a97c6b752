//! The log's side: what the answer of a witness means.

use thiserror::Error;

use super::{Request, SIZE_CONTENT_TYPE};
use crate::{
    cosignature::{BadCosignature, Cosignature, cosignatures},
    cosigner::CosignerKey,
    note::{MalformedNote, SignatureLine},
    text,
    verified::Verified,
};

/// What a log does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done: the witness cosigned. Never empty.
    Cosigned(Vec<Verified<Cosignature>>),
    /// The witness last cosigned a tree of another size, not larger than the checkpoint: prove from there and send again.
    ProveFrom {
        /// That size.
        size: u64,
    },
    /// The witness has cosigned a larger tree than the checkpoint's. If the log has no newer head that explains it, the log was
    /// rolled back or has a twin: stop, and raise an alarm.
    Ahead {
        /// The size of that tree.
        size: u64,
    },
    /// The witness is busy or broken: send the same again after a while.
    Later {
        /// The HTTP status.
        status: u16,
    },
    /// Sending the same again is useless.
    Refused(Refused),
}

/// Reads the answer to a request by its status, content type and body.
///
/// Lines by other keys than these are ignored. Every line that is said to be by one of them must be a cosignature of the very
/// checkpoint that was sent, made at a time that is not 0.
pub fn read_answer(
    request: &Request,
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    keys: &[CosignerKey],
) -> Answer {
    match status {
        200 => read_lines(request, body, keys).map_or_else(Answer::Refused, Answer::Cosigned),
        409 if content_type.is_some_and(is_size) => read_size(request, body).unwrap_or_else(Answer::Refused),
        429 | 500..=599 => Answer::Later { status },
        _ => Answer::Refused(Refused::Status {
            status,
            message: text::excerpt(&String::from_utf8_lossy(body)),
        }),
    }
}

fn read_lines(request: &Request, body: &[u8], keys: &[CosignerKey]) -> Result<Vec<Verified<Cosignature>>, Refused> {
    let lines = SignatureLine::parse_lines(body)?;
    let made = cosignatures(request.checkpoint().note().text(), &lines, keys)?;
    if made.iter().any(|cosignature| cosignature.time().secs() == 0) {
        return Err(Refused::NoTime);
    }
    if made.is_empty() {
        return Err(Refused::NoCosignature { lines: lines.len() });
    }
    Ok(made)
}

fn read_size(request: &Request, body: &[u8]) -> Result<Answer, Refused> {
    let text = str::from_utf8(body).ok().and_then(|text| text.strip_suffix('\n'));
    let size = text.and_then(text::decimal).ok_or_else(|| Refused::Size {
        found: text::excerpt(&String::from_utf8_lossy(body)),
    })?;
    if size == request.proof().old_size() {
        return Err(Refused::SameSize { size });
    }
    if size > request.checkpoint().head().size {
        return Ok(Answer::Ahead { size });
    }
    Ok(Answer::ProveFrom { size })
}

fn is_size(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(SIZE_CONTENT_TYPE)
}

/// Why there will be no cosignature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The witness says so. 409 without a size is what older witnesses answer to another root at the size they know.
    #[error("the witness answered {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How the body begins.
        message: String,
    },
    /// The answer should be signature lines, and is not.
    #[error("the witness answered something else than signature lines: {0}")]
    Lines(#[from] MalformedNote),
    /// A line by a known key is no cosignature of the checkpoint.
    #[error(transparent)]
    Cosignature(#[from] BadCosignature),
    /// A cosignature without a time does not say that the tree was the largest.
    #[error("the witness cosigned without a time")]
    NoTime,
    /// All lines are by keys that are not known here.
    #[error("none of the {lines} lines that the witness answered is by its known keys")]
    NoCosignature {
        /// How many lines there are.
        lines: usize,
    },
    /// The body should be a size, and is not.
    #[error("the witness should have answered a size, not {found:?}")]
    Size {
        /// How the body begins.
        found: String,
    },
    /// The witness contradicts itself.
    #[error("the witness refuses a proof from size {size} because it wants one from size {size}")]
    SameSize {
        /// That size.
        size: u64,
    },
}
