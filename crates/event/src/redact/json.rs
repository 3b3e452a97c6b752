//! JSON, as it is written: secrets are replaced where they stand, and every other byte stays.
//!
//! Values are not parsed into a tree: what occurs twice under one key would be lost, and could hide a secret, and a large document
//! would take many times its size.

mod scan;

use serde::de::IgnoredAny;

use self::scan::Scan;
use super::{Hits, text};

/// Whether a text is an array or object of JSON that [`redact`] can walk through.
pub(super) fn is_json(text: &str) -> bool {
    let begins = text.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']);
    begins.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(begins).is_ok()
}

/// Puts marks in place of the secrets of JSON; `None` if there is none. The text must be well-formed.
pub(super) fn redact(json: &str, hits: &mut Hits) -> Option<String> {
    redact_nested(json, hits, 0)
}

/// `nested` strings deep: a string may hold JSON of its own.
fn redact_nested(json: &str, hits: &mut Hits, nested: usize) -> Option<String> {
    let Some(mut edits) = Scan::new(json, nested).edits() else {
        // Too deep to walk through: by the forms alone.
        return text::redact(json, hits);
    };
    if edits.is_empty() {
        return None;
    }
    // What was found last is about the whole of a value, and takes the place of what was found in it.
    edits.reverse();
    edits.sort_by_key(|edit| edit.start);
    edits.dedup_by_key(|edit| edit.start);
    let mut out = String::with_capacity(json.len());
    let mut written = 0;
    for edit in edits {
        hits.add(&edit.hits);
        out.push_str(&json[written..edit.start]);
        out.push_str(&edit.replacement);
        written = edit.end;
    }
    out.push_str(&json[written..]);
    Some(out)
}

/// How deep JSON may lie in strings of JSON. Every step at least doubles the backslashes of the next.
const NESTED_MAX: usize = 3;

/// How deep arrays and objects may lie in each other to be walked through.
const WALK_DEPTH_MAX: usize = 512;
