//! The text that is looked for, and where it is found: in strings as they read, not as they are escaped or encoded.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::strings::{literals, unescaped};

/// A text that what is to be erased contains. It is compared as it is, also by the case of its letters.
pub struct Needle {
    text: Zeroizing<String>,
    /// Those letters of its base64 that do not depend on what stands around it.
    encoded: Vec<Zeroizing<String>>,
}

/// A needle, made ready to look into much.
pub(super) struct Search<'n> {
    finders: Vec<Finder<'n>>,
    /// In a form a blank is a plus sign.
    has_blank: bool,
}

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
            1..=NEEDLE_BYTES_MAX => Ok(Needle {
                encoded: base64_forms(text.as_bytes()),
                text,
            }),
            length => Err(BadNeedle { length }),
        }
    }

    pub(super) fn search(&self) -> Search<'_> {
        let texts = std::iter::once(&self.text).chain(&self.encoded);
        Search {
            finders: texts.map(|text| Finder::new(text.as_bytes())).collect(),
            has_blank: self.text.contains(' '),
        }
    }
}

impl Search<'_> {
    /// Whether a string of JSON, or a key in it, contains the text. `json` is the value of a member.
    pub(super) fn in_member(&self, json: &str) -> bool {
        let json = json.as_bytes();
        // Without an escape a string reads as it stands there.
        let may = self.may_be_encoded(json) || self.stands_in(json);
        may && literals(json).any(|literal| self.in_literal(literal, LAYERS_MAX))
    }

    /// Whether the bytes that an event came as contain the text: as they are, in a string of the JSON that they may be, or in the form
    /// that they may be.
    pub(super) fn in_raw(&self, raw: &[u8]) -> bool {
        self.within(raw, LAYERS_MAX)
    }

    /// Looks into the bytes as they are, and as what they may encode.
    fn within(&self, bytes: &[u8], layers: u8) -> bool {
        if self.stands_in(bytes) {
            return true;
        }
        if layers == 0 || !self.may_be_encoded(bytes) {
            return false;
        }
        let escaped = bytes.contains(&b'\\');
        (escaped && literals(bytes).any(|literal| literal.contains(&b'\\') && self.in_literal(literal, layers)))
            || self.in_percent_encoded(bytes, layers)
    }

    fn in_literal(&self, literal: &[u8], layers: u8) -> bool {
        match literal.contains(&b'\\') {
            true => self.within(&unescaped(literal), layers - 1),
            false => self.within(literal, layers),
        }
    }

    fn in_percent_encoded(&self, bytes: &[u8], layers: u8) -> bool {
        if let Cow::Owned(decoded) = Cow::from(percent_decode(bytes))
            && self.within(&Zeroizing::new(decoded), layers - 1)
        {
            return true;
        }
        if !self.has_blank || !bytes.contains(&b'+') {
            return false;
        }
        let blanks: Vec<u8> = bytes
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte })
            .collect();
        let blanks = Zeroizing::new(blanks);
        let decoded = Zeroizing::new(Cow::from(percent_decode(&blanks)).into_owned());
        self.within(&decoded, layers - 1)
    }

    /// The text as it is, or in base64.
    fn stands_in(&self, bytes: &[u8]) -> bool {
        self.finders.iter().any(|finder| finder.find(bytes).is_some())
    }

    fn may_be_encoded(&self, bytes: &[u8]) -> bool {
        memchr::memchr2(b'\\', b'%', bytes).is_some() || (self.has_blank && bytes.contains(&b'+'))
    }
}

/// Tells nothing: the text is what somebody wants to be forgotten.
impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Needle(…)")
    }
}

