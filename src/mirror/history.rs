//! Whether the head of the copy and the head of the log belong to one history.

use indelible_client::{PatientSource, Trunk};
use indelible_merkle::{Hash, TreeHead, check_prefix};
use indelible_note::{SignedCheckpoint, Verified};

use super::MirrorError;

/// Makes sure that the log's head continues the copy's. `trunk` is the tree of the log's head, `copy` the files of the copy.
pub(super) async fn check(
    first: &Verified<SignedCheckpoint>,
    then: &Verified<SignedCheckpoint>,
    trunk: &mut Trunk,
    copy: &PatientSource,
) -> Result<(), MirrorError> {
    check_heads(first, then, copy).await?;
    let (old, new) = (first.head(), then.head());
    if old.size == 0 || old.size == new.size {
        return Ok(());
    }
    let hashes = trunk.prefix(old.size).await?;
    match is_continued(&hashes, old, new) {
        Some(true) => Ok(()),
        // Hashes from a tree that was checked against its root always prove something.
        Some(false) | None => Err(fork(first, then, hashes)),
    }
}

/// As much of it as the heads and the copy show, whatever else the log serves: its tree must not be smaller, nor one of the same
/// size another.
pub(super) async fn check_heads(
    first: &Verified<SignedCheckpoint>,
    then: &Verified<SignedCheckpoint>,
    copy: &PatientSource,
) -> Result<(), MirrorError> {
    let (old, new) = (first.head(), then.head());
    if old.size == new.size && old.root != new.root {
        return Err(fork(first, then, Vec::new()));
    }
    if new.size >= old.size {
        return Ok(());
    }
    // The copy can tell whether that is an older head of its history or one of another.
    let hashes = match Trunk::open(copy.clone(), old).await {
        Ok(mut trunk) if new.size > 0 => trunk.prefix(new.size).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    Err(match is_continued(&hashes, new, old) {
        Some(false) => fork(first, then, hashes),
        _ => MirrorError::Rollback {
            first: Box::new(first.clone()),
            then: Box::new(then.clone()),
        },
    })
}

fn fork(first: &Verified<SignedCheckpoint>, then: &Verified<SignedCheckpoint>, hashes: Vec<Hash>) -> MirrorError {
    MirrorError::Fork {
        first: Box::new(first.clone()),
        then: Box::new(then.clone()),
        hashes,
    }
}

/// Whether the larger tree begins with the smaller one, if the hashes say anything about it.
fn is_continued(hashes: &[Hash], smaller: TreeHead, larger: TreeHead) -> Option<bool> {
    let consistent = check_prefix(hashes, smaller.size, &larger).ok()?;
    Some(consistent.old_head() == smaller)
}
