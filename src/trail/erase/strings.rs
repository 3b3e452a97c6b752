//! The strings of JSON, as they read: by the quotation marks alone, so that also what is too deep, has a key twice, or breaks off is
//! looked through.

use zeroize::Zeroizing;

/// What stands between quotation marks, as it is escaped.
pub(super) fn literals(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|&byte| byte == b'"')?;
        let (literal, behind) = rest[start + 1..].split_at(literal_length(&rest[start + 1..]));
        rest = behind.get(1..).unwrap_or_default();
        Some(literal)
    })
}

/// Up to the quotation mark that ends it, or to the end.
fn literal_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A string as it reads. What is no escape stays as it is, and half of a surrogate pair becomes U+FFFD.
pub(super) fn unescaped(literal: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(literal.len()));
    let mut rest = literal;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, behind)) = rest.split_first() else {
            break;
        };
        rest = behind;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (character, used) = character(rest);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[used..];
            }
            other => out.push(other),
        }
    }
    out
}

/// What follows `\u`, and how many bytes that takes.
fn character(rest: &[u8]) -> (char, usize) {
    let Some(unit) = unit(rest) else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    if !(0xd800..0xdc00).contains(&unit) {
        return (char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 4);
    }
    let low = rest
        .get(4..)
        .and_then(|rest| rest.strip_prefix(b"\\u"))
        .and_then(self::unit);
    match low {
        Some(low @ 0xdc00..0xe000) => {
            let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
        }
        _ => (char::REPLACEMENT_CHARACTER, 4),
    }
}

fn unit(rest: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(rest.get(..4)?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, 16).ok()
}
