//! Entries of the log, read as events.

use indelible_event::member::{Event, Member};
use indelible_event::{
    AnyLeaf, Erasures, Leaf, MemberState, NotAnEvents, NotKept, Second, Stored, Tombstone, TombstoneDisclosed,
    TombstoneDisclosure,
};
use indelible_log::{Attached, AttachedError, Reader};
use indelible_store::journal::Attachment;

use bytes::Bytes;

/// An entry, told apart. What cannot be read as what it says it is was not made by this program, or was changed.
#[derive(Debug)]
pub(super) enum Entry {
    Event(Box<KeptEvent>),
    Tombstone(KeptTombstone),
    /// It is neither.
    Unreadable,
}

/// An event, and what is known of its members.
#[derive(Debug)]
pub(super) struct KeptEvent {
    pub(super) leaf: Leaf,
    pub(super) members: [MemberState; Member::ALL.len()],
    pub(super) stored: Stored,
    event: Event,
}

/// A tombstone, and what it says of itself, as far as that is there: what is damaged it does not say, and fsck tells.
#[derive(Clone, Debug)]
pub struct KeptTombstone {
    /// The leaf.
    pub leaf: Tombstone,
    /// On what basis, and for whom.
    pub said: Vec<TombstoneDisclosed>,
}

/// Why what is kept of an event is not what its leaf commits to.
#[derive(Debug, thiserror::Error)]
pub enum NotWhole {
    /// Their number.
    #[error(transparent)]
    Count(#[from] NotAnEvents),
    /// Their bytes.
    #[error(transparent)]
    Kept(#[from] NotKept),
}

impl Entry {
    pub(super) fn read(index: u64, attached: Attached, erasures: &Erasures) -> Result<Entry, NotWhole> {
        Ok(match AnyLeaf::parse(attached.entry) {
            Ok(AnyLeaf::Event(leaf)) => {
                let attachments: Vec<Bytes> = attached.attachments.into_iter().map(bytes).collect();
                let stored = Stored::read(&attachments)?;
                let (members, event) = stored.open_event(&leaf, index, erasures)?;
                Entry::Event(Box::new(KeptEvent {
                    leaf,
                    members,
                    stored,
                    event,
                }))
            }
            Ok(AnyLeaf::Tombstone(leaf)) => Entry::Tombstone(KeptTombstone::read(leaf, attached.attachments)),
            Err(_) => Entry::Unreadable,
        })
    }
}

impl KeptTombstone {
    fn read(leaf: Tombstone, attachments: Vec<Attachment>) -> KeptTombstone {
        let disclosures = attachments
            .into_iter()
            .filter_map(|attachment| TombstoneDisclosure::parse(bytes(attachment)).ok());
        let said = disclosures
            .filter_map(|disclosure| leaf.open(disclosure).ok())
            .collect();
        KeptTombstone { leaf, said }
    }
}

impl KeptEvent {
    /// The event, as far as its members are there.
    pub(super) fn event(&self) -> &Event {
        &self.event
    }

    /// Whether all of its members are there.
    pub(super) fn is_whole(&self) -> bool {
        self.members.iter().all(|state| state.disclosed().is_some())
    }
}

/// The event of these members, as far as they are there.
pub(super) fn event_of(members: &[MemberState]) -> Event {
    let mut event = Event::default();
    let values = members.iter().filter_map(MemberState::disclosed);
    for value in values.filter_map(|disclosed| disclosed.value()) {
        event.set(value);
    }
    event
}

/// Blanked is what has only zeros; how many does not matter.
fn bytes(attachment: Attachment) -> Bytes {
    match attachment {
        Attachment::Present(bytes) => bytes,
        Attachment::Blanked => Bytes::new(),
    }
}

/// The second of the last leaf. Leaves that were in flight together may stand a second out of order, so that one of the last few may
/// have the highest.
pub(super) fn highest_second(reader: &Reader) -> Result<Option<Second>, AttachedError> {
    let size = reader.head().size();
    if size == 0 {
        return Ok(None);
    }
    let mut highest = None;
    let mut at = size.saturating_sub(LOOKED_AT);
    while at < size {
        let entries = reader.entries(at, size, ENTRIES_BYTES)?;
        at += entries.len() as u64;
        for entry in entries {
            let second = match AnyLeaf::parse(entry) {
                Ok(AnyLeaf::Event(leaf)) => leaf.received(),
                Ok(AnyLeaf::Tombstone(tombstone)) => tombstone.received(),
                Err(_) => continue,
            };
            highest = highest.max(Some(second));
        }
    }
    Ok(highest)
}

/// Entries that may have been in flight together: two batches of the largest kind.
const LOOKED_AT: u64 = 20_000;

const ENTRIES_BYTES: usize = 4 << 20;
