//! Disclosures: a member with its salt, which a leaf may commit to.

mod state;
mod value;

pub use state::MemberState;
pub use value::MemberValue;

use std::fmt;

use bytes::Bytes;

use crate::{
    canonical::{MEMBER_BYTES_MAX, write_member},
    member::{Event, Member},
    salted::{self, DISCLOSURE_OVERHEAD, Digest, Parts},
};

/// The longest disclosure in bytes, base64 not counted: a value, its salt and its name.
pub const DISCLOSURE_BYTES_MAX: usize = MEMBER_BYTES_MAX + DISCLOSURE_OVERHEAD;

/// A member of an event with its salt: well-formed, committed to by nothing yet. [`Leaf::open`](crate::Leaf::open) checks that.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    member: Member,
    /// Canonical JSON of `[salt, name, value]`, the value one that the member can have.
    d: Bytes,
    digest: Digest,
}

impl Disclosure {
    /// Reads the bytes of a disclosure, as they are kept. They are not copied; the cost is linear.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly the canonical JSON of a salt, the name of a member, and a value that it can have, or `null`.
    pub fn parse(d: Bytes) -> Result<Self, MalformedDisclosure> {
        Self::parse_into(d, &mut Event::default())
    }

    /// The same, and gives the value to an event, which costs nothing more: it has to be read anyway.
    pub(crate) fn parse_into(d: Bytes, event: &mut Event) -> Result<Self, MalformedDisclosure> {
        if d.len() > DISCLOSURE_BYTES_MAX {
            return Err(MalformedDisclosure::TooLong { length: d.len() });
        }
        let Parts { name, value } = salted::split_disclosure(&d).ok_or(MalformedDisclosure::Shape)?;
        let member = Member::from_name(name).ok_or_else(|| MalformedDisclosure::Member { found: name.to_owned() })?;
        let parsed = MemberValue::parse(member, value).map_err(|error| MalformedDisclosure::Value {
            member,
            reason: error.to_string(),
        })?;
        if let Some(parsed) = parsed {
            event.set(parsed);
        }
        let mut canonical = Vec::with_capacity(value.len());
        write_member(&mut canonical, event, member).map_err(|reason| MalformedDisclosure::Value {
            member,
            reason: reason.to_string(),
        })?;
        if canonical != value {
            return Err(MalformedDisclosure::NotCanonical { member });
        }
        Ok(Self::written(member, d))
    }

    /// Reads the text of a disclosure, as it is sent: base64url without padding.
    ///
    /// # Errors
    ///
    /// As [`Disclosure::parse`], or if the text is not in its one spelling.
    pub fn parse_text(text: &str) -> Result<Self, MalformedDisclosure> {
        if text.len() / 4 * 3 > DISCLOSURE_BYTES_MAX {
            return Err(MalformedDisclosure::TooLong {
                length: text.len() / 4 * 3,
            });
        }
        let d = salted::disclosure_bytes(text).ok_or(MalformedDisclosure::Base64)?;
        Self::parse(d.into())
    }

    /// The disclosure of bytes that this crate wrote, or has checked.
    pub(crate) fn written(member: Member, d: Bytes) -> Self {
        let digest = Digest::of(&d);
        Self { member, d, digest }
    }

    /// Which member it discloses.
    pub fn member(&self) -> Member {
        self.member
    }

    /// Its bytes, as they are kept: canonical JSON of salt, name and value.
    pub fn bytes(&self) -> &Bytes {
        &self.d
    }

    /// Its text, as it is sent and hashed: base64url of the bytes.
    pub fn to_text(&self) -> String {
        salted::disclosure_text(&self.d)
    }

    /// What a leaf that commits to it has.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The value in canonical JSON.
    pub fn value_json(&self) -> &str {
        let parts = salted::split_disclosure(&self.d).expect("it was taken apart, or written so");
        str::from_utf8(parts.value).expect("JSON is UTF-8")
    }

    /// The value; `None` if the event lacks the member. It is read anew at each call.
    pub fn value(&self) -> Option<MemberValue> {
        MemberValue::parse(self.member, self.value_json().as_bytes())
            .expect("it was read once, or written from such a value")
    }
}

/// Tells neither salt nor value.
impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosure({}, {})", self.member, self.digest)
    }
}

/// A disclosure that a leaf commits to. Only [`Leaf::open`](crate::Leaf::open) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosed(Disclosure);

impl Disclosed {
    pub(crate) fn after_check(disclosure: Disclosure) -> Self {
        Self(disclosure)
    }

    /// Which member it is.
    pub fn member(&self) -> Member {
        self.0.member
    }

    /// The value; `None` if the event lacks the member. It is read anew at each call.
    pub fn value(&self) -> Option<MemberValue> {
        self.0.value()
    }

    /// The disclosure.
    pub fn disclosure(&self) -> &Disclosure {
        &self.0
    }

    /// The disclosure, without the mark.
    pub fn into_inner(self) -> Disclosure {
        self.0
    }
}

/// Why bytes are not a disclosure of a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedDisclosure {
    /// It is longer than any member may be.
    #[error("the disclosure has {length} bytes, at most {DISCLOSURE_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The text is not base64url without padding.
    #[error("the disclosure is not base64url without padding")]
    Base64,
    /// It is no array of a salt of 22 characters, a name and a value.
    #[error("the disclosure is not canonical JSON of [salt, name, value]")]
    Shape,
    /// Events have no member of this name.
    #[error("the disclosure is of {found:?}, which is no member of an event")]
    Member {
        /// The name.
        found: String,
    },
    /// The member cannot have this value.
    #[error("{member}: {reason}")]
    Value {
        /// The member.
        member: Member,
        /// What is wrong.
        reason: String,
    },
    /// The value is one of the member's, in another spelling than the canonical one.
    #[error("{member}: the value is not in canonical JSON")]
    NotCanonical {
        /// The member.
        member: Member,
    },
}

/// A leaf does not commit to a disclosure: it is of another event, or one of the two was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: the leaf does not commit to it, its digest {digest} is not among the eleven")]
pub struct NotInLeaf {
    /// The member.
    pub member: Member,
    /// The digest of the disclosure.
    pub digest: Digest,
}
