//! The keys that the table does not have yet: pure, and small enough to be tried in all orders.

use std::collections::{BTreeMap, HashMap};

use indelible_event::member::Member;

use super::{ContentMac, Identity};
use crate::Erased;
use crate::erase::{Erasures, Members};

/// What is known of the keys between the table's size and the newest submission, and who may append.
///
/// A submission [`begin`](Desk::begin)s before it is appended; only one that gets [`Begun::New`] is. Its [`Ticket`] then says what
/// became of it. `W` is what those get who send the same while it is under way: a handle to wait for the same result.
#[derive(Debug)]
pub struct Desk<W> {
    /// The table is known to have all keys of entries below this, and the desk has let go of them.
    tabled: u64,
    pending: HashMap<Identity, Pending<W>>,
    /// Those of `pending` that are published, by their index: what the table will have next.
    published: BTreeMap<u64, Identity>,
    next_ticket: u64,
    pending_max: usize,
}

/// The right, and the duty, to append one event and to say what became of it.
///
/// One that is dropped leaves its key blocked until the log shows it or the program starts anew: as with [`Desk::lost`].
#[derive(Debug)]
#[must_use = "the key stays blocked until it is said what became of the event"]
pub struct Ticket {
    number: u64,
    identity: Identity,
}

/// What the table says of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought {
    /// It speaks of all entries below this index.
    pub below: u64,
    /// The first of them that has the identity.
    pub found: Option<Tabled>,
}

/// An entry that the table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tabled {
    /// Its index.
    pub index: u64,
    /// What it says, `None` if that was erased.
    pub content: Option<ContentMac>,
}

/// What is to be done with a submission.
#[derive(Debug)]
pub enum Begun<W> {
    /// It is new: append it, and say what became of it.
    New(Ticket),
    /// The same is under way: wait for its result.
    InFlight(W),
    /// Other content is under way with the same key: once it is published, this is a conflict; if it fails, begin again.
    OtherInFlight(W),
    /// The same is published: answer with its receipt.
    Known {
        /// The first index.
        index: u64,
    },
    /// The key is published; what it came with is erased, so that nothing can be compared. Answer with the first receipt.
    KnownErased {
        /// The first index.
        index: u64,
    },
    /// Sender: the key is published with other content.
    Conflict {
        /// The first index.
        index: u64,
    },
    /// It is not known whether an earlier try was published: come again later.
    Unresolved,
    /// As many keys are pending as may be: come again later.
    Full,
    /// The table's answer is older than what the desk has let go of: ask the table again.
    SeekAgain,
}

#[derive(Debug)]
enum Pending<W> {
    InFlight {
        ticket: u64,
        content: ContentMac,
        waiter: W,
    },
    /// Its outcome is unknown, so neither an answer nor a second try is right.
    Lost,
    Published {
        index: u64,
        content: Option<ContentMac>,
    },
}

impl<W: Clone> Desk<W> {
    /// A desk behind a table that has all entries of the log, which are `size`. Nothing may be in flight.
    pub fn new(size: u64) -> Desk<W> {
        Desk::bounded(size, PENDING_MAX)
    }

    /// A desk with room for `pending_max` keys.
    pub fn bounded(size: u64, pending_max: usize) -> Desk<W> {
        Desk {
            tabled: size,
            pending: HashMap::new(),
            published: BTreeMap::new(),
            next_ticket: 0,
            pending_max,
        }
    }

