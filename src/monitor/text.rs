//! The state as it is kept: a line of JSON, and a line with its checksum. The only place of the monitor that knows how.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indelible_client::{BadHead, TrustedLog};
use indelible_merkle::{CompactRange, Hash};
use indelible_note::{FindingKind, PosixTime};
use serde::{Deserialize, Serialize};

use super::state::{Standing, State, Teller, Trusted, Untold};

/// Why a text is not the state of a monitor of this log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadState {
    /// It was cut off or changed.
    #[error("its checksum does not hold: it was damaged")]
    Checksum,
    /// Another version wrote it, or something else.
    #[error("it is not the state of a monitor: {0}")]
    Json(String),
    /// It is about another log.
    #[error("it is about the log {found}, not about {expected}")]
    OtherLog {
        /// The log in the state.
        found: String,
        /// The log that is to be monitored.
        expected: String,
    },
    /// The trusted head is not one by the keys that are trusted now.
    #[error("its trusted head is not believed under the keys given: {0}")]
    Head(BadHead),
    /// A value that no monitor writes.
    #[error("its `{0}` cannot be")]
    Value(&'static str),
}

/// Writes a state.
pub(super) fn write(state: &State) -> String {
    let base64 = |hash: &Hash| STANDARD.encode(hash);
    let wire = Wire {
        format: TYPE.to_owned(),
        log: state.origin.clone(),
        began: state.began.secs(),
        trusted: state.trusted.as_ref().map(|trusted| WireTrusted {
            note: trusted.checkpoint.note().to_string(),
            seen: trusted.seen.secs(),
        }),
        news: state.news.secs(),
        vouched: state.vouched.map(PosixTime::secs),
        entries: WireEntries {
            size: state.entries.size(),
            hashes: state.entries.hashes().iter().map(base64).collect(),
        },
        withheld: state.withheld.map(PosixTime::secs),
        standing: state.standing.iter().map(WireStanding::from).collect(),
        untold: state.untold.iter().map(WireUntold::from).collect(),
    };
    let line = serde_json::to_string(&wire).expect("strings and numbers can always be written");
    format!("{line}\n{}\n", Hash::leaf(line.as_bytes()))
}

/// Reads what [`write`] has written.
pub(super) fn read(bytes: &[u8], log: &TrustedLog) -> Result<State, BadState> {
    let text = str::from_utf8(bytes).map_err(|_| BadState::Checksum)?;
    let (line, sum) = text.split_once('\n').ok_or(BadState::Checksum)?;
    if sum != format!("{}\n", Hash::leaf(line.as_bytes())) {
        return Err(BadState::Checksum);
    }
    let wire: Wire = serde_json::from_str(line).map_err(|error| BadState::Json(error.to_string()))?;
    if wire.format != TYPE {
        return Err(BadState::Json(format!("its type is {:?}", wire.format)));
    }
    if wire.log != log.origin().as_str() {
        return Err(BadState::OtherLog {
            found: wire.log,
            expected: log.origin().to_string(),
        });
    }
    let trusted = wire.trusted.map(|trusted| {
        let head = log.open_signed(trusted.note.as_bytes()).map_err(BadState::Head)?;
        Ok(Trusted {
            checkpoint: head.checkpoint,
            seen: time(trusted.seen, "seen")?,
        })
    });
    let state = State {
        origin: wire.log,
        began: time(wire.began, "began")?,
        trusted: trusted.transpose()?,
        news: time(wire.news, "news")?,
        vouched: wire.vouched.map(|secs| time(secs, "vouched")).transpose()?,
        entries: wire.entries.read()?,
        withheld: wire.withheld.map(|secs| time(secs, "withheld")).transpose()?,
        standing: wire.standing.iter().map(WireStanding::read).collect::<Result<_, _>>()?,
        untold: wire.untold.into_iter().map(WireUntold::read).collect(),
    };
    // Where the two can be compared, they must agree.
    let head = state.trusted.as_ref().map(|trusted| trusted.checkpoint.head());
    let agrees = match head.filter(|head| head.size == state.entries.size()) {
        Some(head) => head.root == state.entries.root(),
        None => state.entries.size() <= state.size(),
    };
    match agrees {
        true => Ok(state),
        false => Err(BadState::Value("entries")),
    }
}

fn time(secs: u64, what: &'static str) -> Result<PosixTime, BadState> {
    PosixTime::from_secs(secs).ok_or(BadState::Value(what))
}