/// What all base64 of anything with this text in it contains, for each of the three places in a group of three bytes where the text may
/// begin, and in both alphabets. None for a text of which so few letters are certain that anything could have them.
fn base64_forms(text: &[u8]) -> Vec<Zeroizing<String>> {
    let mut forms: Vec<Zeroizing<String>> = Vec::new();
    if text.len() < ENCODED_BYTES_MIN {
        return forms;
    }
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let mut bytes = Zeroizing::new(vec![0; before]);
            bytes.extend_from_slice(text);
            let encoded = Zeroizing::new(engine.encode(&bytes));
            // A letter has six bits: those that have one of a byte in front of the text, or behind it, are not certain.
            let certain = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
            let form = Zeroizing::new(encoded[certain].to_owned());
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Longer than any name, address or token of a person.
pub const NEEDLE_BYTES_MAX: usize = 4096;

/// Of five bytes six letters of base64 are certain: by chance they stand once in 70 GB.
const ENCODED_BYTES_MIN: usize = 5;

/// A form with JSON in it that has a string with a URL in it. Each layer looks at most at three times the bytes of the one outside it,
/// so that all of them look at no more than 40 times the bytes of a body that was made for that.
const LAYERS_MAX: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn in_member(text: &str, json: &str) -> bool {
        Needle::new(text).unwrap().search().in_member(json)
    }

    fn in_raw(text: &str, raw: &[u8]) -> bool {
        Needle::new(text).unwrap().search().in_raw(raw)
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
            // What a URL encodes, or a string that is JSON itself.
            ("octo@x.example", r#"["https://a.example/?q=octo%40x.example"]"#, true),
            ("Octo Cat", r#"["https://a.example/?q=Octo+Cat"]"#, true),
            ("Octo Cat", r#"["https://a.example/?q=Octo%20Cat&r=%"]"#, true),
            ("Octo+Cat", r#"["Octo+Cat"]"#, true),
            ("octo@x.example", r#"["{\"mail\":\"octo\\u0040x.example\"}"]"#, true),
            ("octo%40x.example", r#"["octo%40x.example"]"#, true),
        ] {
            assert_eq!(in_member(text, json), found, "{text} in {json}");
        }
    }

    #[test]
    fn raw_bytes_are_compared_as_they_are_and_as_what_they_encode() {
        for (text, raw, found) in [
            ("583231", &br#"{"sender":{"id":583231}}"#[..], true),
            ("octo@x.example", br#"{"a":1,"a":"octo\u0040x.example"}"#, true),
            ("octo", b"\xff\xfeocto", true),
            ("octo", b"\xff\xfeOcto", false),
            ("gone", b"", false),
            // A form, as GitHub sends it: the JSON in it has escapes of its own.
            (
                "octo@x.example",
                b"payload=%7B%22mail%22%3A%22octo%40x.example%22%7D",
                true,
            ),
            (
                "octo@x.example",
                b"payload=%7B%22mail%22%3A%22octo%5Cu0040x.example%22%7D",
                true,
            ),
            ("Octo Cat", b"payload=%7B%22name%22%3A%22Octo+Cat%22%7D", true),
            ("Octo Cat", b"name=Octo+Cat", true),
            ("Octo+Cat", b"name=Octo%2BCat", true),
            // Of what may be encoded twice the outer form is not known: it is rather found than missed, and whoever erases sees the list.
            ("Octo Cat", b"name=Octo%2BCat", true),
            ("Zo\u{eb}", b"name=Zo%C3%AB", true),
            (
                "octo@x.example",
                b"payload=%7B%22mail%22%3A%22nobody%40x.example%22%7D",
                false,
            ),
        ] {
            assert_eq!(in_raw(text, raw), found, "{text} in {}", String::from_utf8_lossy(raw));
        }
    }

    /// All letters in front of it and behind it, in both alphabets: what stands around a text decides which letters its base64 has.
    #[test]
    fn base64_is_found_wherever_in_a_group_the_text_begins_and_ends() {
        for text in ["octo@x.example", "Ada?>~", "fifth", "\u{ff}\u{3ff}\u{ff}"] {
            for (before, behind) in (0..4).flat_map(|before| (0..4).map(move |behind| (before, behind))) {
                for filler in [b'a', 0xff, 0] {
                    let mut bytes = vec![filler; before];
                    bytes.extend_from_slice(text.as_bytes());
                    bytes.extend(vec![filler; behind]);
                    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                        let encoded = engine.encode(&bytes);
                        assert!(in_raw(text, encoded.as_bytes()), "{text} {before} {behind}: {encoded}");
                        assert!(in_member(text, &format!("{{\"data\":\"{encoded}\"}}")), "{encoded}");
                        let form = format!("data={}", encoded.replace('/', "%2F").replace('+', "%2B"));
                        assert!(in_raw(text, form.as_bytes()), "{form}");
                    }
                    bytes[before] ^= 1;
                    assert!(!in_raw(text, STANDARD_NO_PAD.encode(&bytes).as_bytes()));
                }
            }
        }
        // Of a short text almost nothing is certain.
        assert!(!in_raw("Bob", STANDARD_NO_PAD.encode("Bob").as_bytes()));
    }

    /// A body that encodes itself again and again is looked into as deep as there are layers, and no deeper.
    #[test]
    fn layers_end() {
        let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let mut body = "octo@x.example".to_owned();
        for layers in 0..6 {
            assert_eq!(
                in_raw("octo@x.example", body.as_bytes()),
                layers <= LAYERS_MAX,
                "{layers}"
            );
            body = encode(&body);
        }
    }

    #[test]
    fn it_is_of_some_length_and_is_not_told() {
        assert_eq!(format!("{:?}", Needle::new("secret").unwrap()), "Needle(…)");
        assert_eq!(Needle::new("").unwrap_err(), BadNeedle { length: 0 });
        assert!(Needle::new("x".repeat(NEEDLE_BYTES_MAX)).is_ok());
        assert!(Needle::new("x".repeat(NEEDLE_BYTES_MAX + 1)).is_err());
    }
}
