//! The desk against a naive model of log and table, in random orders: whatever the threads do, one identity has one leaf.

use std::collections::BTreeMap;

use indelible_event::member::Member;
use indelible_index::idempotency::{Begun, Content, ContentMac, Desk, Identity, Sought, Tabled, Ticket};
use indelible_index::{Erased, IndexKey};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn one_identity_has_one_leaf(acts in prop::collection::vec(act(), 0..120)) {
        let mut world = World::new();
        for act in acts {
            world.act(&act);
        }
        world.end();
    }
}

/// What somebody does next. Small numbers, so that things meet.
#[derive(Clone, Debug)]
enum Act {
    /// Asks the table for a key, and keeps the answer.
    Seek {
        key: u8,
    },
    /// Submits with the answer that was kept last, however old it is, or with a new one.
    Begin {
        key: u8,
        content: u8,
        seek: bool,
    },
    /// The sequencer publishes one of those in flight.
    Publish {
        which: usize,
    },
    /// The submitter hears of it and tells the desk.
    Tell {
        which: usize,
    },
    /// The append is refused.
    Refuse {
        which: usize,
    },
    /// The outcome is unknown, to the submitter.
    Lose {
        which: usize,
    },
    /// The follower adds entries to the table.
    Extend {
        count: usize,
    },
    /// The follower tells the desk.
    Tabled,
    Erase {
        which: usize,
        delivery: bool,
    },
    /// The program dies and starts anew.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let which = 0..8_usize;
    prop_oneof![
        2 => (0..KEYS).prop_map(|key| Act::Seek { key }),
        8 => (0..KEYS, 0..2_u8, any::<bool>()).prop_map(|(key, content, seek)| Act::Begin { key, content, seek }),
        4 => which.clone().prop_map(|which| Act::Publish { which }),
        4 => which.clone().prop_map(|which| Act::Tell { which }),
        1 => which.clone().prop_map(|which| Act::Refuse { which }),
        1 => which.clone().prop_map(|which| Act::Lose { which }),
        3 => (0..4_usize).prop_map(|count| Act::Extend { count }),
        3 => Just(Act::Tabled),
        1 => (which, any::<bool>()).prop_map(|(which, delivery)| Act::Erase { which, delivery }),
        1 => Just(Act::Restart),
    ]
}

struct World {
    desk: Desk<(u8, u8)>,
    log: Vec<Entry>,
    /// The table has these many entries, and the desk knows of these many.
    table_size: usize,
    tabled: usize,
    answers: BTreeMap<u8, Sought>,
    flying: Vec<Flying>,
    /// Submissions whose outcome the submitter does not know, and that the log may still get.
    lost: Vec<(u8, u8)>,
}

struct Entry {
    key: u8,
    content: u8,
    content_erased: bool,
    key_erased: bool,
    /// The submitter heard of it.
    told: bool,
}

struct Flying {
    ticket: Ticket,
    key: u8,
    content: u8,
    index: Option<u64>,
}

