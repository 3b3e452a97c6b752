//! Who asked for an erasure, and on what basis.

use std::fmt;

use bytes::Bytes;

use crate::{
    canonical::{MEMBER_BYTES_MAX, write_text},
    disclosure::DISCLOSURE_BYTES_MAX,
    salted::{self, Digest, Parts, Salt},
};

/// One of the two members of a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TombstoneMember {
    /// The legal basis.
    Basis,
    /// Who asked.
    Requester,
}

impl TombstoneMember {
    /// Both, in the order in which they are kept.
    pub const ALL: [TombstoneMember; 2] = [TombstoneMember::Basis, TombstoneMember::Requester];

    /// The name in a disclosure.
    pub fn as_str(self) -> &'static str {
        match self {
            TombstoneMember::Basis => "basis",
            TombstoneMember::Requester => "requester",
        }
    }
}

/// The name in a disclosure.
impl fmt::Display for TombstoneMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A member of a tombstone with its salt. Its value is a text, or `null`.
#[derive(Clone, PartialEq, Eq)]
pub struct TombstoneDisclosure {
    member: TombstoneMember,
    d: Bytes,
    digest: Digest,
}

impl TombstoneDisclosure {
    /// Reads the bytes of a disclosure.
    ///
    /// # Errors
    ///
    /// If they are not exactly the canonical JSON of a salt, one of the two names, and a text or `null`.
    pub fn parse(d: Bytes) -> Result<Self, MalformedTombstoneDisclosure> {
        if d.len() > DISCLOSURE_BYTES_MAX {
            return Err(MalformedTombstoneDisclosure);
        }
        let Parts { name, value } = salted::split_disclosure(&d).ok_or(MalformedTombstoneDisclosure)?;
        let member = TombstoneMember::ALL.into_iter().find(|member| member.as_str() == name);
        let member = member.ok_or(MalformedTombstoneDisclosure)?;
        let text: Option<String> = serde_json::from_slice(value).map_err(|_| MalformedTombstoneDisclosure)?;
        let mut canonical = Vec::with_capacity(value.len());
        write_value(&mut canonical, text.as_deref());
        if canonical != value {
            return Err(MalformedTombstoneDisclosure);
        }
        Ok(Self::written(member, d))
    }

    /// Reads the text of a disclosure: base64url without padding.
    ///
    /// # Errors
    ///
    /// As [`TombstoneDisclosure::parse`], or if the text is not in its one spelling.
    pub fn parse_text(text: &str) -> Result<Self, MalformedTombstoneDisclosure> {
        if text.len() / 4 * 3 > DISCLOSURE_BYTES_MAX {
            return Err(MalformedTombstoneDisclosure);
        }
        let d = salted::disclosure_bytes(text).ok_or(MalformedTombstoneDisclosure)?;
        Self::parse(d.into())
    }

    /// `None` if the text is longer than a member may be.
    pub(super) fn seal(member: TombstoneMember, text: Option<&str>, salt: &Salt) -> Option<Self> {
        let mut d = Vec::with_capacity(64);
        salted::open_disclosure(&mut d, salt, member.as_str());
        let start = d.len();
        write_value(&mut d, text);
        let length = d.len() - start;
        d.push(b']');
        (length <= MEMBER_BYTES_MAX).then(|| Self::written(member, d.into()))
    }

    fn written(member: TombstoneMember, d: Bytes) -> Self {
        let digest = Digest::of(&d);
        Self { member, d, digest }
    }

    /// Which of the two it is.
    pub fn member(&self) -> TombstoneMember {
        self.member
    }

    /// Its bytes, as they are kept.
    pub fn bytes(&self) -> &Bytes {
        &self.d
    }

    /// Its text, as it is sent and hashed.
    pub fn to_text(&self) -> String {
        salted::disclosure_text(&self.d)
    }

    /// What a tombstone that commits to it has.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The value; `None` if nobody said.
    pub fn value(&self) -> Option<String> {
        let parts = salted::split_disclosure(&self.d).expect("it was taken apart, or written so");
        serde_json::from_slice(parts.value).expect("it was read once, or written from a text")
    }
}

/// Tells neither salt nor value.
impl fmt::Debug for TombstoneDisclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TombstoneDisclosure({}, {})", self.member, self.digest)
    }
}

/// Bytes that are not a disclosure of a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not canonical JSON of [salt, \"basis\" or \"requester\", text or null], of at most {DISCLOSURE_BYTES_MAX} bytes"
)]
pub struct MalformedTombstoneDisclosure;

fn write_value(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => write_text(out, text),
        None => out.extend_from_slice(b"null"),
    }
}
