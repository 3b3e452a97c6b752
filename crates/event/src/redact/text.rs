//! Texts: what in them has the form of a secret.

use std::ops::Range;

use super::{Hits, rules::rules};

/// How every mark begins. It ends with the kind of secret and `]`.
pub const MARK: &str = "[redacted: ";

/// The mark of a kind.
pub(super) fn mark(kind: &str) -> String {
    format!("{MARK}{kind}]")
}

/// Whether what stands under the name of a secret is one: not empty, not asterisks only, and no mark.
pub(super) fn is_secret(text: &str) -> bool {
    let masked = text.bytes().all(|byte| byte == b'*');
    let marked = text.starts_with(MARK) && text.ends_with(']');
    !masked && !marked
}

/// Puts marks in place of secrets; `None` if there is none.
pub(super) fn redact(text: &str, hits: &mut Hits) -> Option<String> {
    let found = find(text);
    if found.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut written = 0;
    for (range, kind) in found {
        hits.hit(kind);
        out.push_str(&text[written..range.start]);
        out.push_str(&mark(kind));
        written = range.end;
    }
    out.push_str(&text[written..]);
    Some(out)
}

/// The secrets of a text, ascending. What overlaps is one, of the kind that begins first.
fn find(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    if text.len() < SECRET_BYTES_MIN {
        return found;
    }
    rules().each_match(text, |range, kind| found.push((range, kind)));
    if found.len() < 2 {
        return found;
    }
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut merged: Vec<(Range<usize>, &'static str)> = Vec::with_capacity(found.len());
    for (range, kind) in found {
        match merged.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push((range, kind)),
        }
    }
    merged
}

/// Nothing shorter has the form of a secret: `pwd=abcd`.
const SECRET_BYTES_MIN: usize = 8;
