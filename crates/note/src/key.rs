//! What the texts of public and private keys have in common.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::name::{BadKeyName, KeyName};

/// The short hash of a key and its name that stands in a signature line.
///
/// It is a hint, not a commitment: 32 bits collide. [`Display`](fmt::Display) writes 8 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// The id of an Ed25519 key (C2SP signed-note, "Signatures", and tlog-cosignature, "Format").
    pub(crate) fn of(name: &KeyName, public: &[u8; 32], kind: KeyType) -> Self {
        let mut digest = Sha256::new();
        digest.update(name.as_str());
        digest.update([b'\n', kind as u8]);
        digest.update(public);
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
        Self([a, b, c, d])
    }

    pub(crate) fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// Refuses a key whose text states this id, while its name and bytes give another.
    pub(crate) fn must_be(self, computed: Self) -> Result<(), MalformedKey> {
        if self == computed {
            Ok(())
        } else {
            Err(MalformedKey::IdMismatch { stated: self, computed })
        }
    }

    fn from_hex(text: &str) -> Option<Self> {
        let canonical = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = u32::from_str_radix(text, 16).ok().filter(|_| canonical)?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a key is for. The byte stands in its text and in the hash that is its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyType {
    /// Ed25519 under the text of a note.
    Log = 0x01,
    /// Ed25519 under a time and the text of a checkpoint.
    Cosigner = 0x04,
}

/// Why a text is not a key of the kind that was asked for.
///
/// No variant carries more of the text than its name, its id and a single byte, so that an error may be shown and logged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedKey {
    /// A private key was given where a public one was asked for.
    #[error("this is a private key (it begins with PRIVATE+KEY+); a public key is wanted here")]
    Private,
    /// A private key was asked for, and the text does not begin as one.
    #[error("a private key begins with PRIVATE+KEY+")]
    NotPrivate,
    /// The three fields of a key are not there.
    #[error("a key is NAME+ID+BASE64, and a '+' between these is missing")]
    Fields,
    /// The first field is not a key name.
    #[error(transparent)]
    Name(#[from] BadKeyName),
    /// The second field is not a key id.
    #[error("the key id is not 8 lowercase hex digits")]
    Id,
    /// The third field is not base64, or is empty.
    #[error("the key is not base64 with padding")]
    Base64,
    /// The key is for something else, or of a type that this crate does not know.
    #[error(
        "a key of type {wanted:02x} is wanted here, this is one of type {found:02x} (01 is a log's, 04 a witness's)"
    )]
    Type {
        /// The type in the text.
        found: u8,
        /// The type that can be used here.
        wanted: u8,
    },
    /// The key is too short or too long.
    #[error("an Ed25519 key has 32 bytes, this one has {0}")]
    Length(usize),
    /// The bytes are not the canonical encoding of a point (RFC 8032 section 5.1.3).
    #[error("the key is not a point of the curve")]
    Point,
    /// A point of small order, for which a signature can be made that holds for almost every text.
    #[error("the key is a point of small order, which anybody can sign for")]
    Weak,
    /// The id in the text is not that of the name and the key: one of the three was changed.
    #[error("the text says key id {stated}, but its name and key give {computed}")]
    IdMismatch {
        /// The id in the text.
        stated: KeyId,
        /// The id that belongs to name and key.
        computed: KeyId,
    },
}

/// The three fields of a key's text, of which nothing is known yet but their form.
pub(crate) struct KeyFields {
    pub(crate) name: KeyName,
    pub(crate) id: KeyId,
    pub(crate) bytes: Zeroizing<[u8; 32]>,
}

impl KeyFields {
    /// Reads `name+id+base64(type || key)`. The base64 may contain `+`; the other fields cannot.
    pub(crate) fn parse(text: &str, kind: KeyType) -> Result<Self, MalformedKey> {
        let mut fields = text.splitn(3, '+');
        let (Some(name), Some(id), Some(base64)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(MalformedKey::Fields);
        };
        let name: KeyName = name.parse()?;
        let id = KeyId::from_hex(id).ok_or(MalformedKey::Id)?;
        // The bytes may be secret: they are wiped also when only a part of them could be read.
        let mut bytes = Zeroizing::new(Vec::with_capacity(base64.len()));
        STANDARD
            .decode_vec(base64, &mut bytes)
            .map_err(|_| MalformedKey::Base64)?;
        match bytes.split_first() {
            None => Err(MalformedKey::Base64),
            Some((&found, key)) if found == kind as u8 => {
                let bytes = Zeroizing::new(key.try_into().map_err(|_| MalformedKey::Length(key.len()))?);
                Ok(Self { name, id, bytes })
            }
            Some((&found, _)) => Err(MalformedKey::Type {
                found,
                wanted: kind as u8,
            }),
        }
    }

    /// Writes what [`KeyFields::parse`] reads, behind a prefix.
    pub(crate) fn text(prefix: &str, name: &KeyName, id: KeyId, bytes: &[u8; 32], kind: KeyType) -> Zeroizing<String> {
        let mut typed = Zeroizing::new([kind as u8; 33]);
        typed[1..].copy_from_slice(bytes);
        // Allocated once, so that no part of a secret stays behind in a shorter text. 33 bytes are 44 characters of base64.
        let length = prefix.len() + name.as_str().len() + 1 + 8 + 1 + 44;
        let mut text = Zeroizing::new(String::with_capacity(length));
        for part in [prefix, name.as_str(), "+", &id.to_string(), "+"] {
            text.push_str(part);
        }
        STANDARD.encode_string(typed.as_slice(), &mut text);
        text
    }
}

pub(crate) const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";
