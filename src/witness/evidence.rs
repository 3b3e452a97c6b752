//! What a refused checkpoint proves against the log that signed it.

use indelible_merkle::Hash;
use indelible_note::{Finding, FindingKind, Note, PosixTime, SignedCheckpoint, Verdict, Verified, VerifierKey};

use super::state::LogState;

/// A fork of a log, as far as a witness can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The finding proves it to everybody: [`Finding::confirm`] says so.
    Proven(Finding),
    /// The log signed the checkpoint, and the proof that came with it does not hold.
    Unproven(Finding),
}

/// Puts the evidence together: the note that was cosigned last, the checkpoint that does not continue it, and the hashes that came
/// with it.
///
/// Two roots of one size prove a fork, and so does a root of the empty tree that is not that of the empty tree. Of a larger tree
/// the hashes prove it if they lead to its root and to another old root than the one that was cosigned.
pub(super) fn evidence(
    known: &LogState,
    refused: &Verified<SignedCheckpoint>,
    hashes: &[Hash],
    now: PosixTime,
) -> Evidence {
    let (latest, seen) = match &known.cosigned {
        Some((latest, time)) => (&**latest, *time),
        // Before the first cosignature only a checkpoint that contradicts itself is refused.
        None => (&**refused, now),
    };
    let finding = |key: &VerifierKey| Finding {
        kind: FindingKind::Fork,
        key: key.clone(),
        heads: vec![signed_part(latest.note(), known), signed_part(refused.note(), known)],
        hashes: hashes.to_vec(),
        seen: vec![seen, now],
    };
    // Of a log with several keys, the one that signed both.
    let proven = known
        .keys
        .iter()
        .map(finding)
        .find(|finding| matches!(finding.confirm(), Ok(Verdict::Fork(_))));
    match proven {
        Some(finding) => Evidence::Proven(finding),
        None => Evidence::Unproven(finding(known.keys.first().expect("a log that is known has a key"))),
    }
}

/// The note with the lines of the log's keys alone: what others put below it was not checked, and can be long.
fn signed_part(note: &Note, known: &LogState) -> String {
    let mut part = format!("{}\n", note.text());
    for line in note.signatures() {
        let by = |key: &&VerifierKey| key.name() == line.name() && key.id() == line.id();
        if known.keys.iter().any(|key| by(&key)) && !part.ends_with(&line.to_string()) {
            part.push_str(&line.to_string());
        }
    }
    part
}
