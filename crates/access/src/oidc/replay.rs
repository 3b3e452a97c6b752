//! Tokens that are good for one use.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::refused::Refused;

/// Each takes some 150 bytes: 15 MB. That is 28 tokens a second of an hour each.
pub const REPLAY_ENTRIES_MAX: usize = 100_000;

/// Which tokens were used, of issuers whose tokens are good for one use.
///
/// It remembers from when it was made on and no further back, so a token that may have been issued before is refused: whether somebody
/// used it then cannot be known. What is remembered is forgotten when the token would be refused for its age anyway.
#[derive(Debug)]
pub struct Replay {
    since: Timestamp,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    tokens: HashSet<[u8; 32]>,
    /// The same, by the second from which on they may be forgotten.
    by_end: BTreeSet<(i64, [u8; 32])>,
}

/// A token that is about to be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'u> {
    pub(super) issuer: &'u str,
    /// Its `jti`; if it has none, what is signed of it, since that cannot be written in another way and stay signed.
    pub(super) token: &'u str,
    /// Before which second it was not issued, however far the issuer's clock is off.
    pub(super) issued_after: i64,
    /// From which second on it is refused for its age.
    pub(super) until: i64,
}

impl Replay {
    /// A memory that begins now.
    pub fn new(now: Timestamp) -> Replay {
        Replay {
            since: now,
            used: Mutex::default(),
        }
    }

    /// Takes note that a token is used.
    pub(super) fn take(&self, use_: Use<'_>, name: &str, now: Timestamp) -> Result<(), Refused> {
        if use_.issued_after < self.since.as_second() {
            return Err(Refused::OlderThanMemory { since: self.since });
        }
        let mut hash = Sha256::new();
        hash.update((use_.issuer.len() as u64).to_be_bytes());
        hash.update(use_.issuer);
        hash.update(use_.token);
        let token: [u8; 32] = hash.finalize().into();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget(now.as_second());
        if used.tokens.contains(&token) {
            return Err(Refused::UsedBefore {
                issuer: name.to_owned(),
            });
        }
        if used.tokens.len() >= REPLAY_ENTRIES_MAX {
            return Err(Refused::ReplayFull);
        }
        used.tokens.insert(token);
        used.by_end.insert((use_.until, token));
        Ok(())
    }
}

impl Used {
    fn forget(&mut self, now: i64) {
        while let Some((until, token)) = self.by_end.first().copied().filter(|(until, _)| *until <= now) {
            self.by_end.remove(&(until, token));
            self.tokens.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn take(replay: &Replay, issuer: &str, token: &str, until: i64, now: i64) -> Result<(), Refused> {
        let use_ = Use {
            issuer,
            token,
            issued_after: 1_000,
            until,
        };
        replay.take(use_, "ci", at(now))
    }

    #[test]
    fn a_token_is_used_once_and_remembered_until_it_is_too_old() {
        let replay = Replay::new(at(1_000));
        let used = Err(Refused::UsedBefore {
            issuer: "ci".to_owned(),
        });
        assert_eq!(take(&replay, "a", "1", 1_100, 1_000), Ok(()));
        assert_eq!(take(&replay, "a", "1", 1_100, 1_000), used);
        assert_eq!(take(&replay, "a", "1", 1_100, 1_099), used);
        assert_eq!(take(&replay, "b", "1", 1_100, 1_099), Ok(()));
        assert_eq!(take(&replay, "a1", "", 1_100, 1_099), Ok(()));
        // A clock that is set back forgets nothing.
        assert_eq!(take(&replay, "a", "1", 1_100, 5), used);
        // From here on `verify` refuses it for its age; that it could be taken again shows that it is forgotten.
        assert_eq!(take(&replay, "a", "1", 1_200, 1_100), Ok(()));
    }

    #[test]
    fn what_may_have_been_used_before_the_memory_began_is_refused() {
        let replay = Replay::new(at(1_001));
        assert_eq!(
            take(&replay, "a", "1", 1_100, 1_001),
            Err(Refused::OlderThanMemory { since: at(1_001) })
        );
    }

    #[test]
    fn a_full_memory_refuses_and_forgets_nothing() {
        let replay = Replay::new(at(1_000));
        for token in 0..REPLAY_ENTRIES_MAX {
            take(&replay, "a", &token.to_string(), 1_100, 1_000).unwrap();
        }
        assert_eq!(take(&replay, "a", "x", 1_100, 1_000), Err(Refused::ReplayFull));
        let used = Err(Refused::UsedBefore {
            issuer: "ci".to_owned(),
        });
        assert_eq!(take(&replay, "a", "0", 1_100, 1_000), used);
        assert_eq!(take(&replay, "a", "x", 1_200, 1_100), Ok(()));
    }
}
