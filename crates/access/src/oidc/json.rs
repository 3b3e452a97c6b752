//! JSON in which every name of an object stands once.
//!
//! Where a name stands twice, readers differ on which of the two counts, so that a token could say one thing to whoever signed it and
//! another thing here (RFC 7519, section 4; RFC 8725, 2.6).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What is wrong: fixed words, since the text may be part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadJson {
    #[error("not an object of JSON")]
    NotAnObject,
    #[error("an object with two members of one name")]
    Repeated,
}

/// One object, and nothing behind it. Nesting is bounded by `serde_json`, at 128 levels.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, BadJson> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = Once.deserialize(&mut deserializer);
    match (read, deserializer.end()) {
        (Ok(Value::Object(object)), Ok(())) => Ok(object),
        (Err(error), _) if error.to_string().starts_with(REPEATED) => Err(BadJson::Repeated),
        _ => Err(BadJson::NotAnObject),
    }
}

/// Reads any value.
#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a number"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(Value::Object(object))
    }
}

const REPEATED: &str = "two members of one name";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_once_at_any_depth() {
        for repeated in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"{"x":[{"a":1,"a":3}]}"#,
        ] {
            assert_eq!(object(repeated.as_bytes()), Err(BadJson::Repeated), "{repeated}");
        }
        assert!(object(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let deep = r#"{"a":"#.repeat(10_000);
        for bad in [
            "",
            "{",
            "[]",
            "1",
            "null",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            &deep,
        ] {
            assert_eq!(object(bad.as_bytes()), Err(BadJson::NotAnObject), "{bad:.40}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(BadJson::NotAnObject));
    }
}
