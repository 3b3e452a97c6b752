//! Signed notes (C2SP signed-note): a text, and lines that sign it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

use crate::{
    key::KeyId,
    name::{BadKeyName, KeyName},
    signing::SigningKey,
    text,
    verified::Verified,
    verifier::VerifierKey,
};

/// A well-formed signed note, of which nobody has checked a signature yet.
///
/// [`Display`](fmt::Display) and [`Note::as_str`] give the very bytes that were parsed, with all signature lines: those of
/// unknown keys and unknown types are carried along as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The whole note. The text is its first `text_len` bytes; an empty line and the signature lines follow.
    raw: String,
    text_len: usize,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a note.
    ///
    /// A note is UTF-8 without control bytes other than LF and ends in LF; what precedes its last empty line is the text. There
    /// are 1 to 100 signature lines and at most 1,000,000 bytes. The cost is linear in the length.
    ///
    /// # Errors
    ///
    /// The first of these rules that does not hold.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedNote> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(MalformedNote::TooLong { length: bytes.len() });
        }
        let raw = str::from_utf8(bytes).map_err(|error| MalformedNote::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        check_lines(raw)?;
        let text_len = raw.rfind("\n\n").ok_or(MalformedNote::NoEmptyLine)? + 1;
        let first_line = raw[..text_len].matches('\n').count() + 2;
        Ok(Self {
            signatures: parse_signatures(&raw[text_len + 1..], first_line)?,
            raw: raw.to_owned(),
            text_len,
        })
    }

    /// Signs a text with each of the keys, in this order. The text keeps its final LF and may contain empty lines.
    ///
    /// # Errors
    ///
    /// If the result would not be a note that [`Note::parse`] reads: the text is the caller's responsibility.
    pub fn sign(text: String, signers: &[&SigningKey]) -> Result<Self, MalformedNote> {
        check_lines(&text)?;
        check_count(signers.len())?;
        let signatures = signers.iter().map(|key| SignatureLine::sign(&text, key)).collect();
        Self::from_lines(text, signatures)
    }

    /// Puts a note together; the text is that of a note.
    pub(crate) fn from_lines(text: String, signatures: Vec<SignatureLine>) -> Result<Self, MalformedNote> {
        check_count(signatures.len())?;
        let text_len = text.len();
        let length = text_len + 1 + signatures.iter().map(SignatureLine::length).sum::<usize>();
        if length > NOTE_BYTES_MAX {
            return Err(MalformedNote::TooLong { length });
        }
        let mut raw = text;
        raw.reserve_exact(length - text_len);
        raw.push('\n');
        for line in &signatures {
            line.write(&mut raw);
        }
        Ok(Self {
            raw,
            text_len,
            signatures,
        })
    }

    /// Checks the signatures of the keys that are trusted here.
    ///
    /// A line whose name and id together are those of no such key is ignored, even if one of the two is known. Each line of a
    /// known key must hold, also when a key signed twice: a second valid line adds nothing and harms nobody, an invalid one shows
    /// that the note was tampered with. Costs one verification (45 µs) for each line of a known key.
    ///
    /// # Errors
    ///
    /// If a line of a known key does not hold, or if there is none.
    pub fn open(self, keys: &[VerifierKey]) -> Result<Verified<Self>, NotVerified> {
        self.check(keys)?;
        Ok(Verified::after_check(self))
    }

    /// The text that is signed, with its final LF.
    pub fn text(&self) -> &str {
        &self.raw[..self.text_len]
    }

    /// The signature lines in the order of the note: at least one.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The whole note.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// What [`Note::open`] does, for callers within the crate that keep the note.
    pub(crate) fn check(&self, keys: &[VerifierKey]) -> Result<(), NotVerified> {
        let mut verified = false;
        for line in &self.signatures {
            // Ids collide: two trusted keys may share name and id, and the line is good if it holds under one of them.
            let mut candidates = keys.iter().filter(|key| line.is_by(key.name(), key.id())).peekable();
            if candidates.peek().is_none() {
                continue;
            }
            if !candidates.any(|key| key.public().verify(self.text().as_bytes(), &line.signature).is_ok()) {
                return Err(NotVerified::BadSignature {
                    name: line.name.clone(),
                    id: line.id,
                });
            }
            verified = true;
        }
        if verified {
            return Ok(());
        }
        let first = self.signatures.first().expect("a note has at least one signature line");
        Err(NotVerified::NoKnownKey {
            lines: self.signatures.len(),
            first_name: first.name.clone(),
            first_id: first.id,
        })
    }
}

/// The line with its LF, as it stands in a note.
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::with_capacity(self.length());
        self.write(&mut line);
        f.write_str(&line)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// One signature line: who claims to have signed, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: KeyName,
    id: KeyId,
    /// What follows the key id; its form depends on the type of the key, which only the key's owner and the verifier know.
    signature: Vec<u8>,
}

impl SignatureLine {
    /// The name of the key that is said to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of that key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Reads nothing but signature lines, as a witness answers them: each ends in LF, and there are 1 to 100.
    ///
    /// # Errors
    ///
    /// As for the lines of a note; they are counted from 1.
    pub fn parse_lines(bytes: &[u8]) -> Result<Vec<Self>, MalformedNote> {
        let text = str::from_utf8(bytes).map_err(|error| MalformedNote::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        check_lines(text)?;
        parse_signatures(text, 1)
    }

    pub(crate) fn new(name: KeyName, id: KeyId, signature: Vec<u8>) -> Self {
        Self { name, id, signature }
    }

    /// Whether this key is said to have made it.
    pub(crate) fn is_by(&self, name: &KeyName, id: KeyId) -> bool {
        self.name == *name && self.id == id
    }

    /// What follows the key id.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.signature
    }

