//! A deserializer around another, and a visitor around what that calls.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::parts::{Fields, Items};

/// Reads as `inner` does, and refuses what that would let pass.
pub(super) struct Strict<'l, D> {
    pub(super) inner: D,
    pub(super) left: &'l Cell<usize>,
}

impl<'de, D: Deserializer<'de>> Strict<'_, D> {
    fn read<V: Visitor<'de>>(self, visitor: V, shape: Shape) -> Result<V::Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| D::Error::custom("more values than are read at once"))?);
        let left = self.left;
        self.inner.deserialize_any(Strictly { visitor, left, shape })
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.read(visitor, Shape::Any)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.read(visitor, Shape::Structure)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.read(visitor, Shape::Word)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let (left, shape) = (self.left, Shape::Any);
        self.inner.deserialize_option(Strictly { visitor, left, shape })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Any,
    /// An object.
    Structure,
    /// One text of several.
    Word,
}

/// Takes what `inner` found, and hands on what lies in it to be read strictly.
struct Strictly<'l, V> {
    visitor: V,
    left: &'l Cell<usize>,
    shape: Shape,
}

impl<'de, V: Visitor<'de>> Strictly<'_, V> {
    fn is_no<E: Error>(&self, found: Unexpected<'_>) -> Result<(), E> {
        match self.shape {
            Shape::Any => Ok(()),
            Shape::Structure => Err(E::invalid_type(found, &"an object")),
            Shape::Word => Err(E::invalid_type(found, &"a word")),
        }
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strictly<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.is_no(Unexpected::Unit)?;
        self.visitor.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let left = self.left;
        self.visitor.visit_some(Strict { inner, left })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.is_no(Unexpected::Bool(value))?;
        self.visitor.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.is_no(Unexpected::Signed(value))?;
        self.visitor.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.is_no(Unexpected::Unsigned(value))?;
        self.visitor.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.is_no(Unexpected::Float(value))?;
        self.visitor.visit_f64(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match self.shape {
            Shape::Any => self.visitor.visit_str(text),
            Shape::Structure => Err(E::invalid_type(Unexpected::Str(text), &"an object")),
            Shape::Word => self.visitor.visit_enum(text.into_deserializer()),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        match self.shape {
            Shape::Any => self.visitor.visit_borrowed_str(text),
            Shape::Structure | Shape::Word => self.visit_str(text),
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        match self.shape {
            Shape::Any => self.visitor.visit_string(text),
            Shape::Structure | Shape::Word => self.visit_str(&text),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.is_no(Unexpected::Seq)?;
        let left = self.left;
        self.visitor.visit_seq(Items { inner, left })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        if self.shape == Shape::Word {
            return Err(A::Error::invalid_type(Unexpected::Map, &"a word"));
        }
        self.visitor.visit_map(Fields {
            inner,
            left: self.left,
            seen: BTreeSet::new(),
        })
    }
}
