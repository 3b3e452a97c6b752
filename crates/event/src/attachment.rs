//! What is kept of an event beside the tree: its attachments, each of which can be blanked.
//!
//! In the order of the members their disclosures (`d`, not base64); then, if the raw bytes are kept, one more: 16 random bytes and
//! the raw bytes. Without those 16 the checksum of an attachment, which outlives its blanking, would confirm a guess.

use bytes::{Bytes, BytesMut};

use crate::{
    disclosure::{Disclosure, MalformedDisclosure, MemberState, NotInLeaf},
    erasure::Erasures,
    leaf::Leaf,
    member::{Event, Member},
};

/// The attachments of an event: eleven, and a twelfth if there is one of [raw bytes](raw_attachment).
pub fn attachments(disclosures: &[Disclosure; MEMBERS], raw: Option<Bytes>) -> Vec<Bytes> {
    let members = disclosures.iter().map(|disclosure| disclosure.bytes().clone());
    members.chain(raw).collect()
}

/// The attachment of raw bytes: behind 16 bytes that the caller's source of randomness gave for nothing else.
pub fn raw_attachment(random: [u8; RANDOM_BYTES], raw: &[u8]) -> Bytes {
    let mut attachment = BytesMut::with_capacity(RANDOM_BYTES + raw.len());
    attachment.extend_from_slice(&random);
    attachment.extend_from_slice(raw);
    attachment.freeze()
}

/// The attachments of an event, told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// `None` for what is blank.
    members: [Option<Bytes>; MEMBERS],
    raw: StoredRaw,
}

/// What is kept of the raw bytes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredRaw {
    /// There never was an attachment for them.
    NotKept,
    /// They were blanked.
    Blank,
    /// They are there.
    Kept(Bytes),
}

impl Stored {
    /// Tells the attachments of an event apart. An attachment of zeros only is blank.
    ///
    /// # Errors
    ///
    /// If they are not those of an event, by their number.
    pub fn read(attachments: &[Bytes]) -> Result<Self, NotAnEvents> {
        let count = attachments.len();
        let (members, rest) = attachments.split_at_checked(MEMBERS).ok_or(NotAnEvents { count })?;
        let present = |attachment: &Bytes| attachment.iter().any(|&byte| byte != 0);
        let raw = match rest {
            [] => StoredRaw::NotKept,
            [raw] if raw.len() >= RANDOM_BYTES && present(raw) => StoredRaw::Kept(raw.slice(RANDOM_BYTES..)),
            [_] => StoredRaw::Blank,
            _ => return Err(NotAnEvents { count }),
        };
        let members = std::array::from_fn(|place| Some(members[place].clone()).filter(present));
        Ok(Self { members, raw })
    }

    /// What is known of each member, in their order. A member that a tombstone names is erased, also while its bytes are still there.
    ///
    /// # Errors
    ///
    /// If bytes that are there are not what the leaf commits to: then they were changed.
    pub fn open(&self, leaf: &Leaf, index: u64, erasures: &Erasures) -> Result<[MemberState; MEMBERS], NotKept> {
        self.open_event(leaf, index, erasures).map(|(states, _)| states)
    }

    /// The same, and the event itself, as far as its members are there: for those who want their values, each of which is read once.
    ///
    /// # Errors
    ///
    /// As [`Stored::open`].
    pub fn open_event(
        &self,
        leaf: &Leaf,
        index: u64,
        erasures: &Erasures,
    ) -> Result<([MemberState; MEMBERS], Event), NotKept> {
        let mut event = Event::default();
        let mut states = [const { MemberState::Missing }; MEMBERS];
        for (member, d) in Member::ALL.into_iter().zip(&self.members) {
            let state = &mut states[member.place()];
            if let Some(tombstone) = erasures.tombstone(index, member) {
                *state = MemberState::Erased { tombstone };
            } else if let Some(d) = d {
                let disclosure = Disclosure::parse_into(d.clone(), &mut event)
                    .map_err(|reason| NotKept::Malformed { member, reason })?;
                if disclosure.member() != member {
                    let found = disclosure.member();
                    return Err(NotKept::OtherMember { member, found });
                }
                *state = MemberState::Disclosed(leaf.open(disclosure)?);
            }
        }
        Ok((states, event))
    }

    /// The raw bytes. Whether a tombstone names them, who asks must look up: [`Erasures::tombstone`] of [`Member::Raw`].
    pub fn raw(&self) -> &StoredRaw {
        &self.raw
    }
}

/// These are not the attachments of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event has {MEMBERS} attachments, or one more for its raw bytes, and not {count}")]
pub struct NotAnEvents {
    /// How many there are.
    pub count: usize,
}

/// Why an attachment is not what was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// It is no disclosure.
    #[error("what is kept as {member}: {reason}")]
    Malformed {
        /// Where it lies.
        member: Member,
        /// What is wrong.
        reason: MalformedDisclosure,
    },
    /// It is the disclosure of another member.
    #[error("what is kept as {member} is {found}")]
    OtherMember {
        /// Where it lies.
        member: Member,
        /// What it is.
        found: Member,
    },
    /// The leaf does not commit to it.
    #[error(transparent)]
    NotInLeaf(#[from] NotInLeaf),
}

/// Random bytes in front of the raw ones.
pub const RANDOM_BYTES: usize = 16;
const MEMBERS: usize = Member::ALL.len();
