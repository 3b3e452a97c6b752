//! What was erased, and how the engine is told.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use indelible_event::member::Member;
use indelible_event::{AnyLeaf, Erasures, MemberRange};
use indelible_log::{AttachmentSet, Erasure};

/// The tombstones of a log, as the engine comes upon them: at the start, and when one is committed.
#[derive(Debug, Default)]
pub struct Tombstones {
    known: RwLock<Erasures>,
    indexes: Mutex<BTreeSet<u64>>,
}

impl Tombstones {
    /// What is erased, and by which tombstone.
    pub fn known(&self) -> RwLockReadGuard<'_, Erasures> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The indexes of the tombstones below `size`, ascending.
    pub(super) fn below(&self, size: u64) -> Vec<u64> {
        let indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        indexes.range(..size).copied().collect()
    }
}

impl indelible_log::Tombstones for Tombstones {
    fn erased_by(&self, index: u64, entry: &[u8]) -> Vec<Erasure> {
        if !entry.ends_with(TOMBSTONE) {
            return Vec::new();
        }
        // One whose ranges reach its own index is void as a whole, and so is what only looks like one.
        let Ok(AnyLeaf::Tombstone(tombstone)) = AnyLeaf::parse(Bytes::copy_from_slice(entry)) else {
            return Vec::new();
        };
        let Ok(erasure) = tombstone.at(index) else {
            return Vec::new();
        };
        self.known.write().unwrap_or_else(PoisonError::into_inner).add(&erasure);
        self.indexes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(index);
        erasure.ranges().as_slice().iter().map(attachments).collect()
    }
}

/// The attachments in which members are kept. `raw` is the member and the bytes.
fn attachments(range: &MemberRange) -> Erasure {
    let members = range.members.iter().map(place);
    let raw = range.members.contains(Member::Raw).then_some(RAW_BYTES);
    Erasure {
        entries: range.first..range.last + 1,
        attachments: members.chain(raw).collect::<AttachmentSet>(),
    }
}

/// The attachment that has a member.
fn place(member: Member) -> u8 {
    u8::try_from(member.place()).expect("there are eleven members")
}

/// Which of them has the raw bytes: the one behind those of the members.
const RAW_BYTES: u8 = 11;

/// How the leaf of a tombstone ends, and no other leaf.
const TOMBSTONE: &[u8] = br#""type":"indelible.tombstone.v1"}"#;
