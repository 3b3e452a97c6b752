//! Trees, heads and receipts made by hand, as an honest log, a dishonest one and a thief make them.

use indelible_merkle::{CompactRange, ConsistencyProof, Hash, TreeHead, proof};
use indelible_note::witness::{KnownLog, Request, decide};
use indelible_note::{
    CosigningKey, PosixTime, Receipt, SignatureLine, SignedCheckpoint, SigningKey, Verified, sign_checkpoint,
};

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("test.example/log".parse().unwrap(), [seed; 32])
}

pub(crate) fn witness(name: &str, seed: u8) -> CosigningKey {
    CosigningKey::from_seed(name.parse().unwrap(), [seed; 32])
}

/// Entry `index` of a history.
pub(crate) fn entry(history: &str, index: u64) -> Vec<u8> {
    format!("{history} {index}").into_bytes()
}

fn leaves(history: &str, size: u64) -> Vec<Hash> {
    (0..size).map(|index| Hash::leaf(&entry(history, index))).collect()
}

pub(crate) fn head(history: &str, size: u64) -> TreeHead {
    let mut tree = CompactRange::new();
    tree.extend(leaves(history, size));
    tree.head()
}

/// What proves the head of the first `old` entries of a history.
pub(crate) fn prefix(history: &str, old: u64, new: u64) -> Vec<Hash> {
    let growth = CompactRange::new().extend(leaves(history, new));
    let plan = proof::prefix(old, new).unwrap();
    let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
    plan.finish(&nodes).unwrap()
}

pub(crate) fn signed(history: &str, size: u64, key: &SigningKey) -> Verified<SignedCheckpoint> {
    sign_checkpoint(head(history, size), key)
}

/// A cosignature by a witness that knew nothing of the log before.
pub(crate) fn cosignature(
    checkpoint: &Verified<SignedCheckpoint>,
    secs: u64,
    log: &SigningKey,
    witness: &CosigningKey,
) -> SignatureLine {
    let proof = ConsistencyProof::new(0, checkpoint.head().size, Vec::new());
    let known = KnownLog {
        keys: vec![log.verifier()],
        latest: None,
    };
    let accepted = decide(Request::new(proof, checkpoint.clone().into_inner()), Some(&known)).unwrap();
    accepted.cosign(PosixTime::from_secs(secs).unwrap(), witness)
}

/// The receipt of an entry of a history under this note.
pub(crate) fn receipt(history: &str, index: u64, checkpoint: &SignedCheckpoint) -> Receipt {
    let size = checkpoint.head().size;
    let growth = CompactRange::new().extend(leaves(history, size));
    let plan = proof::inclusion(index, size).unwrap();
    let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
    let proof = plan.finish(&nodes).unwrap();
    Receipt::new(index, proof.hashes().to_vec(), checkpoint.clone())
}
