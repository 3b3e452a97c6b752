//! What the tests share: the public test log (its private key too is public) and one of its receipts.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::{CompactRange, ConsistencyProof, Hash, TreeHead, proof};
use indelible_note::{
    CosigningKey, PosixTime, SignatureLine, SignedCheckpoint, SigningKey, Verified, VerifierKey, sign_checkpoint,
    witness::{KnownLog, Request, decide},
};
use sha2::{Digest, Sha256};

pub(crate) const LOG_SKEY: &str =
    "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
pub(crate) const LOG_VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// Entry 3 of the test log, `four`, in its tree of 15 entries.
pub(crate) const RECEIPT: &str = "c2sp.org/tlog-proof@v1
index 3
Zx8UbF5HHooag6PCFM5LqQe486WIjRTMjNPOdbsS75Q=
T1X2GdkhUjV3iyufF9b0kVsWFxIU0VI4EpNml2Teci4=
g0ZoeYWtIV8Q8i+4CmgqPnBvH2il107lyCgTQsyB7H4=
5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=

example.com/log/testdata
15
rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=

— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=
";

/// A signature line by a key that nobody here knows.
pub(crate) const UNKNOWN_LINE: &str = "— witness.example AAAAAAAA\n";

/// The checkpoint of 15 entries, which ends [`RECEIPT`].
pub(crate) fn checkpoint() -> &'static str {
    RECEIPT.split_once("\n\n").unwrap().1
}

pub(crate) fn signing_key() -> SigningKey {
    LOG_SKEY.parse().unwrap()
}

pub(crate) fn verifier_key() -> VerifierKey {
    LOG_VKEY.parse().unwrap()
}

/// The text of a key with any type and bytes; its id is the right one.
pub(crate) fn key_text(name: &str, kind: u8, bytes: &[u8]) -> String {
    let typed = [&[kind], bytes].concat();
    let id = Sha256::digest([name.as_bytes(), b"\n", &typed].concat());
    format!(
        "{name}+{:02x}{:02x}{:02x}{:02x}+{}",
        id[0],
        id[1],
        id[2],
        id[3],
        STANDARD.encode(typed)
    )
}

/// A signature line with any name and payload.
pub(crate) fn signature_line(name: &str, payload: &[u8]) -> String {
    format!("— {name} {}\n", STANDARD.encode(payload))
}

/// The key of a witness with this name.
pub(crate) fn witness_key(name: &str) -> CosigningKey {
    let mut seed = [9; 32];
    seed.iter_mut()
        .zip(name.bytes())
        .for_each(|(byte, letter)| *byte = letter);
    CosigningKey::from_seed(name.parse().unwrap(), seed)
}

pub(crate) fn at(secs: u64) -> PosixTime {
    PosixTime::from_secs(secs).unwrap()
}

/// The head of a tree of this size. Trees with another first entry are another history.
pub(crate) fn head(first: &str, size: u64) -> TreeHead {
    let mut tree = CompactRange::new();
    tree.extend(leaves(first, size));
    tree.head()
}

/// The proof that the tree of `new` leaves begins with that of `old`.
pub(crate) fn consistency(first: &str, old: u64, new: u64) -> ConsistencyProof {
    let growth = CompactRange::new().extend(leaves(first, new));
    let plan = proof::consistency(old, new).unwrap();
    let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
    plan.finish(&nodes).unwrap()
}

/// A head of the test log.
pub(crate) fn signed(first: &str, size: u64) -> Verified<SignedCheckpoint> {
    sign_checkpoint(head(first, size), &signing_key())
}

/// A cosignature of a head of the test log by a witness that knew nothing of it before.
pub(crate) fn cosigned(checkpoint: &Verified<SignedCheckpoint>, time: u64, key: &CosigningKey) -> SignatureLine {
    let proof = ConsistencyProof::new(0, checkpoint.head().size, Vec::new());
    let known = KnownLog {
        keys: vec![verifier_key()],
        latest: None,
    };
    let accepted = decide(Request::new(proof, checkpoint.clone().into_inner()), Some(&known)).unwrap();
    accepted.cosign(at(time), key)
}

pub(crate) fn leaves(first: &str, size: u64) -> Vec<Hash> {
    let entry = |index| {
        if index == 0 {
            first.to_owned()
        } else {
            format!("entry {index}")
        }
    };
    (0..size).map(|index| Hash::leaf(entry(index).as_bytes())).collect()
}
