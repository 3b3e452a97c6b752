//! What the server says of its log: the truth, but for one thing.

use bytes::Bytes;
use indelible_merkle::Hash;
use tonic::Status;

use super::{Lie, Shared, pb};
use crate::log::Log;

impl Shared {
    pub(super) fn current_lie(&self) -> Lie {
        *self.lie.lock().unwrap()
    }

    /// Lets a call in, unless the lie is about that.
    pub(super) async fn admit(&self) -> Result<Lie, Status> {
        match self.current_lie() {
            Lie::Refuse => Err(Status::resource_exhausted("the queue is full")),
            Lie::Stranger => Err(Status::unauthenticated("no such token")),
            Lie::NoRole => Err(Status::permission_denied("submitter may not")),
            // In a stream, silence falls later.
            Lie::Silence => std::future::pending().await,
            lie => Ok(lie),
        }
    }

    pub(super) fn head(&self, lie: Lie) -> Option<pb::SignedTreeHead> {
        if let Some(note) = self.head.lock().unwrap().clone() {
            return Some(pb::SignedTreeHead {
                checkpoint: note.into(),
            });
        }
        let log = self.log.lock().unwrap();
        signed(&log, log.size() - u64::from(lie == Lie::OldHead), lie)
    }

    /// Appends entries, or does not, and says where they are.
    pub(super) fn commit(&self, entries: Vec<Bytes>, lie: Lie) -> pb::AppendStreamResponse {
        let mut log = self.log.lock().unwrap();
        let sent = entries.len() as u64;
        let first = match lie {
            Lie::Replay => log.find(Hash::leaf(&entries[0])).unwrap(),
            _ => log.size(),
        };
        for entry in entries.into_iter().filter(|_| lie != Lie::Replay) {
            match lie {
                Lie::OtherEntry => log.append("another".into()),
                _ => log.append(entry),
            }
        }
        let size = log.size();
        self.published.send_replace(());
        let (start, end) = match lie {
            Lie::OtherProof => (first - 1, first - 1 + sent),
            _ => (first, first + sent),
        };
        let mut hashes = Hash::join(&log.range(start, end, size));
        if lie == Lie::TornHash {
            hashes.pop();
        }
        let count = match lie {
            Lie::TooManyAcknowledged => sent + 1,
            Lie::NothingAcknowledged => 0,
            _ => sent,
        };
        pb::AppendStreamResponse {
            first_index: first + u64::from(lie == Lie::WrongIndex),
            count: count as u32,
            head: signed(&log, size - u64::from(lie == Lie::OldHead), lie),
            proof: (lie != Lie::NoProof).then(|| pb::RangeProof { hashes: hashes.into() }),
            consistency: None,
        }
    }

    pub(super) fn consistency(&self, old: u64, new: u64, lie: Lie) -> Option<pb::ConsistencyProof> {
        let mut hashes = Hash::join(&self.log.lock().unwrap().consistency(old, new));
        match lie {
            Lie::NoConsistency => return None,
            Lie::WrongConsistency if hashes.is_empty() => hashes = vec![0; Hash::BYTES],
            Lie::WrongConsistency => hashes[0] ^= 1,
            _ => {}
        }
        Some(pb::ConsistencyProof { hashes: hashes.into() })
    }
}

pub(super) fn signed(log: &Log, size: u64, lie: Lie) -> Option<pb::SignedTreeHead> {
    let mut note = log.signed(size).to_vec();
    match lie {
        Lie::NoHead => return None,
        Lie::TornHead => note.truncate(note.len() / 2),
        Lie::BadSignature => {
            // The last bytes are base64 of the signature, `=` and a line feed; this one is in the middle of it.
            let at = note.len() - 20;
            note[at] = if note[at] == b'A' { b'B' } else { b'A' };
        }
        _ => {}
    }
    Some(pb::SignedTreeHead {
        checkpoint: note.into(),
    })
}
