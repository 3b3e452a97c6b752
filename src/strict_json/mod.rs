//! JSON that can be read in one way only, for whoever reads what strangers send: the doors of events are one reader behind two wires.
//!
//! What another reader might read otherwise, or what nobody means, is refused:
//! * a name that stands twice in an object, at any depth, whatever its escapes;
//! * a structure that is written as the array of its fields' values, and a word that is written as an object;
//! * more than [`VALUES_MAX`] values, or more than 127 of them in each other;
//! * numbers beyond a double, surrogates alone, bytes that are not UTF-8, and anything behind the value (RFC 8259, by `serde_json`).

mod parts;
mod strict;

use std::cell::Cell;

use indelible_event::redact;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::strict::Strict;

/// What was sent is no JSON of this kind. Its sender's fault; what is quoted of it is short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// How many values may still be read: of all texts that are read on one account.
#[derive(Debug)]
pub struct Allowance(Cell<usize>);

impl Allowance {
    /// So many values.
    pub fn of(values: usize) -> Allowance {
        Allowance(Cell::new(values))
    }
}

/// Reads a text of at most [`VALUES_MAX`] values. What that takes is bounded by [`weight`].
///
/// # Errors
///
/// If it is not JSON, could be read in two ways, or is no `T`.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    from_slice_within(&Allowance::of(VALUES_MAX), json)
}

/// The same, of one text among several: all of them together have this allowance.
///
/// # Errors
///
/// As [`from_slice`].
pub fn from_slice_within<T: DeserializeOwned>(allowance: &Allowance, json: &[u8]) -> Result<T, Unreadable> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let left = &allowance.0;
    let read = T::deserialize(Strict {
        inner: &mut reader,
        left,
    });
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| Unreadable::of(&error))
}

/// Makes a `T` of a value that was read already.
///
/// # Errors
///
/// If it is none.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Unreadable> {
    let left = &Cell::new(VALUES_MAX);
    T::deserialize(Strict { inner: value, left }).map_err(|error| Unreadable::of(&error))
}

/// The bytes of memory that a text takes when it is read, at most, besides its own: by its punctuation, in one pass over it. A text
/// as it is usual takes its own length once more, or twice.
pub fn weight(json: &[u8]) -> usize {
    let part = |byte: &u8| match byte {
        b'{' => OBJECT_BYTES,
        b'[' | b',' => ELEMENT_BYTES,
        _ => 0,
    };
    json.iter().map(part).sum()
}

/// The same of any text of this length that has at most so many values, if it is not there yet.
pub fn weight_of_length(bytes: usize, values_max: usize) -> usize {
    // `{"":0},` is the shortest text that makes an object, and two values.
    (bytes.div_ceil(7)).min(values_max / 2) * (OBJECT_BYTES + ELEMENT_BYTES)
}

impl Unreadable {
    /// The reader's words may quote what it read. Secrets are taken out of the whole, since what is cut off has another form.
    fn of(error: &serde_json::Error) -> Unreadable {
        let words = error.to_string();
        Unreadable(redact::text(&words).value.chars().take(SHOWN_CHARS_MAX).collect())
    }
}

/// Of one text: a thousand events of fifty values.
pub const VALUES_MAX: usize = 50_000;

/// What an object takes that has a field: a node of a B-tree with room for 11 names (24 bytes) and values (32), some 640.
const OBJECT_BYTES: usize = 640;

/// What a further element takes: twice its 32 bytes while an array grows (four times in the first), or a part of a node.
const ELEMENT_BYTES: usize = 128;

