//! Keeps secrets out: what looks like one is replaced by a mark, before anything is hashed or kept.
//!
//! A secret is known by the name that it stands under (`password`, `client_secret`, but not `token_id`), or by its own form
//! (`ghp_…`, a private key, the password in a URL). The mark says which: `[redacted: github token]`. What was redacted once is left
//! alone the second time.
//!
//! It misses what has neither name nor form. Costs about as much as writing the JSON; linear in the text for each rule whose first letters
//! occur in it.

mod json;
mod names;
mod rules;
mod text;

pub use text::MARK;

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use crate::member::Claims;

/// What is left, and which secrets were in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Redacted<T> {
    /// With marks in place of secrets.
    pub value: T,
    /// The kinds of them.
    pub hits: Hits,
}

/// Which kinds of secrets were redacted, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits(BTreeMap<&'static str, u64>);

impl Hits {
    /// The kinds, with how often each occurred.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(&kind, &count)| (kind, count))
    }

    /// Whether nothing was redacted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many secrets were redacted.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Adds those of another text.
    pub fn add(&mut self, other: &Hits) {
        for (kind, count) in other.iter() {
            *self.0.entry(kind).or_default() += count;
        }
    }

    fn hit(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

/// Redacts all strings of what a sender claims, and all keys of what it made up itself.
///
/// # Errors
///
/// If arrays and objects lie so deep in each other that no event may have them.
pub fn claims(claims: Claims) -> Result<Redacted<Claims>, TooDeep> {
    let json = serde_json::to_string(&claims).map_err(|_| TooDeep)?;
    let mut hits = Hits::default();
    let value = match json::redact(&json, &mut hits) {
        Some(redacted) => serde_json::from_str(&redacted).map_err(|_| TooDeep)?,
        None => claims,
    };
    Ok(Redacted { value, hits })
}

/// Redacts a value: strings, keys, and numbers under the name of a secret.
///
/// # Errors
///
/// As [`claims`].
pub fn value(value: Value) -> Result<Redacted<Value>, TooDeep> {
    let json = serde_json::to_string(&value).map_err(|_| TooDeep)?;
    let mut hits = Hits::default();
    let value = match json::redact(&json, &mut hits) {
        Some(redacted) => serde_json::from_str(&redacted).map_err(|_| TooDeep)?,
        None => value,
    };
    Ok(Redacted { value, hits })
}

/// Redacts a text that is no JSON.
pub fn text(text: &str) -> Redacted<Cow<'_, str>> {
    let mut hits = Hits::default();
    let value = text::redact(text, &mut hits).map_or(Cow::Borrowed(text), Cow::Owned);
    Redacted { value, hits }
}

/// Redacts raw bytes: JSON, lines of JSON, a form, or any text. What is not UTF-8 in it stays as it is, and so does every byte that is no
/// secret.
pub fn raw<'b>(bytes: &'b [u8], content_type: &str) -> Redacted<Cow<'b, [u8]>> {
    let mut hits = Hits::default();
    let redacted = match str::from_utf8(bytes) {
        Ok(text) => redact_document(text, content_type, &mut hits).map(String::into_bytes),
        Err(_) => redact_chunks(bytes, &mut hits),
    };
    let value = redacted.map_or(Cow::Borrowed(bytes), Cow::Owned);
    Redacted { value, hits }
}

fn redact_document(document: &str, content_type: &str, hits: &mut Hits) -> Option<String> {
    if json::is_json(document) {
        return json::redact(document, hits);
    }
    if content_type.trim_start().to_ascii_lowercase().starts_with(FORM) {
        return redact_form(document, hits);
    }
    let in_lines = document
        .lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(json::is_json);
    if !in_lines {
        return text::redact(document, hits);
    }
    let mut out = String::with_capacity(document.len());
    let mut changed = false;
    for line in document.split_inclusive('\n') {
        let redacted = if json::is_json(line) {
            json::redact(line, hits)
        } else {
            text::redact(line, hits)
        };
        changed |= redacted.is_some();
        out.push_str(redacted.as_deref().unwrap_or(line));
    }
    changed.then_some(out)
}

/// Redacts the values of a form, each as the JSON or the text that it encodes.
fn redact_form(form: &str, hits: &mut Hits) -> Option<String> {
    let mut out = form_urlencoded::Serializer::new(String::with_capacity(form.len()));
    let mut changed = false;
    for (name, value) in form_urlencoded::parse(form.as_bytes()) {
        let redacted = match names::secret(&name) {
            Some(kind) if text::is_secret(&value) => {
                hits.hit(kind);
                Some(text::mark(kind))
            }
            _ if json::is_json(&value) => json::redact(&value, hits),
            _ => text::redact(&value, hits),
        };
        let redacted_name = text::redact(&name, hits);
        changed |= redacted.is_some() || redacted_name.is_some();
        out.append_pair(
            redacted_name.as_deref().unwrap_or(&name),
            redacted.as_deref().unwrap_or(&value),
        );
    }
    changed.then(|| out.finish())
}

/// Redacts what is UTF-8 of bytes that are not.
fn redact_chunks(bytes: &[u8], hits: &mut Hits) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut changed = false;
    for chunk in bytes.utf8_chunks() {
        let redacted = text::redact(chunk.valid(), hits);
        changed |= redacted.is_some();
        out.extend_from_slice(redacted.as_deref().unwrap_or(chunk.valid()).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    changed.then_some(out)
}

/// Arrays and objects lie too deep in each other for any event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("arrays and objects lie too deep in each other")]
pub struct TooDeep;

const FORM: &str = "application/x-www-form-urlencoded";
