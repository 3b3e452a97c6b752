//! Values whose shape the sender chose.

use serde_json::{Map, Number, Value};

use super::{DEPTH_MAX, INTEGER_MAX, MEMBER_BYTES_MAX, text::write_text};

/// Why a value cannot stand in a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A number that is not an integer, or a larger one than every reader of JSON keeps exactly.
    #[error("the number {number} is not an integer within ±(2^53 - 1); write it as a string")]
    Number {
        /// How it is written.
        number: String,
    },
    /// Arrays and objects lie too deep in each other.
    #[error("more than {DEPTH_MAX} arrays and objects lie in each other")]
    TooDeep,
    /// It is too long.
    #[error("its canonical JSON has more than {MEMBER_BYTES_MAX} bytes")]
    TooLong,
    /// The hash of the raw bytes is none.
    #[error("{found:?} is not 64 lowercase hex digits")]
    Sha256 {
        /// How it begins.
        found: String,
    },
}

/// Appends a value, `around` arrays and objects deep. What is longer than a member may be is given up early, wherever it began.
pub(super) fn write_value(out: &mut Vec<u8>, value: &Value, around: usize, limit: usize) -> Result<(), Unfit> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(out, number)?,
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            let around = deeper(around)?;
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_value(out, item, around, limit)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => write_map(out, fields, around, limit)?,
    }
    if out.len() > limit { Err(Unfit::TooLong) } else { Ok(()) }
}

/// Appends an object, its keys sorted as UTF-16 (RFC 8785, 3.2.3).
pub(super) fn write_map(
    out: &mut Vec<u8>,
    fields: &Map<String, Value>,
    around: usize,
    limit: usize,
) -> Result<(), Unfit> {
    let around = deeper(around)?;
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push(b'{');
    for (place, (key, value)) in sorted.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write_text(out, key);
        out.push(b':');
        write_value(out, value, around, limit)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_number(out: &mut Vec<u8>, number: &Number) -> Result<(), Unfit> {
    let magnitude = number
        .as_u64()
        .or_else(|| number.as_i64().map(i64::unsigned_abs))
        .filter(|&magnitude| magnitude <= INTEGER_MAX);
    if magnitude.is_none() {
        return Err(Unfit::Number {
            number: number.to_string(),
        });
    }
    out.extend_from_slice(number.to_string().as_bytes());
    Ok(())
}

fn deeper(around: usize) -> Result<usize, Unfit> {
    if around == DEPTH_MAX {
        return Err(Unfit::TooDeep);
    }
    Ok(around + 1)
}
