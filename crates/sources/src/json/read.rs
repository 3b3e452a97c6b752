//! Reading JSON that may be hostile.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::Node;

/// Reads one value of JSON (RFC 8259), and nothing behind it.
///
/// Keeps at most [`VALUES_MAX`] values, of each list the first [`ELEMENTS_MAX`]; text is borrowed if it has no escapes. So it needs
/// at most 100,000 x 64 B = 6.4 MB, twice that while lists grow, beside one copy of what has escapes.
///
/// # Errors
///
/// It is not JSON, not UTF-8, has a surrogate alone, a number that is beyond a double, two members of one name in an object, more
/// than 127 levels, or more values than are kept.
pub(crate) fn parse(text: &[u8]) -> Result<Node<'_>, serde_json::Error> {
    let left = Cell::new(VALUES_MAX);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let node = Reader { left: &left }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(node)
}

/// Reads a value as long as there are some left to be kept.
#[derive(Clone, Copy)]
struct Reader<'c> {
    left: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| D::Error::custom("more values than are read"))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node<'de>, E> {
        Number::from_f64(value)
            .map(Node::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < ELEMENTS_MAX {
            match list.next_element_seed(self)? {
                Some(element) => elements.push(element),
                None => break,
            }
        }
        let mut length = elements.len();
        while length >= ELEMENTS_MAX && list.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(Node::List(elements, length))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, map.next_value_seed(self)?));
        }
        members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        // Readers differ on which of the two counts: who signed it meant one, who checks it may see the other.
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom("an object has two members of one name"));
        }
        Ok(Node::Object(members))
    }
}

/// Reads the name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// The largest of GitHub's published examples have 800 values. What people can put into a payload freely (`client_payload`, 64 KiB)
/// has at most 32,768; a push of 2,048 commits keeps 100 of them, with 100 names of files each in three lists: 32,500.
const VALUES_MAX: usize = 100_000;
/// As many as an event has targets.
pub(crate) const ELEMENTS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Node<'_>> {
        parse(text.as_bytes()).ok()
    }

    #[test]
    fn what_is_not_one_value_of_json_is_refused() {
        let deep = |levels| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(&deep(127)).is_some());
        for bad in [
            "",
            "{",
            "[1,]",
            "{} {}",
            "\u{feff}{}",
            "1e999",
            "-1e999",
            "NaN",
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":{"a":1,"c":2,"a":3}}"#,
            "\"\u{1}\"",
            &deep(128),
            &deep(200_000),
            &r#"{"a":"#.repeat(200_000),
        ] {
            assert_eq!(read(bad), None, "{:.60}", bad);
        }
        parse(b"\"\xff\"").unwrap_err();
    }

    #[test]
    fn of_a_long_list_the_first_are_kept_and_all_are_counted() {
        for length in [0, 1, 99, 100, 101, 200_000] {
            let text = format!("[{}]", vec!["7"; length].join(","));
            let Some(Node::List(kept, counted)) = read(&text) else {
                panic!("{length}")
            };
            assert_eq!((kept.len(), counted), (length.min(ELEMENTS_MAX), length));
        }
    }

    #[test]
    fn more_values_than_are_kept_are_refused() {
        let object = |members: usize| {
            let members: Vec<_> = (0..members).map(|n| format!("\"{n}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(read(&object(VALUES_MAX - 1)).is_some());
        assert!(read(&object(VALUES_MAX)).is_none());
    }

    #[test]
    fn numbers_are_identities_only_if_they_are_whole() {
        let node =
            read(r#"{"a":18446744073709551615,"b":18446744073709551616,"c":1.0,"d":"7","e":"","f":null,"g":-3}"#)
                .unwrap();
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| node.id(name));
        let expected = [
            Some("18446744073709551615"),
            None,
            None,
            Some("7"),
            None,
            None,
            Some("-3"),
            None,
        ];
        assert_eq!(ids, expected.map(|id| id.map(str::to_owned)));
    }
}