const SHOWN_CHARS_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use indelible_event::member::Claims;

    use super::*;

    #[test]
    fn what_can_be_read_in_one_way_is_read() {
        let text = r#"{"a":[1,-2,2.5,"x\n",null,true,{"b":{}}],"c":"\ud83d\ude00"}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(from_slice::<Value>(text.as_bytes()).unwrap(), expected);
        let text = r#"{"action":{"name":"deploy","verb":"execute"},
            "actor":{"type":"user","groups":["a"],"claims":{"a":{"b":[1,null]}}},
            "changes":[{"field":"x","before":null,"after":{"k":[]}}],
            "occurred":{"at":"2026-11-22T10:00:00Z","from":"payload"}, "origin":null}"#;
        let expected: Claims = serde_json::from_str(text).unwrap();
        assert_eq!(from_slice::<Claims>(text.as_bytes()).unwrap(), expected);
        let value = serde_json::from_str(text).unwrap();
        assert_eq!(from_value::<Claims>(value).unwrap(), expected);
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let deep = "[".repeat(100_000);
        let many = format!("[{}0]", "0,".repeat(VALUES_MAX));
        for (text, expected) in [
            (r#"{"a":1,"a":2}"#, "\"a\" stands twice"),
            (r#"{"a":{"b":1,"\u0062":2}}"#, "\"b\" stands twice"),
            (r#"[[{"":0,"":0}]]"#, "\"\" stands twice"),
            (r#"{"a":1e999}"#, "number out of range"),
            (r#""\ud800""#, "hex escape"),
            (deep.as_str(), "recursion limit"),
            (many.as_str(), "more values than are read"),
            ("{} {}", "trailing characters"),
            ("\u{feff}{}", "expected value"),
            ("\"\0\"", "control character"),
            ("", "EOF"),
        ] {
            let said = from_slice::<Value>(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expected), "{said:?} is not {expected:?}");
        }
        assert!(from_slice::<Value>(b"\"\xff\"").is_err());
    }

    /// All of these are read by serde as it comes.
    #[test]
    fn a_structure_and_a_word_have_one_form() {
        let time = r#""2026-11-22T10:00:00Z""#;
        for (text, expected) in [
            ("[]".to_owned(), "an object"),
            (r#"{"action":["deploy","execute"]}"#.to_owned(), "an object"),
            (
                r#"{"actor":["user",null,null,null,null,null,null,null]}"#.to_owned(),
                "an object",
            ),
            (format!(r#"{{"occurred":[{time},"payload"]}}"#), "an object"),
            (r#"{"targets":[["a","b"]]}"#.to_owned(), "an object"),
            (r#"{"changes":[["a",1,2]]}"#.to_owned(), "an object"),
            (
                r#"{"action":{"name":"deploy","verb":{"execute":null}}}"#.to_owned(),
                "a word",
            ),
            (
                r#"{"actor":{"type":"user","claims":{"k":1,"k":1}}}"#.to_owned(),
                "twice",
            ),
            (
                r#"{"changes":[{"field":"x","after":{"k":1,"k":1}}]}"#.to_owned(),
                "twice",
            ),
            (
                r#"{"actor":{"type":"user"},"actor":{"type":"user"}}"#.to_owned(),
                "twice",
            ),
            (r#"{"actor":7}"#.to_owned(), "an object"),
            (r#"{"action":{"name":"deploy","verb":7}}"#.to_owned(), "a word"),
        ] {
            let said = from_slice::<Claims>(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expected), "{text}: {said:?} is not {expected:?}");
            // Said twice, it is gone when a value is made of it.
            if expected != "twice" {
                let again = from_value::<Claims>(serde_json::from_str(&text).unwrap()).unwrap_err();
                assert!(said.starts_with(&again.to_string()), "{said:?} is not {again:?}");
            }
        }
    }

    #[test]
    fn several_texts_have_one_allowance() {
        let allowance = Allowance::of(5);
        assert!(from_slice_within::<Value>(&allowance, b"[1,2]").is_ok());
        assert!(from_slice_within::<Value>(&allowance, b"[1]").is_ok());
        assert!(from_slice_within::<Value>(&allowance, b"1").is_err());
    }

    #[test]
    fn what_is_quoted_is_short() {
        let long = format!("{{\"{}\":1}}", "x".repeat(1 << 20));
        let said = from_slice::<Claims>(long.as_bytes()).unwrap_err().to_string();
        assert!(
            said.starts_with("unknown field") && said.len() <= SHOWN_CHARS_MAX,
            "{said}"
        );
    }

    /// Of the whole, before it is cut: the front of a secret does not look like one any more.
    #[test]
    fn no_secret_is_quoted() {
        let secret = format!("ghp_{}", "a1B2".repeat(9));
        for before in [0, SHOWN_CHARS_MAX - 40] {
            let text = format!("{{\"{} {secret}\":1}}", "x".repeat(before));
            let said = from_slice::<Claims>(text.as_bytes()).unwrap_err().to_string();
            assert!(said.starts_with("unknown field") && !said.contains("ghp_"), "{said}");
        }
    }
}
