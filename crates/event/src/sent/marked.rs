//! Comparing what was sent with what was kept, where marks may stand in place of secrets.

use serde_json::{Map, Value};

use crate::redact::MARK;

/// Whether both are the same but for marks in the strings of what was kept, and in its keys.
pub(super) fn same_but_marked(sent: &Value, kept: &Value) -> bool {
    match (sent, kept) {
        (Value::String(sent), Value::String(kept)) => text_matches(sent, kept),
        // A number that was a secret is a mark now.
        (Value::Number(_), Value::String(kept)) => {
            literals(kept).is_some_and(|texts| texts.iter().all(|text| text.is_empty()))
        }
        (Value::Array(sent), Value::Array(kept)) => {
            sent.len() == kept.len() && sent.iter().zip(kept).all(|(sent, kept)| same_but_marked(sent, kept))
        }
        (Value::Object(sent), Value::Object(kept)) => map_matches(sent, kept),
        _ => sent == kept,
    }
}

fn map_matches(sent: &Map<String, Value>, kept: &Map<String, Value>) -> bool {
    if sent.len() != kept.len() {
        return false;
    }
    let mut unmatched: Vec<(&String, &Value)> = sent.iter().filter(|(key, _)| !kept.contains_key(*key)).collect();
    kept.iter().all(|(key, kept)| match sent.get(key) {
        Some(sent) => same_but_marked(sent, kept),
        None => {
            let found = unmatched.iter();
            let found = found
                .clone()
                .position(|(name, sent)| text_matches(name, key) && same_but_marked(sent, kept));
            found.map(|place| unmatched.swap_remove(place)).is_some()
        }
    })
}

/// Whether `kept` is `sent` with marks in place of parts of it.
fn text_matches(sent: &str, kept: &str) -> bool {
    if sent == kept {
        return true;
    }
    // In a string that holds JSON a number that was a secret is a mark in quotes.
    let unquoted = || kept.replace(&format!("\"{MARK}"), MARK).replace("]\"", "]");
    matches_around_marks(sent, kept) || matches_around_marks(sent, &unquoted())
}

fn matches_around_marks(sent: &str, kept: &str) -> bool {
    let Some(literals) = literals(kept) else { return false };
    let [first, middle @ .., last] = literals.as_slice() else {
        return false;
    };
    let Some(rest) = sent.strip_prefix(first) else {
        return false;
    };
    let Some(mut rest) = rest.strip_suffix(last) else {
        return false;
    };
    for literal in middle {
        let Some((_, after)) = rest.split_once(literal) else {
            return false;
        };
        rest = after;
    }
    true
}

/// What stands around the marks of a text; `None` if it has none.
fn literals(kept: &str) -> Option<Vec<&str>> {
    let mut literals = Vec::new();
    let mut rest = kept;
    while let Some((before, after)) = rest.split_once(MARK) {
        let (_, after) = after.split_once(']')?;
        literals.push(before);
        rest = after;
    }
    literals.push(rest);
    (literals.len() > 1).then_some(literals)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a table of values reads better without references"
    )]
    fn check(sent: Value, kept: Value, expected: bool) {
        assert_eq!(same_but_marked(&sent, &kept), expected, "{sent} {kept}");
    }

    #[test]
    fn only_marks_may_differ() {
        check(json!("a secret b"), json!("a [redacted: token] b"), true);
        check(json!("secret"), json!("[redacted: token]"), true);
        check(json!("x and y"), json!("[redacted: token] and [redacted: jwt]"), true);
        check(json!("a secret b"), json!("a [redacted: token] c"), false);
        check(json!("a secret b"), json!("b [redacted: token] b"), false);
        check(json!("ab"), json!("ab[redacted: token]b"), false);
        check(json!("x or y"), json!("[redacted: token] and [redacted: jwt]"), false);
        check(json!("secret"), json!("[redacted: token"), false);
        check(json!("secret"), json!("[redacted]"), false);
        check(json!("secret"), json!("other"), false);
        check(json!(7), json!("[redacted: token]"), true);
        check(json!(7), json!("7[redacted: token]"), false);
        check(json!(null), json!("[redacted: token]"), false);
        check(json!([1]), json!("[redacted: token]"), false);
        check(json!({"a": 1}), json!("[redacted: token]"), false);
        check(json!("{\"pin\":7}"), json!("{\"pin\":\"[redacted: token]\"}"), true);
        check(json!("{\"pin\":7}"), json!("{\"pun\":\"[redacted: token]\"}"), false);
        check(json!(["x", 1]), json!(["[redacted: token]", 1]), true);
        check(json!(["x", 1]), json!(["[redacted: token]", 2]), false);
        check(json!(["x", 1]), json!(["[redacted: token]"]), false);
        check(
            json!({"a": "x", "b": 1}),
            json!({"a": "[redacted: token]", "b": 1}),
            true,
        );
        check(json!({"ghp": 1, "b": 1}), json!({"[redacted: token]": 1, "b": 1}), true);
        check(
            json!({"ghp": 1, "b": 1}),
            json!({"[redacted: token]": 2, "b": 1}),
            false,
        );
        check(json!({"ghp": 1, "b": 1}), json!({"other": 1, "b": 1}), false);
        check(json!({"a": 1}), json!({"a": 1, "b": 1}), false);
    }
}
