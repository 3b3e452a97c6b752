//! The keys of a log: its first key, and the statements that lead to the others.

use std::sync::LazyLock;

use indelible_note::{KeyChain, KeyChange, SigningKey};

use super::Verdict;
use super::sample::{KEY, SIZE, UNKNOWN_LINE, VKEY};

/// A key that was never changed, one that was changed once and twice, and a statement with a line by somebody else.
pub fn seeds() -> Vec<Vec<u8>> {
    let (never, once, twice) = (chain(0), chain(1), chain(2));
    let texts = [never, once.clone(), twice, format!("{once}{UNKNOWN_LINE}")];
    texts.into_iter().map(String::into_bytes).collect()
}

/// What is read is written again byte for byte, each key follows the one before at no smaller size, and from the log's own key there
/// is no way but those that it has signed.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(keys) = KeyChain::parse_unrooted(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(keys.to_string().as_bytes(), bytes);
    assert_eq!(keys.terms().len(), keys.changes().len() + 1);
    for pair in keys.terms().windows(2) {
        assert_eq!(pair[0].last_size(), Some(pair[1].first_size()));
        assert!(pair[0].first_size() <= pair[1].first_size());
    }
    for change in keys.changes() {
        let note = change.note().as_str().as_bytes();
        KeyChange::parse(note)
            .expect("it was read before")
            .open(change.old())
            .expect("it held before");
    }
    if *keys.genesis() == *VKEY {
        for (change, number) in keys.changes().iter().zip(1..) {
            assert_eq!(
                *change.new_key(),
                SUCCESSORS[number - 1].verifier(),
                "nobody signed that"
            );
        }
    }
    Verdict::Accepted
}

/// The keys of the log when it has changed them so often.
fn chain(changes: usize) -> String {
    let mut keys = KeyChain::of(VKEY.clone());
    let mut old: &SigningKey = &KEY;
    for (new, number) in SUCCESSORS.iter().take(changes).zip(1..) {
        let change = KeyChange::sign(old, new, number * SIZE).expect("two keys of one log");
        keys.follow(change.note().as_str().as_bytes()).expect("it follows");
        old = new;
    }
    keys.to_string()
}

static SUCCESSORS: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| [11, 12].map(|seed| SigningKey::from_seed(KEY.name().clone(), [seed; 32])));
