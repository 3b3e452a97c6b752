//! The bundles of a log in order, and the tree that grows from them.

use std::fmt;

use futures_util::stream::{BoxStream, StreamExt};
use indelible_client::{PatientSource, TileError, Trunk, bundle_leaves};
use indelible_merkle::{Hash, TILE_WIDTH, Tile, TileEdge, TileId, TilePath, TreeHead, check_prefix};

use super::judge::judge;
use super::state::Standing;
use super::{AuditError, Plan, Scope, Shown};
use crate::task::join;

/// An audit under one head that is under way.
pub(super) struct Walk {
    source: PatientSource,
    shown: Shown,
    head: TreeHead,
    /// The heads that were not reached when it began, this one left out.
    earlier: Vec<Shown>,
    scope: Scope,
    standing: Standing,
    /// The tree with the last bundle, if that is not full: it will be read again when the log has grown.
    whole: Option<TileEdge>,
    bundles: BoxStream<'static, Result<Bundle, TileError>>,
}

/// What is known of a bundle when it has come.
struct Bundle {
    leaves: Vec<Hash>,
    /// The tile that is served for it, if it is another one.
    other: Option<Vec<Hash>>,
}

impl Walk {
    /// Begins where an earlier walk stands, and fetches nothing yet.
    pub(super) fn begin(
        source: PatientSource,
        mut standing: Standing,
        shown: Shown,
        plan: Plan<'_>,
    ) -> Result<Walk, AuditError> {
        let head = shown.head.head();
        let size = head.size;
        let first = standing.size() / TILE_WIDTH;
        standing.meet(shown.clone())?;
        let earlier = standing.heads[..standing.heads.len() - 1].to_vec();
        let scope = plan.scope;
        let bundles = {
            let source = source.clone();
            // Each is a task, so that all processors hash.
            futures_util::stream::iter(first..size.div_ceil(TILE_WIDTH))
                .map(move |index| join(tokio::spawn(read(source.clone(), index, size, scope))))
                .buffered(plan.in_flight)
                .boxed()
        };
        Ok(Walk {
            source,
            shown,
            head,
            earlier,
            scope,
            standing,
            whole: None,
            bundles,
        })
    }

    /// What is checked so far.
    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// How many entries there are to check.
    pub(super) fn size(&self) -> u64 {
        self.head.size
    }

    /// Checks one more bundle, or at the end the right edge and the root; whether there is more to do.
    pub(super) async fn step(&mut self) -> Result<bool, AuditError> {
        match self.bundles.next().await.transpose()? {
            Some(bundle) => self.take(bundle).await.map(|()| true),
            None => self.finish().await.map(|()| false),
        }
    }

    async fn take(&mut self, bundle: Bundle) -> Result<(), AuditError> {
        let size = self.standing.size();
        if let Some(served) = bundle.other {
            let id = TileId {
                level: 0,
                index: size / TILE_WIDTH,
            };
            let hashes = bundle.leaves;
            return Err(judge(&self.source, self.head, &Tile { id, hashes }, &served)
                .await
                .into());
        }
        self.meet_earlier(&bundle.leaves)?;
        if (bundle.leaves.len() as u64) < TILE_WIDTH {
            let mut whole = self.standing.edge.clone();
            whole.extend(bundle.leaves);
            self.whole = Some(whole);
            return Ok(());
        }
        let mut edge = self.standing.edge.clone();
        let full = edge.extend(bundle.leaves);
        for tile in full.iter().filter(|tile| tile.id.level > 0) {
            self.compare(tile).await?;
        }
        self.standing.edge = edge;
        self.standing.forget_met();
        Ok(())
    }

    /// The heads that earlier audits saw and did not reach: their trees must be beginnings of this one.
    fn meet_earlier(&self, leaves: &[Hash]) -> Result<(), TileError> {
        let size = self.standing.size();
        // The last one is the head of this walk, for the end.
        for earlier in self.standing.heads.iter().rev().skip(1) {
            let earlier = earlier.head.head();
            let more = earlier
                .size
                .checked_sub(size)
                .and_then(|more| usize::try_from(more).ok());
            let Some(more) = more.filter(|&more| more <= leaves.len()) else {
                continue;
            };
            let mut edge = self.standing.edge.clone();
            edge.extend(leaves[..more].to_vec());
            agree(earlier, edge.head())?;
        }
        Ok(())
    }

    /// What is behind an error: if the log has signed two histories, what was checked of the first one does not fit the second,
    /// and no file is wrong. Its own tiles prove that, whatever its entries are.
    pub(super) async fn explain(&self, error: AuditError) -> AuditError {
        if !error.is_refuted() {
            return error;
        }
        let Ok(mut trunk) = Trunk::open(self.source.clone(), self.head).await else {
            return error;
        };
        for earlier in &self.earlier {
            let older = earlier.head.head();
            if older.size == 0 || older.size >= self.head.size {
                continue;
            }
            let Ok(hashes) = trunk.prefix(older.size).await else {
                continue;
            };
            let due = check_prefix(&hashes, older.size, &self.head).map(|consistent| consistent.old_head());
            if due.is_ok_and(|due| due != older) {
                return AuditError::Fork {
                    older: Box::new(earlier.clone()),
                    newer: Box::new(self.shown.clone()),
                    hashes,
                };
            }
        }
        error
    }

    /// Partial tiles, and the root.
    async fn finish(&mut self) -> Result<(), AuditError> {
        let whole = self.whole.take().unwrap_or_else(|| self.standing.edge.clone());
        // The one of leaf hashes was compared when its bundle came.
        for tile in whole.tiles().filter(|tile| tile.id.level > 0) {
            self.compare(&tile).await?;
        }
        Ok(agree(self.head, whole.head())?)
    }

    /// Holds a tile that is served against the rebuilt one.
    async fn compare(&self, rebuilt: &Tile) -> Result<(), AuditError> {
        if self.scope == Scope::Entries {
            return Ok(());
        }
        let path = TilePath::of_tile(rebuilt.id, self.head.size).expect("what was rebuilt is in the tree");
        let served = self.source.hashes(&path).await?;
        match served == rebuilt.hashes {
            true => Ok(()),
            false => Err(judge(&self.source, self.head, rebuilt, &served).await.into()),
        }
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("head", &self.head).finish_non_exhaustive()
    }
}

/// Holds the tree that the entries make against a head of the same size.
fn agree(signed: TreeHead, made: TreeHead) -> Result<(), TileError> {
    match signed == made {
        true => Ok(()),
        false => Err(TileError::Root {
            size: signed.size,
            expected: signed.root,
            found: made.root,
        }),
    }
}

/// Fetches a bundle with its tile, and hashes it. Hashing takes 0.1 ms of the thread for entries of 300 bytes, and nothing else
/// waits for that thread but other bundles.
async fn read(source: PatientSource, index: u64, size: u64, scope: Scope) -> Result<Bundle, TileError> {
    let path = TilePath::of_bundle(index, size).expect("the walk ends with the tree");
    let tile = TilePath::of_tile(TileId { level: 0, index }, size).expect("there is a tile for each bundle");
    let (body, served) = match scope {
        Scope::Everything => {
            let (body, served) = tokio::join!(source.file(&path), source.hashes(&tile));
            // If both cannot be had, it is always the same one that is named.
            (body?, Some(served?))
        }
        Scope::Entries => (source.file(&path).await?, None),
    };
    let leaves = bundle_leaves(&path, &body)?;
    let other = served.filter(|served| *served != leaves);
    Ok(Bundle { leaves, other })
}
