//! The leaf of an event.

use bytes::Bytes;
use indelible_merkle::Hash;

use super::exact::{Differs, Exact, sorted_digests};
use crate::{
    disclosure::{Disclosed, Disclosure, NotInLeaf},
    member::Member,
    received::Second,
    salted::Digest,
};

/// The leaf `indelible.event.v1`: eleven digests and a second, in the one spelling that they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Well-formed, so that every digest has its place in it.
    text: Bytes,
    received: Second,
}

impl Leaf {
    /// 597: every leaf of an event has as many bytes.
    pub const BYTES: usize = OPENING + MEMBERS * (Digest::BYTES + 3) - 1 + 34 + Second::BYTES + ENDING.len();

    /// Reads a leaf. Its bytes are kept, not copied.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly the canonical JSON of four members, the digests sorted and distinct.
    pub fn parse(text: Bytes) -> Result<Self, MalformedLeaf> {
        let mut exact = Exact::new(&text);
        sorted_digests::<MEMBERS>(&mut exact)?;
        exact.piece("\"received\":\"")?;
        let received = exact.second()?;
        exact.piece(END)?;
        exact.end()?;
        Ok(Self { text, received })
    }

    /// The leaf with these digests, in any order.
    pub(super) fn of(mut digests: [Digest; MEMBERS], received: Second) -> Self {
        digests.sort_unstable();
        let mut text = String::with_capacity(Leaf::BYTES);
        text.push_str("{\"_sd\":[");
        for (place, digest) in digests.iter().enumerate() {
            text.push_str(if place == 0 { "\"" } else { ",\"" });
            text.push_str(digest.as_str());
            text.push('"');
        }
        text.push_str("],\"_sd_alg\":\"sha-256\",\"received\":\"");
        text.push_str(&received.to_string());
        text.push_str(END);
        Self {
            text: text.into(),
            received,
        }
    }

    /// The bytes that the log hashes.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// Its hash in the tree.
    pub fn hash(&self) -> Hash {
        Hash::leaf(&self.text)
    }

    /// When the operator says that it was received.
    pub fn received(&self) -> Second {
        self.received
    }

    /// The digests, sorted.
    pub fn digests(&self) -> [Digest; MEMBERS] {
        std::array::from_fn(|place| Digest::parse(self.digest_text(place)).expect("the text is well-formed"))
    }

    /// Checks that the leaf commits to a disclosure.
    ///
    /// It may commit to another one of the same member as well. Only whoever sees all eleven, as a submitter does, knows that there is
    /// one of each.
    ///
    /// # Errors
    ///
    /// If the digest of the disclosure is not in the leaf.
    pub fn open(&self, disclosure: Disclosure) -> Result<Disclosed, NotInLeaf> {
        let digest = disclosure.digest();
        let mut texts = (0..MEMBERS).map(|place| self.digest_text(place));
        if !texts.any(|text| text == digest.as_str().as_bytes()) {
            return Err(NotInLeaf {
                member: disclosure.member(),
                digest,
            });
        }
        Ok(Disclosed::after_check(disclosure))
    }

    fn digest_text(&self, place: usize) -> &[u8] {
        let start = OPENING + place * (Digest::BYTES + 3) + 1;
        &self.text[start..start + Digest::BYTES]
    }
}

/// Why bytes are not the leaf of an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the leaf has not {expected:?} at byte {at}")]
pub struct MalformedLeaf {
    /// Where it is wrong, from 0.
    pub at: usize,
    /// What must stand there.
    pub expected: &'static str,
}

impl From<Differs> for MalformedLeaf {
    fn from(differs: Differs) -> Self {
        let Differs { at, expected } = differs;
        Self { at, expected }
    }
}

const MEMBERS: usize = Member::ALL.len();
/// The bytes of `{"_sd":[`.
const OPENING: usize = 8;
const END: &str = "\",\"type\":\"indelible.event.v1\"}";
/// What tells the leaf of an event from others.
pub(super) const ENDING: &[u8] = END.as_bytes();