impl World {
    fn new() -> World {
        World {
            desk: Desk::bounded(0, PENDING_MAX),
            log: Vec::new(),
            table_size: 0,
            tabled: 0,
            answers: BTreeMap::new(),
            flying: Vec::new(),
            lost: Vec::new(),
        }
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Seek { key } => {
                let answer = self.seek(key);
                self.answers.insert(key, answer);
            }
            Act::Begin { key, content, seek } => self.begin(key, content, seek),
            Act::Publish { which } => self.publish(which),
            Act::Tell { which } => {
                if let Some(at) = self.some(which, |flying| flying.index.is_some()) {
                    let Flying { ticket, index, .. } = self.flying.remove(at);
                    let index = index.expect("chosen so");
                    self.desk.published(ticket, index);
                    self.log[crate::at(index)].told = true;
                }
            }
            Act::Refuse { which } => {
                if let Some(at) = self.some(which, |flying| flying.index.is_none()) {
                    self.desk.released(self.flying.remove(at).ticket);
                }
            }
            Act::Lose { which } => {
                if let Some(at) = self.some(which, |_| true) {
                    let Flying {
                        ticket,
                        key,
                        content,
                        index,
                    } = self.flying.remove(at);
                    self.desk.lost(ticket);
                    if index.is_none() {
                        self.lost.push((key, content));
                    }
                }
            }
            Act::Extend { count } => self.table_size = self.log.len().min(self.table_size + count),
            Act::Tabled => {
                let rows = &self.log[self.tabled..self.table_size];
                let rows = rows
                    .iter()
                    .filter(|entry| !entry.key_erased)
                    .map(|entry| identity(entry.key));
                self.desk.tabled(size(self.table_size), rows);
                self.tabled = self.table_size;
            }
            Act::Erase { which, delivery } => self.erase(which, delivery),
            Act::Restart => self.restart(),
        }
        assert!(self.desk.pending() <= PENDING_MAX);
    }

    /// What the table would say: the first of its entries with the key.
    fn seek(&self, key: u8) -> Sought {
        let rows = self.log[..self.table_size].iter().zip(0..);
        let found = rows
            .filter(|(entry, _)| entry.key == key && !entry.key_erased)
            .map(|(entry, index)| Tabled {
                index,
                content: (!entry.content_erased).then(|| content(entry.content)),
            })
            .next();
        Sought {
            below: size(self.table_size),
            found,
        }
    }

    fn begin(&mut self, key: u8, said: u8, seek: bool) {
        let old = self.answers.get(&key).copied().filter(|_| !seek);
        let sought = old.unwrap_or_else(|| self.seek(key));
        let begun = self.desk.begin(identity(key), content(said), sought, || (key, said));
        match begun {
            Begun::New(ticket) => {
                let mut flying = self.flying.iter().filter(|flying| flying.index.is_none());
                assert!(!flying.any(|flying| flying.key == key), "two in flight");
                assert!(!self.lost.iter().any(|lost| lost.0 == key), "one may still be written");
                assert!(
                    !self.log.iter().any(|entry| entry.key == key && !entry.key_erased),
                    "a second leaf"
                );
                self.flying.push(Flying {
                    ticket,
                    key,
                    content: said,
                    index: None,
                });
            }
            Begun::InFlight(waiter) => assert_eq!(waiter, (key, said)),
            Begun::OtherInFlight(waiter) => assert_eq!(waiter, (key, 1 - said)),
            Begun::Known { index } => self.assert_first(key, index, Some(said)),
            Begun::Conflict { index } => self.assert_first(key, index, Some(1 - said)),
            Begun::KnownErased { index } => {
                self.assert_first(key, index, None);
                assert!(self.log[at(index)].content_erased);
            }
            Begun::Unresolved => assert!(!self.flying.iter().any(|flying| flying.key == key)),
            Begun::Full => assert_eq!(self.desk.pending(), PENDING_MAX),
            Begun::SeekAgain => assert!(at(sought.below) < self.tabled, "a new answer is never too old"),
        }
    }

    /// An answer may be of a moment before an erasure, but it is of an entry with the key, and of the first that was not erased.
    fn assert_first(&self, key: u8, index: u64, said: Option<u8>) {
        let entry = &self.log[at(index)];
        assert_eq!(entry.key, key);
        if let Some(said) = said {
            assert_eq!(entry.content, said);
        }
        assert!(
            self.log[..at(index)]
                .iter()
                .all(|before| before.key != key || before.key_erased)
        );
    }

    fn publish(&mut self, which: usize) {
        // Those whose submitters gave up are published like others.
        if which == 0
            && let Some((key, content)) = self.lost.pop()
        {
            self.append(key, content);
        } else if let Some(at) = self.some(which, |flying| flying.index.is_none()) {
            let (key, content) = (self.flying[at].key, self.flying[at].content);
            self.flying[at].index = Some(self.append(key, content));
        }
    }

    fn append(&mut self, key: u8, content: u8) -> u64 {
        assert!(
            !self.log.iter().any(|entry| entry.key == key && !entry.key_erased),
            "a second leaf"
        );
        self.log.push(Entry {
            key,
            content,
            content_erased: false,
            key_erased: false,
            told: false,
        });
        size(self.log.len() - 1)
    }

    fn erase(&mut self, which: usize, delivery: bool) {
        if self.log.is_empty() {
            return;
        }
        let at = which % self.log.len();
        // Nobody asks to erase what was not answered and cannot be found yet. If somebody did, the key would be blocked until the
        // next start.
        if at >= self.tabled && !self.log[at].told {
            return;
        }
        let entry = &mut self.log[at];
        entry.content_erased = true;
        entry.key_erased |= delivery;
        let members = if delivery {
            vec![Member::Delivery]
        } else {
            vec![Member::Actor]
        };
        let index = size(at);
        self.desk.erase(&[Erased {
            first: index,
            last: index,
            members,
        }]);
    }

    /// What was in flight is published or not, as it happens, before the log is read again.
    fn restart(&mut self) {
        for flying in std::mem::take(&mut self.flying) {
            if flying.index.is_none() && flying.content == 0 {
                self.append(flying.key, flying.content);
            }
        }
        self.lost.clear();
        self.answers.clear();
        self.table_size = self.log.len();
        self.tabled = self.log.len();
        self.desk = Desk::bounded(size(self.log.len()), PENDING_MAX);
    }

    /// When everything has been said, every key of the log is known, and the others are free.
    fn end(&mut self) {
        while !self.flying.is_empty() {
            self.act(&Act::Publish { which: 1 });
            self.act(&Act::Tell { which: 1 });
        }
        while !self.lost.is_empty() {
            self.act(&Act::Publish { which: 0 });
        }
        self.act(&Act::Extend { count: usize::MAX / 2 });
        self.act(&Act::Tabled);
        assert_eq!(self.desk.pending(), 0, "nothing is left behind");
        for key in 0..KEYS {
            let sought = self.seek(key);
            let begun = self.desk.begin(identity(key), content(0), sought, || (key, 0));
            let known = self.log.iter().find(|entry| entry.key == key && !entry.key_erased);
            match (known, begun) {
                (None, Begun::New(ticket)) => self.desk.released(ticket),
                (Some(entry), Begun::KnownErased { .. }) => assert!(entry.content_erased),
                (Some(entry), Begun::Known { .. }) => assert!(!entry.content_erased && entry.content == 0),
                (Some(entry), Begun::Conflict { .. }) => assert!(!entry.content_erased && entry.content == 1),
                (known, begun) => panic!("key {key}, in the log: {}, gave {begun:?}", known.is_some()),
            }
        }
    }

    fn some(&self, which: usize, of: impl Fn(&Flying) -> bool) -> Option<usize> {
        let these: Vec<usize> = (0..self.flying.len()).filter(|at| of(&self.flying[*at])).collect();
        (!these.is_empty()).then(|| these[which % these.len()])
    }
}

fn identity(key: u8) -> Identity {
    IndexKey::new(&[1; 32]).identity("ci", &key.to_string())
}

fn content(said: u8) -> ContentMac {
    IndexKey::new(&[1; 32]).content(Content::Members(&[said]))
}

fn size(size: usize) -> u64 {
    u64::try_from(size).expect("a length in memory fits 64 bits")
}

fn at(index: u64) -> usize {
    usize::try_from(index).expect("an index of a vector")
}

const KEYS: u8 = 7;

const PENDING_MAX: usize = 5;
