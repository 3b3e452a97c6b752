//! The text that is looked for, and where it is found: in strings as they read, not as they are escaped.

use zeroize::Zeroizing;

/// A text that what is to be erased contains. It is compared as it is, also by the case of its letters.
pub struct Needle(Zeroizing<String>);

/// Why a text is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has {length} bytes; 1 to {NEEDLE_BYTES_MAX} are looked for")]
pub struct BadNeedle {
    /// How long it is.
    pub length: usize,
}

impl Needle {
    /// Looks for this text.
    ///
    /// # Errors
    ///
    /// If it is empty, which everything contains, or longer than [`NEEDLE_BYTES_MAX`].
    pub fn new(text: impl Into<String>) -> Result<Needle, BadNeedle> {
        let text = Zeroizing::new(text.into());
        match text.len() {
            1..=NEEDLE_BYTES_MAX => Ok(Needle(text)),
            length => Err(BadNeedle { length }),
        }
    }

    /// Whether a string of a member, or a key in it, contains the text. `json` is the member's value.
    pub(super) fn in_member(&self, json: &str) -> bool {
        // Without an escape a string reads as it stands there.
        let may = json.contains('\\') || json.contains(self.0.as_str());
        may && self.in_strings(json.as_bytes())
    }

    /// Whether the bytes that an event came as contain the text: as they are, or in a string of the JSON that they may be.
    pub(super) fn in_raw(&self, raw: &[u8]) -> bool {
        contains(raw, self.0.as_bytes()) || (raw.contains(&b'\\') && self.in_strings(raw))
    }

    /// Goes by the quotation marks alone: also what is too deep, has a key twice, or breaks off is looked through.
    fn in_strings(&self, json: &[u8]) -> bool {
        let mut rest = json;
        while let Some(start) = rest.iter().position(|&byte| byte == b'"') {
            rest = &rest[start + 1..];
            let (literal, behind) = rest.split_at(literal_length(rest));
            let found = match literal.contains(&b'\\') {
                true => contains(&unescaped(literal), self.0.as_bytes()),
                false => contains(literal, self.0.as_bytes()),
            };
            if found {
                return true;
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        false
    }
}

/// Tells nothing: the text is what somebody wants to be forgotten.
impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Needle(…)")
    }
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
fn unescaped(literal: &[u8]) -> Zeroizing<Vec<u8>> {
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

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    match (std::str::from_utf8(bytes), std::str::from_utf8(text)) {
        // The search of strings is the quicker one by far.
        (Ok(bytes), Ok(text)) => bytes.contains(text),
        _ => bytes.windows(text.len()).any(|window| window == text),
    }
}

/// Longer than any name, address or token of a person.
pub const NEEDLE_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(text: &str) -> Needle {
        Needle::new(text).unwrap()
    }

    #[test]
    fn strings_are_compared_as_they_read() {
        for (text, json, found) in [
            ("Zoë", r#"{"name":"Zo\u00eb Q"}"#, true),
            ("Zoë", r#"{"name":"Zoë Q"}"#, true),
            ("zoë", r#"{"name":"Zoë Q"}"#, false),
            ("😀", r#"["\ud83d\ude00"]"#, true),
            ("a/b", r#"["a\/b"]"#, true),
            ("say \"hi\"", r#"["say \"hi\""]"#, true),
            ("key", r#"{"the key":1}"#, true),
            // Neither what lies between strings nor an escape is part of a string.
            ("nora", r#"["\nora"]"#, false),
            ("\",\"", r#"["a","b"]"#, false),
            ("12", r#"{"id":12}"#, false),
            ("x", r#"["\ud83dx"]"#, true),
            ("end", r#"["no end"#, true),
        ] {
            assert_eq!(needle(text).in_member(json), found, "{text} in {json}");
        }
    }

    #[test]
    fn raw_bytes_are_compared_as_they_are_and_as_json() {
        for (text, raw, found) in [
            ("583231", &br#"{"sender":{"id":583231}}"#[..], true),
            ("octo@x.example", br#"{"a":1,"a":"octo\u0040x.example"}"#, true),
            ("octo", b"\xff\xfeocto", true),
            ("octo", b"\xff\xfeOcto", false),
            ("gone", b"", false),
        ] {
            assert_eq!(needle(text).in_raw(raw), found, "{text}");
        }
        assert_eq!(format!("{:?}", needle("secret")), "Needle(…)");
        assert_eq!(Needle::new("").unwrap_err(), BadNeedle { length: 0 });
        assert!(Needle::new("x".repeat(NEEDLE_BYTES_MAX)).is_ok());
        assert!(Needle::new("x".repeat(NEEDLE_BYTES_MAX + 1)).is_err());
    }
}
