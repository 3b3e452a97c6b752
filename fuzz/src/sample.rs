//! A small log that the seeds are taken from, made anew in every process.

use std::sync::LazyLock;

use indelible_merkle::{CompactRange, ConsistencyProof, Growth, Hash, NodeId, TreeHead, proof};
use indelible_note::witness::{KnownLog, Request, decide};
use indelible_note::{
    CosigningKey, PosixTime, Receipt, SignedCheckpoint, SigningKey, Verified, VerifierKey, sign_checkpoint,
};

/// The log's key. Its seed stands here, so it is no secret.
pub(super) static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let name = "fuzz.example/log".parse().expect("a name without forbidden characters");
    SigningKey::from_seed(name, [7; 32])
});

pub(super) static VKEY: LazyLock<VerifierKey> = LazyLock::new(|| KEY.verifier());

/// All perfect nodes of a tree of [`SIZE`] leaves.
static TREE: LazyLock<Growth> = LazyLock::new(|| {
    let leaves = (0..SIZE).map(|index| Hash::leaf(&index.to_be_bytes())).collect();
    CompactRange::new().extend(leaves)
});

pub(super) fn leaves() -> &'static [Hash] {
    TREE.leaves()
}

/// The hashes of the nodes that a plan asks for.
pub(super) fn fetch(nodes: &[NodeId]) -> Vec<Hash> {
    let node = |id: &NodeId| {
        TREE.node(*id)
            .expect("plans for trees within ours name nodes that it has")
    };
    nodes.iter().map(node).collect()
}

/// The head of the first `size` leaves.
pub(super) fn head(size: u64) -> TreeHead {
    let edge = fetch(&CompactRange::nodes_of(size));
    CompactRange::from_hashes(size, edge)
        .expect("as many as asked for")
        .head()
}

/// The only head that [`KEY`] has ever signed.
pub(super) static CHECKPOINT: LazyLock<Verified<SignedCheckpoint>> =
    LazyLock::new(|| sign_checkpoint(head(SIZE), &KEY));

/// A witness of the log.
pub(super) static WITNESS: LazyLock<CosigningKey> = LazyLock::new(|| {
    let name = "witness.example".parse().expect("a name without forbidden characters");
    CosigningKey::from_seed(name, [9; 32])
});

/// The checkpoint with the line that [`WITNESS`] gave for it.
pub(super) static COSIGNED: LazyLock<SignedCheckpoint> = LazyLock::new(|| {
    let checkpoint = CHECKPOINT.clone().into_inner();
    let from_nothing = ConsistencyProof::new(0, SIZE, Vec::new());
    let known = KnownLog {
        keys: vec![VKEY.clone()],
        latest: None,
    };
    let accepted = decide(Request::new(from_nothing, checkpoint), Some(&known)).expect("the log's first head");
    let time = PosixTime::from_secs(1_767_139_200).expect("a time");
    let line = accepted.cosign(time, &WITNESS);
    let cosigned = CHECKPOINT.with_cosignatures(&[line], &[WITNESS.cosigner()]);
    cosigned.expect("the witness's own line").into_inner()
});

/// The receipt of the leaf at [`PROVED`].
pub(super) static RECEIPT: LazyLock<String> = LazyLock::new(|| {
    let plan = proof::inclusion(PROVED, SIZE).expect("the leaf is in the tree");
    let proof = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
    Receipt::new(PROVED, proof.hashes().to_vec(), CHECKPOINT.clone().into_inner()).to_string()
});

/// Not a power of two, and more than one tile.
pub(super) const SIZE: u64 = 300;

pub(super) const PROVED: u64 = 299;

/// A signature line by a key that nobody here knows.
pub(super) const UNKNOWN_LINE: &str = "— witness.example AAAAAAAA\n";
