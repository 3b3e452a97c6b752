//! What a claim must be.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::Value;

use super::condition::BadCondition;
use crate::oidc::claims;

/// What one claim is held against.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Exactly that text. Numbers and truth values of a token count as their text: systems differ, and change their minds, on whether
    /// an id is written with quotes.
    Exact(String),
    /// A text with `*` for any characters but `/`, `**` for any characters, and `?` for one that is not `/`.
    Glob(Regex),
    /// A list that has that text.
    Contains(String),
}

impl Pattern {
    pub(super) fn matches(&self, claim: &Value) -> bool {
        match self {
            Pattern::Exact(wanted) => claims::text(claim).is_some_and(|text| text == *wanted),
            Pattern::Glob(glob) => claims::text(claim).is_some_and(|text| glob.is_match(&text)),
            Pattern::Contains(wanted) => claim.as_array().is_some_and(|list| {
                let mut texts = list.iter().filter_map(claims::text);
                texts.any(|text| text == *wanted)
            }),
        }
    }

    pub(super) fn read(text: PatternText, claim: &str) -> Result<Pattern, BadCondition> {
        let empty = || BadCondition::Empty(claim.to_owned());
        let exact = |text: String| match text.is_empty() {
            true => Err(empty()),
            false => Ok(text),
        };
        match text {
            PatternText::Text(text) => exact(text).map(Pattern::Exact),
            PatternText::Integer(number) => Ok(Pattern::Exact(number.to_string())),
            PatternText::Boolean(yes) => Ok(Pattern::Exact(yes.to_string())),
            PatternText::Contains(ContainsText { contains }) => exact(contains).map(Pattern::Contains),
            PatternText::Glob(GlobText { glob }) => Pattern::glob(&exact(glob)?, claim),
        }
    }

    fn glob(glob: &str, claim: &str) -> Result<Pattern, BadCondition> {
        let bad = || BadCondition::Glob {
            claim: claim.to_owned(),
            glob: glob.to_owned(),
        };
        if glob.len() > GLOB_BYTES_MAX {
            return Err(bad());
        }
        let mut expression = String::from("^");
        let mut rest = glob;
        while let Some(character) = rest.chars().next() {
            let (part, taken) = match character {
                '*' if rest.starts_with("**") => (".*".to_owned(), 2),
                '*' => ("[^/]*".to_owned(), 1),
                '?' => ("[^/]".to_owned(), 1),
                other => (regex::escape(other.encode_utf8(&mut [0; 4])), other.len_utf8()),
            };
            expression += &part;
            rest = &rest[taken..];
        }
        expression.push('$');
        // By default `.` is any character but a line feed, and a claim may have one.
        let built = RegexBuilder::new(&expression).dot_matches_new_line(true).build();
        built.map(Pattern::Glob).map_err(|_| bad())
    }
}

/// A pattern as a configuration writes it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a text, an integer, true or false, { glob = \"…\" } or { contains = \"…\" }"
)]
pub(super) enum PatternText {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Glob(GlobText),
    Contains(ContainsText),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlobText {
    glob: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContainsText {
    contains: String,
}

/// A ref or a URL with a few stars in it.
const GLOB_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stays_between_its_slashes() {
        let matches = |glob: &str, text: &str| Pattern::glob(glob, "ref").unwrap().matches(&json!(text));
        for (glob, text) in [
            ("refs/heads/*", "refs/heads/main"),
            ("refs/heads/*", "refs/heads/"),
            ("refs/tags/v?.*", "refs/tags/v1.2.3"),
            ("refs/**", "refs/heads/a/b"),
            ("**/main", "refs/heads/main"),
            ("a.b", "a.b"),
            ("*", "ü"),
            ("**", "a\nb"),
            ("[a]+(b)|^$", "[a]+(b)|^$"),
        ] {
            assert!(matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in [
            ("refs/heads/*", "refs/heads/a/b"),
            ("refs/heads/*", "xrefs/heads/a"),
            ("refs/heads/main", "refs/heads/main2"),
            ("a.b", "axb"),
            ("v?", "v"),
            ("v?", "v/"),
            ("a|b", "a"),
        ] {
            assert!(!matches(glob, text), "{glob} {text:?}");
        }
    }

    #[test]
    fn numbers_and_truth_values_count_as_their_text() {
        let exact = |text: &str| Pattern::Exact(text.to_owned());
        assert!(exact("123").matches(&json!("123")) && exact("123").matches(&json!(123)));
        assert!(exact("false").matches(&json!(false)) && exact("false").matches(&json!("false")));
        for other in [
            json!(null),
            json!(["123"]),
            json!({"123": 1}),
            json!(123.5),
            json!("0123"),
        ] {
            assert!(!exact("123").matches(&other), "{other}");
        }
        assert!(!exact("null").matches(&json!(null)));
        let contains = Pattern::Contains("a".to_owned());
        assert!(contains.matches(&json!(["b", "a"])));
        assert!(!contains.matches(&json!("a")) && !contains.matches(&json!([])) && !contains.matches(&json!([["a"]])));
    }
}
