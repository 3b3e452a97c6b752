//! Consent to go on although a memory says otherwise. It is kept in `admin.jsonl`, and covers what was shown, nothing later.

use std::io;

use indelible_merkle::TreeHead;
use indelible_note::{KeyChain, SignedCheckpoint};
use serde_json::{Value, json};

use super::Remembered;
use crate::data::{DataDir, acts, record};

/// That a head which a memory holds was given up for the one that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    place: String,
    given_up: TreeHead,
    served: TreeHead,
}

/// Writes consent down, given at `now`, seconds since 1970. It comes before the act: if the process dies between the two, there
/// is a consent without an act, never the reverse.
pub fn record_consent(data: &DataDir, now: u64, given_up: &Remembered, served: &SignedCheckpoint) -> io::Result<()> {
    let act = json!({
        "time": now,
        "act": ACT,
        "memory": given_up.place,
        "given_up": given_up.head.note().to_string(),
        "served": served.note().to_string(),
    });
    record(data, &act)
}

/// All consents that were written down. One whose heads this log did not sign is none.
pub fn consents(data: &DataDir, keys: &KeyChain) -> io::Result<Vec<Consent>> {
    let head = |note: &Value| Some(keys.open_checkpoint(note.as_str()?.as_bytes()).ok()?.head());
    let consent = |act: &Value| {
        (act["act"] == ACT).then_some(())?;
        Some(Consent {
            place: act["memory"].as_str()?.to_owned(),
            given_up: head(&act["given_up"])?,
            served: head(&act["served"])?,
        })
    };
    Ok(acts(data)?.iter().filter_map(consent).collect())
}

impl Consent {
    /// Whether it covers that this is remembered: the same memory, and the head that was given up, or one between the head that
    /// is served and that one, as a memory has that lagged behind then.
    pub fn covers(&self, remembered: &Remembered) -> bool {
        let head = remembered.head.head();
        let between = self.served.size < head.size && head.size < self.given_up.size;
        self.place == remembered.place && (head == self.given_up || between)
    }
}

const ACT: &str = "accept-older";

#[cfg(test)]
mod tests {
    use indelible_merkle::Hash;
    use indelible_note::{SigningKey, sign_checkpoint};

    use super::*;

    fn head(size: u64, root: &str) -> TreeHead {
        TreeHead {
            size,
            root: Hash::leaf(root.as_bytes()),
        }
    }

    #[test]
    fn consent_covers_what_was_shown_and_nothing_later() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path());
        let key = SigningKey::from_seed("test.example/log".parse().unwrap(), [7; 32]);
        let remembered = |place: &str, head| Remembered {
            place: place.to_owned(),
            head: sign_checkpoint(head, &key),
        };
        let given_up = remembered("http://mirror", head(10, "other"));
        record_consent(&data, 1, &given_up, &sign_checkpoint(head(5, "ours"), &key)).unwrap();
        record(&data, &json!({"act": "something else", "given_up": "x"})).unwrap();

        let consents = consents(&data, &key.verifier().into()).unwrap();
        let covered = |place, head| consents.iter().any(|consent| consent.covers(&remembered(place, head)));
        for (place, head, expected) in [
            ("http://mirror", head(10, "other"), true),
            ("http://mirror", head(9, "lagging"), true),
            ("http://mirror", head(10, "a third"), false),
            ("http://mirror", head(11, "other"), false),
            ("http://mirror", head(5, "a fork before"), false),
            ("http://mirror", head(4, "a fork before"), false),
            ("http://another", head(10, "other"), false),
        ] {
            assert_eq!(covered(place, head), expected, "{place} {head:?}");
        }
        let stranger = SigningKey::from_seed("test.example/log".parse().unwrap(), [8; 32]);
        assert_eq!(super::consents(&data, &stranger.verifier().into()).unwrap(), []);
    }
}
