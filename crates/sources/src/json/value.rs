//! Parts of a payload as parts of an event.

use serde_json::{Map, Value, json};

use super::Node;

impl Node<'_> {
    /// The value as it may stand in an event: of at most `bytes_max` bytes, otherwise `{"omitted": "more than … bytes"}`. The raw
    /// bytes have what was left out.
    ///
    /// Numbers that a double may not hold exactly become text, as every other reader of RFC 8785 would round them.
    pub(crate) fn to_value(&self, bytes_max: usize) -> Value {
        let mut left = bytes_max;
        copy(self, &mut left).unwrap_or_else(|| json!({ "omitted": format!("more than {bytes_max} bytes") }))
    }
}

/// `None` if no bytes are left. Text counts as it stands, so that control characters may take six times as many.
fn copy(node: &Node<'_>, left: &mut usize) -> Option<Value> {
    let mut spend = |bytes: usize| {
        *left = left.checked_sub(bytes)?;
        Some(())
    };
    match node {
        Node::Null => spend(4).map(|()| Value::Null),
        Node::Bool(value) => spend(5).map(|()| Value::Bool(*value)),
        Node::Number(number) => {
            let text = number.to_string();
            spend(text.len())?;
            let is_exact = number.as_i64().is_some_and(|whole| whole.unsigned_abs() <= WHOLE_MAX);
            Some(if is_exact {
                Value::Number(number.clone())
            } else {
                Value::String(text)
            })
        }
        Node::Text(text) => {
            spend(text.len() + 2)?;
            Some(Value::String(text.to_string()))
        }
        Node::List(elements, length) if elements.len() == *length => {
            spend(2)?;
            let values: Option<_> = elements.iter().map(|element| copy(element, left)).collect();
            values.map(Value::Array)
        }
        Node::List(..) => None,
        Node::Object(members) => {
            spend(2)?;
            let mut object = Map::new();
            for (name, value) in members {
                *left = left.checked_sub(name.len() + 4)?;
                object.insert(name.to_string(), copy(value, left)?);
            }
            Some(Value::Object(object))
        }
    }
}

/// The largest whole number up to which a double holds every one: 2^53 - 1.
const WHOLE_MAX: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn numbers_that_a_double_does_not_hold_are_text() {
        let node =
            parse(br#"[9007199254740991,-9007199254740991,9007199254740992,18446744073709551615,1.5,true,null,"x"]"#)
                .unwrap();
        let expected = json!([
            9007199254740991_i64,
            -9007199254740991_i64,
            "9007199254740992",
            "18446744073709551615",
            "1.5",
            true,
            null,
            "x"
        ]);
        assert_eq!(node.to_value(1000), expected);
    }

    #[test]
    fn what_is_too_long_is_said_to_be_left_out() {
        let omitted = json!({ "omitted": "more than 50 bytes" });
        for text in [
            format!("\"{}\"", "x".repeat(49)),
            format!("[{}]", vec!["0"; 101].join(",")),
            format!("{{\"{}\":0}}", "x".repeat(60)),
            format!("[{}]", vec!["null"; 13].join(",")),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_value(50), omitted, "{text}");
        }
        assert_eq!(parse(br#"{"a":["b"]}"#).unwrap().to_value(50), json!({"a": ["b"]}));
    }
}
