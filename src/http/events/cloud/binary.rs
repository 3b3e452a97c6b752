//! Binary mode (CloudEvents HTTP protocol binding 1.0.2, 3.1): attributes as headers, data as the body.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use indelible_event::member::Submitter;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Attributes;
use crate::http::problem::Problem;
use crate::strict_json::Unreadable;
use crate::trail::{Body, Submission};

/// Whether a request is an event in binary mode.
pub(in super::super) fn is_binary(headers: &HeaderMap) -> bool {
    headers.contains_key("ce-specversion")
}

/// What it comes to. Data that says that it is JSON is read by `parse`.
pub(in super::super) fn binary(
    headers: &HeaderMap,
    body: Bytes,
    submitter: Submitter,
    parse: impl FnOnce(&[u8]) -> Result<Value, Unreadable>,
) -> Result<Submission, Problem> {
    let attributes = Attributes::read(|name| attribute(headers, name))?;
    let content_type = one(headers, CONTENT_TYPE.as_str())?;
    if body.is_empty() {
        return Ok(attributes.with(None, None, submitter));
    }
    let data = match content_type.as_deref().is_some_and(is_json) {
        true => Some(parse(&body).map_err(Problem::malformed)?),
        false => None,
    };
    let raw = Body {
        bytes: body,
        content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
    };
    Ok(attributes.with(data, Some(raw), submitter))
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// An attribute: the value of its header, out of quotes and percent escapes (3.1.3.2).
fn attribute(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let header = format!("ce-{name}");
    let Some(value) = one(headers, &header)? else {
        return Ok(None);
    };
    let value = unquoted(&value).ok_or_else(|| Problem::malformed(format!("`{header}` has an open quote")))?;
    match percent_decode_str(&value).decode_utf8() {
        Ok(text) if !text.is_empty() => Ok(Some(text.into_owned())),
        _ => Err(Problem::malformed(format!(
            "`{header}` must be a text that is not empty"
        ))),
    }
}

/// The value of a header that stands there at most once.
fn one(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Problem::malformed(format!("`{name}` stands there twice")));
    }
    let text = first.map(|value| value.to_str().map(str::to_owned)).transpose();
    text.map_err(|_| Problem::malformed(format!("`{name}` is not ASCII")))
}

/// Without the quotes around it, and without the backslashes in front of what they escape.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = value.strip_prefix('"') else {
        return Some(Cow::Borrowed(value));
    };
    let mut out = String::with_capacity(rest.len());
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(Cow::Owned(out)),
            '\\' => out.push(characters.next()?),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_are_undone() {
        for (value, expected) in [
            ("plain", Some("plain")),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro \u{20ac} \u{1f600}")),
            ("\"quoted \\\"twice\\\"\"", Some("quoted \"twice\"")),
            ("\"open", None),
            ("\"a\" b", None),
            ("\"\"", None),
            ("%ff", None),
        ] {
            let headers = HeaderMap::from_iter([("ce-id".parse().unwrap(), value.parse().unwrap())]);
            let found = attribute(&headers, "id").ok().flatten();
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }
}