    /// What is to be done with a submission, given what the table said of it before. `waiter` is for those who send the same
    /// while this one is under way; it is made only if this one is new.
    pub fn begin(
        &mut self,
        identity: Identity,
        content: ContentMac,
        sought: Sought,
        waiter: impl FnOnce() -> W,
    ) -> Begun<W> {
        match self.pending.get(&identity) {
            Some(Pending::InFlight {
                content: first, waiter, ..
            }) if *first == content => {
                return Begun::InFlight(waiter.clone());
            }
            Some(Pending::InFlight { waiter, .. }) => return Begun::OtherInFlight(waiter.clone()),
            Some(Pending::Lost) => return Begun::Unresolved,
            Some(Pending::Published { index, content: first }) => return known(*index, *first, content),
            None => {}
        }
        if let Some(first) = sought.found {
            return known(first.index, first.content, content);
        }
        if sought.below < self.tabled {
            // The key may be of an entry that came into the table after it was asked, and that the desk let go of since.
            return Begun::SeekAgain;
        }
        if self.pending.len() >= self.pending_max {
            return Begun::Full;
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let waiter = waiter();
        self.pending.insert(
            identity,
            Pending::InFlight {
                ticket,
                content,
                waiter,
            },
        );
        Begun::New(Ticket {
            number: ticket,
            identity,
        })
    }

    /// The event is in the published log, at this index.
    pub fn published(&mut self, ticket: Ticket, index: u64) {
        let Some((identity, content)) = self.take(ticket) else {
            return;
        };
        if index < self.tabled {
            return;
        }
        let content = Some(content);
        self.pending.insert(identity, Pending::Published { index, content });
        self.published.insert(index, identity);
    }

    /// Nothing was appended and nothing will be: the key is free again.
    pub fn released(&mut self, ticket: Ticket) {
        self.take(ticket);
    }

    /// Nobody can say whether the event was appended. The key stays blocked until the table has it, or the program starts anew.
    pub fn lost(&mut self, ticket: Ticket) {
        if let Some((identity, _)) = self.take(ticket) {
            self.pending.insert(identity, Pending::Lost);
        }
    }

    /// The table has all entries below `size`, and those of them that it did not have before are `identities`.
    pub fn tabled(&mut self, size: u64, identities: impl IntoIterator<Item = Identity>) {
        // Also what is in flight or lost: the log has it, so its outcome is no question any more.
        for identity in identities {
            if let Some(Pending::Published { index, .. }) = self.pending.remove(&identity) {
                self.published.remove(&index);
            }
        }
        // What was erased on the way into the table is not among them.
        let later = self.published.split_off(&size);
        for identity in std::mem::replace(&mut self.published, later).into_values() {
            self.pending.remove(&identity);
        }
        self.tabled = self.tabled.max(size);
    }

    /// Forgets what was erased: the content if anything was, the key if `delivery` was.
    pub fn erase(&mut self, erased: &[Erased]) {
        let erasures = Erasures::new(erased);
        for (first, last) in erasures.ranges_of(Members::of(&Member::ALL), u64::MAX) {
            let indexes: Vec<u64> = self.published.range(first..=last).map(|(index, _)| *index).collect();
            for index in indexes {
                self.erase_at(index, erasures.at(index));
            }
        }
    }

    /// Keys in flight, lost, or published and not in the table.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    fn erase_at(&mut self, index: u64, members: Members) {
        let Some(identity) = self.published.get(&index) else {
            return;
        };
        if members.has(Member::Delivery) {
            self.pending.remove(identity);
            self.published.remove(&index);
        } else if let Some(Pending::Published { content, .. }) = self.pending.get_mut(identity) {
            *content = None;
        }
    }

    /// Takes what is in flight under this ticket, and what it says; `None` if the table has it already.
    fn take(&mut self, Ticket { number, identity }: Ticket) -> Option<(Identity, ContentMac)> {
        match self.pending.get(&identity) {
            Some(&Pending::InFlight { ticket, content, .. }) if ticket == number => {
                self.pending.remove(&identity);
                Some((identity, content))
            }
            _ => None,
        }
    }
}

fn known<W>(index: u64, first: Option<ContentMac>, content: ContentMac) -> Begun<W> {
    match first {
        Some(first) if first == content => Begun::Known { index },
        Some(_) => Begun::Conflict { index },
        None => Begun::KnownErased { index },
    }
}

/// Keys that may be pending: some seconds of submissions at full speed that the table is behind. At 16 B a key, 48 B of state and
/// what `W` takes, in a hash map and a tree with room to grow, some 20 MB.
pub const PENDING_MAX: usize = 100_000;
