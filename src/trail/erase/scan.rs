//! From what somebody means to what that is in the log.

use indelible_event::member::Member;
use indelible_event::{
    AnyLeaf, MemberRange, MemberRanges, MemberSet, StoredRaw, TombstoneDisclosed, TombstoneDisclosure,
};
use indelible_log::AttachedError;
use zeroize::Zeroizing;

use super::needle::{Needle, Search};
use super::plan::{Plan, Planning, TooMany};
use crate::trail::entries::{Entry, KeptEvent};
use crate::trail::{ACCESS_SOURCE, OfSourceError, Trail};

/// What somebody wants to be erased.
#[derive(Debug)]
pub enum Wanted {
    /// These members, as far as they are of events and not erased yet.
    Members(MemberRanges),
    /// Every member that contains a text, and what the events came as. What a tombstone says of itself is looked into, and not erased.
    Subject(Needle),
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Caller: it speaks of entries that are not there.
    #[error("entry {last} is meant, but the log has {size}")]
    Beyond {
        /// The last entry that is meant.
        last: u64,
        /// How many the log has.
        size: u64,
    },
    /// Caller: it is too much at once.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// What changes who may do what could not be found.
    #[error(transparent)]
    Acts(#[from] OfSourceError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] AttachedError),
}

impl Trail {
    /// Finds what is wanted, among the entries that the log has now. Blocks: for a text it reads the whole journal, at the speed of the
    /// disk; for members, the entries that are meant. Tells how many entries it has read.
    ///
    /// # Errors
    ///
    /// See [`PlanError`]. An event that is damaged is counted, not an error.
    pub fn plan_erasure(&self, wanted: &Wanted, tell: &mut dyn FnMut(u64)) -> Result<Plan, PlanError> {
        let size = self.reader.head().size();
        let plan = match wanted {
            Wanted::Members(ranges) => match ranges.last_index() {
                Some(last) if last >= size => return Err(PlanError::Beyond { last, size }),
                _ => self.of_members(ranges, tell),
            },
            Wanted::Subject(needle) => self.of_subject(needle, size, tell),
        };
        // A revocation that was erased would be none after the next start.
        let spared = [Member::Raw, Member::Submitter, Member::Delivery].into_iter().collect();
        Ok(plan?.sparing(&self.acts_of_access()?, spared))
    }

    /// The events of the log's own source by which it is in force who may do what.
    fn acts_of_access(&self) -> Result<Vec<u64>, OfSourceError> {
        let mut acts = Vec::new();
        self.each_of_source(ACCESS_SOURCE, |index, _| {
            acts.push(index);
            Ok::<_, OfSourceError>(())
        })?;
        Ok(acts)
    }

    fn of_members(&self, ranges: &MemberRanges, tell: &mut dyn FnMut(u64)) -> Result<Plan, PlanError> {
        let mut planning = Planning::default();
        let mut read = 0;
        for &MemberRange { first, last, members } in ranges.as_slice() {
            let (mut at, end) = (first, last + 1);
            while at < end {
                let entries = self.reader.entries(at, end, STEP_BYTES).map_err(AttachedError::from)?;
                for (index, entry) in (at..).zip(&entries) {
                    // A tombstone is no event: what is kept of it says who asked for an erasure.
                    if matches!(AnyLeaf::parse(entry.clone()), Ok(AnyLeaf::Event(_))) {
                        let erased = self.tombstones.known().erased(index);
                        planning.add(
                            index,
                            members.iter().filter(|member| !erased.contains(*member)).collect(),
                        )?;
                    }
                }
                at += entries.len() as u64;
                read += entries.len() as u64;
                tell(read);
            }
        }
        Ok(planning.finish())
    }

    fn of_subject(&self, needle: &Needle, size: u64, tell: &mut dyn FnMut(u64)) -> Result<Plan, PlanError> {
        let search = needle.search();
        let mut planning = Planning::default();
        let mut at = 0;
        while at < size {
            let attached = self.reader.attached(at, size, STEP_BYTES)?;
            let count = attached.len() as u64;
            for (index, attached) in (at..).zip(attached) {
                let known = self.tombstones.known();
                match Entry::read(index, attached, &known) {
                    Ok(Entry::Event(kept)) => {
                        let raw_is_erased = known.tombstone(index, Member::Raw).is_some();
                        planning.add(index, found(&kept, raw_is_erased, &search))?;
                    }
                    Ok(Entry::Tombstone(tombstone)) => {
                        let said = tombstone.said.iter().map(TombstoneDisclosed::disclosure);
                        said.filter(|said| search.in_member(&json_of(said)))
                            .for_each(|said| planning.said(index, said.member()));
                    }
                    Ok(Entry::Unreadable) => {}
                    Err(_) => planning.damaged(),
                }
            }
            at += count;
            tell(at);
        }
        Ok(planning.finish())
    }
}

/// The members that contain the text. `raw` goes with any of them: the bytes say what the members say, in whatever way, and their
/// hash, which is part of it, would confirm a guess.
fn found(kept: &KeptEvent, raw_is_erased: bool, search: &Search<'_>) -> MemberSet {
    let disclosed = kept.members.iter().filter_map(|state| state.disclosed());
    let containing = disclosed.filter(|disclosed| search.in_member(disclosed.disclosure().value_json()));
    let members: MemberSet = containing.map(|disclosed| disclosed.member()).collect();
    let in_raw = match kept.stored.raw() {
        StoredRaw::Kept(bytes) if !raw_is_erased => search.in_raw(bytes),
        _ => false,
    };
    let raw = kept.members[Member::Raw.place()].disclosed();
    let has_raw = raw.is_some_and(|raw| raw.disclosure().value_json() != "null");
    match in_raw || (has_raw && members != MemberSet::NONE) {
        true => members.with(Member::Raw),
        false => members,
    }
}

/// What a tombstone says, as the value of a member would stand.
fn json_of(said: &TombstoneDisclosure) -> Zeroizing<String> {
    Zeroizing::new(serde_json::Value::from(said.value()).to_string())
}

/// Bytes of entries and attachments in one step: some thousand events.
const STEP_BYTES: usize = 4 << 20;