fn hash(base64: &str, what: &'static str) -> Result<Hash, BadState> {
    let bytes = STANDARD.decode(base64).map_err(|_| BadState::Value(what))?;
    Hash::try_from(bytes.as_slice()).map_err(|_| BadState::Value(what))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "type")]
    format: String,
    log: String,
    began: u64,
    trusted: Option<WireTrusted>,
    news: u64,
    vouched: Option<u64>,
    entries: WireEntries,
    withheld: Option<u64>,
    standing: Vec<WireStanding>,
    untold: Vec<WireUntold>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTrusted {
    note: String,
    seen: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntries {
    size: u64,
    hashes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStanding {
    kind: String,
    id: String,
    over: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireUntold {
    file: String,
    by: WireTeller,
    rounds: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireTeller {
    Exec,
    Notify,
}

impl WireEntries {
    fn read(&self) -> Result<CompactRange, BadState> {
        let hashes = self.hashes.iter().map(|text| hash(text, "entries"));
        CompactRange::from_hashes(self.size, hashes.collect::<Result<_, _>>()?).map_err(|_| BadState::Value("entries"))
    }
}

impl WireStanding {
    fn read(&self) -> Result<Standing, BadState> {
        let kind = FindingKind::from_name(&self.kind);
        Ok(Standing {
            kind: kind.ok_or(BadState::Value("kind"))?,
            id: hash(&self.id, "id")?,
            over: self.over,
        })
    }
}

impl From<&Standing> for WireStanding {
    fn from(standing: &Standing) -> WireStanding {
        WireStanding {
            kind: standing.kind.as_str().to_owned(),
            id: STANDARD.encode(standing.id),
            over: standing.over,
        }
    }
}

impl WireUntold {
    fn read(self) -> Untold {
        Untold {
            file: self.file,
            by: match self.by {
                WireTeller::Exec => Teller::Exec,
                WireTeller::Notify => Teller::Notify,
            },
            rounds: self.rounds,
        }
    }
}

impl From<&Untold> for WireUntold {
    fn from(untold: &Untold) -> WireUntold {
        WireUntold {
            file: untold.file.clone(),
            by: match untold.by {
                Teller::Exec => WireTeller::Exec,
                Teller::Notify => WireTeller::Notify,
            },
            rounds: untold.rounds,
        }
    }
}

const TYPE: &str = "indelible.monitor.v1";

#[cfg(test)]
mod tests {
    use indelible_note::{KeyChain, SigningKey, sign_checkpoint};

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed("test.example/log".parse().unwrap(), [seed; 32])
    }

    fn full() -> State {
        let at = |secs| PosixTime::from_secs(secs).unwrap();
        let mut tree = CompactRange::new();
        tree.extend((0..5_u8).map(|entry| Hash::leaf(&[entry])).collect());
        let entries = tree.clone();
        tree.extend(vec![Hash::leaf(b"later")]);
        State {
            trusted: Some(Trusted {
                checkpoint: sign_checkpoint(tree.head(), &key(1)),
                seen: at(7),
            }),
            news: at(8),
            vouched: Some(at(6)),
            entries,
            withheld: Some(at(9)),
            standing: vec![Standing {
                kind: FindingKind::Rewritten,
                id: Hash::leaf(b"id"),
                over: true,
            }],
            untold: vec![Untold {
                file: "/findings/one \"quoted\".json".to_owned(),
                by: Teller::Notify,
                rounds: 2,
            }],
            ..State::new("test.example/log", at(5))
        }
    }

    #[test]
    fn what_is_written_is_read_and_every_changed_byte_is_noticed() {
        let trust = TrustedLog::by_keys(KeyChain::of(key(1).verifier()));
        for state in [full(), State::new("test.example/log", PosixTime::from_secs(5).unwrap())] {
            let text = write(&state);
            assert_eq!(read(text.as_bytes(), &trust), Ok(state));
            for at in 0..text.len() {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= 1;
                assert_eq!(read(&changed, &trust), Err(BadState::Checksum), "byte {at}");
                assert_eq!(
                    read(&text.as_bytes()[..at], &trust),
                    Err(BadState::Checksum),
                    "cut at {at}"
                );
            }
        }
    }

    #[test]
    fn a_state_of_another_log_or_key_is_refused_and_so_is_one_that_cannot_be() {
        let other = SigningKey::from_seed("other.example".parse().unwrap(), [1; 32]);
        let text = write(&full());
        let refused = read(text.as_bytes(), &TrustedLog::by_keys(KeyChain::of(other.verifier()))).unwrap_err();
        assert!(matches!(refused, BadState::OtherLog { .. }));
        let refused = read(text.as_bytes(), &TrustedLog::by_keys(KeyChain::of(key(2).verifier()))).unwrap_err();
        assert!(matches!(refused, BadState::Head(BadHead::NotWitnessed(_))));
        let trust = TrustedLog::by_keys(KeyChain::of(key(1).verifier()));
        let mut ahead = full();
        ahead.entries.extend(vec![Hash::leaf(b"later"), Hash::leaf(b"ahead")]);
        let mut other = full();
        other.entries.extend(vec![Hash::leaf(b"another")]);
        for state in [ahead, other] {
            assert_eq!(read(write(&state).as_bytes(), &trust), Err(BadState::Value("entries")));
        }
    }
}
