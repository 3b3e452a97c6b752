//! What a monitor believes of a log, from one look at it to the next.

use indelible_merkle::{CompactRange, Hash};
use indelible_note::{FindingKind, PosixTime, SignedCheckpoint, Verified};

/// All that a monitor remembers. Values of this type are made by [`State::new`], by [`judge::conclude`](super::judge::conclude) and
/// by reading a file in which one was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The log's name.
    pub origin: String,
    /// When the log was first looked at.
    pub began: PosixTime,
    /// The newest head that continues all those before it.
    pub trusted: Option<Trusted>,
    /// When the monitor last saw a larger tree or another note, by its own clock.
    pub news: PosixTime,
    /// The latest time at which enough witnesses vouched for a head, never later than the monitor's own clock then was.
    pub vouched: Option<PosixTime>,
    /// How many entries were verified one by one, and their tree. Never more than the trusted head has.
    pub entries: CompactRange,
    /// Since when there are entries that the log has signed and that cannot be had.
    pub withheld: Option<PosixTime>,
    /// What was reported: one finding of each kind, the last one.
    pub standing: Vec<Standing>,
    /// Who has not been told what.
    pub untold: Vec<Untold>,
}

/// A head that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The head.
    pub checkpoint: Verified<SignedCheckpoint>,
    /// When the monitor first saw it.
    pub seen: PosixTime,
}

/// A finding that was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its kind.
    pub kind: FindingKind,
    /// Tells it from others of its kind.
    pub id: Hash,
    /// Whether the log has been good since.
    pub over: bool,
}

/// A finding that somebody has not been told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Its file.
    pub file: String,
    /// How it is to be told.
    pub by: Teller,
    /// How often that was tried in vain.
    pub rounds: u32,
}

/// A way to tell people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// A command is run.
    Exec,
    /// The finding is posted to a URL.
    Notify,
}

impl State {
    /// Nothing seen yet.
    pub fn new(origin: &str, now: PosixTime) -> State {
        State {
            origin: origin.to_owned(),
            began: now,
            trusted: None,
            news: now,
            vouched: None,
            entries: CompactRange::new(),
            withheld: None,
            standing: Vec::new(),
            untold: Vec::new(),
        }
    }

    /// The size of the trusted head, 0 if there is none.
    pub fn size(&self) -> u64 {
        self.trusted
            .as_ref()
            .map_or(0, |trusted| trusted.checkpoint.head().size)
    }

    /// What the log is accused of and has not made good.
    pub fn accused_of(&self) -> Vec<&'static str> {
        let standing = self.standing.iter().filter(|standing| !standing.over);
        standing.map(|standing| standing.kind.as_str()).collect()
    }
}