    pub(crate) fn sign(text: &str, key: &SigningKey) -> Self {
        Self::new(key.name().clone(), key.id(), key.sign(text.as_bytes()).into())
    }

    /// Reads a line without its LF.
    fn parse(line: &str) -> Result<Self, MalformedSignatureLine> {
        let (name, payload) = line
            .strip_prefix(LINE_PREFIX)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(MalformedSignatureLine::NotASignature)?;
        let name = name.parse()?;
        let mut payload = text::base64(payload).ok_or(MalformedSignatureLine::Base64)?;
        match payload.first_chunk() {
            Some(&id) if payload.len() > id.len() => {
                let signature = payload.split_off(id.len());
                Ok(Self {
                    name,
                    id: KeyId::from_bytes(id),
                    signature,
                })
            }
            _ => Err(MalformedSignatureLine::Short { bytes: payload.len() }),
        }
    }

    /// The bytes of the line with its LF.
    fn length(&self) -> usize {
        let base64 = (KEY_ID_BYTES + self.signature.len()).div_ceil(3) * 4;
        LINE_PREFIX.len() + self.name.as_str().len() + 1 + base64 + 1
    }

    /// Writes the line with its LF.
    fn write(&self, out: &mut String) {
        out.push_str(LINE_PREFIX);
        out.push_str(self.name.as_str());
        out.push(' ');
        STANDARD.encode_string([self.id.as_bytes(), self.signature.as_slice()].concat(), out);
        out.push('\n');
    }
}

/// Why bytes are not a note. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedNote {
    /// The note is larger than anybody needs.
    #[error("the note has {length} bytes, at most {NOTE_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the note is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// The offset of the first bad byte.
        at: usize,
    },
    /// A control byte other than LF. CRLF line ends are a frequent cause.
    #[error("line {line} of the note holds the control byte {byte:02x}")]
    ControlByte {
        /// Where it stands.
        line: usize,
        /// The byte.
        byte: u8,
    },
    /// The last byte is not LF: the end may have been cut off.
    #[error("the note does not end in a newline")]
    NoFinalNewline,
    /// Nothing divides text and signatures.
    #[error("the note has no empty line between text and signatures")]
    NoEmptyLine,
    /// No signature line, or more than anybody needs.
    #[error("the note has {count} signature lines, 1 to {SIGNATURE_LINES_MAX} are allowed")]
    SignatureCount {
        /// How many there are.
        count: usize,
    },
    /// A line below the last empty line is not a signature.
    #[error("line {line} of the note: {reason}")]
    SignatureLine {
        /// The line.
        line: usize,
        /// What is wrong with it.
        reason: MalformedSignatureLine,
    },
}

/// Why a line is not a signature line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedSignatureLine {
    /// The frame of the line is missing.
    #[error("a signature line is an em dash, a space, a key name, a space and base64")]
    NotASignature,
    /// What stands for the key name is none.
    #[error(transparent)]
    Name(#[from] BadKeyName),
    /// The last field is not base64.
    #[error("the signature is not base64 with padding")]
    Base64,
    /// There is no signature behind the four bytes of the key id.
    #[error("a key id and a signature have more than 4 bytes, here are {bytes}")]
    Short {
        /// How many there are.
        bytes: usize,
    },
}

/// Why the signatures of a well-formed note do not make it trusted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotVerified {
    /// A trusted key is said to have signed this text, and has not.
    #[error("the signature by {name}+{id} does not hold")]
    BadSignature {
        /// The key's name.
        name: KeyName,
        /// The key's id.
        id: KeyId,
    },
    /// The note may be fine, but no key that is trusted here signed it.
    #[error("none of the {lines} signatures is by a trusted key, the first is by {first_name}+{first_id}")]
    NoKnownKey {
        /// How many signature lines there are.
        lines: usize,
        /// The name in the first of them.
        first_name: KeyName,
        /// The key id in the first of them.
        first_id: KeyId,
    },
}

/// Checks what holds for the text of a note and for a whole note alike.
fn check_lines(text: &str) -> Result<(), MalformedNote> {
    if let Some(at) = text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        let line = text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        return Err(MalformedNote::ControlByte {
            line,
            byte: text.as_bytes()[at],
        });
    }
    if text.ends_with('\n') {
        Ok(())
    } else {
        Err(MalformedNote::NoFinalNewline)
    }
}

/// Reads signature lines, of which the first stands in this line of the note.
fn parse_signatures(text: &str, first_line: usize) -> Result<Vec<SignatureLine>, MalformedNote> {
    let lines = || text.split_terminator('\n');
    check_count(lines().count())?;
    let signatures = lines().zip(first_line..).map(|(line, number)| {
        SignatureLine::parse(line).map_err(|reason| MalformedNote::SignatureLine { line: number, reason })
    });
    signatures.collect()
}

fn check_count(count: usize) -> Result<(), MalformedNote> {
    if (1..=SIGNATURE_LINES_MAX).contains(&count) {
        Ok(())
    } else {
        Err(MalformedNote::SignatureCount { count })
    }
}

/// As the other implementations have it. 100 lines of the longest known kind, an ML-DSA-44 cosignature of 2,432 bytes, are 0.33 MB.
pub(crate) const NOTE_BYTES_MAX: usize = 1_000_000;
/// A log's own signatures and those of 32 witnesses are 33 or 34.
pub(crate) const SIGNATURE_LINES_MAX: usize = 100;
/// An em dash and a space.
const LINE_PREFIX: &str = "— ";
const KEY_ID_BYTES: usize = 4;
