//! From the checkpoint in the folder to the newest one of the log.

use std::sync::Arc;

use indelible_client::{Patience, PatientSource, TileSource, Trunk, TrustedLog};
use indelible_merkle::TreeHead;
use indelible_note::{SignedCheckpoint, Verified};

use super::copy::Copy;
use super::fill::{Filled, fill};
use super::{MirrorError, history, stale};
use crate::task::blocking;

/// A copy that follows a log.
#[derive(Debug)]
pub struct Mirror {
    source: PatientSource,
    log: TrustedLog,
    copy: Arc<Copy>,
    /// The copy, as it is read by others.
    own: PatientSource,
    in_flight: usize,
    thoroughness: Thoroughness,
    /// The head before that of the copy, if this process has replaced it: its partial files are still there.
    before: Option<TreeHead>,
    /// Whether partial files were looked for that an earlier process may have left.
    is_swept: bool,
}

/// Which files are looked at that the copy has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// Those behind the checkpoint in the folder.
    New,
    /// All of them, the first time; those that are missing or damaged are fetched.
    All,
}

/// What a round did.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The log has nothing new.
    UpToDate(Verified<SignedCheckpoint>),
    /// The copy has the new head.
    Copied {
        /// The new head.
        head: Verified<SignedCheckpoint>,
        /// The size before.
        from: u64,
        /// What was written.
        filled: Filled,
    },
}

impl Mirror {
    /// Follows a log into a folder. At most `in_flight` bundles are asked for at a time, each of at most 16.8 MB.
    pub fn new(
        source: PatientSource,
        log: TrustedLog,
        copy: Copy,
        in_flight: usize,
        thoroughness: Thoroughness,
    ) -> Mirror {
        let own = TileSource::in_folder(copy.folder());
        Mirror {
            source,
            log,
            copy: Arc::new(copy),
            own: PatientSource::new(own, Patience::default()),
            in_flight,
            thoroughness,
            before: None,
            is_swept: false,
        }
    }

    /// Brings the copy to the newest head of the log. Tells how many entries it has, of how many.
    ///
    /// # Errors
    ///
    /// If the log does not hold or contradicts the copy, or if something cannot be read or written. The copy holds as before.
    pub async fn round(&mut self, tell: &mut dyn FnMut(u64, u64)) -> Result<Outcome, MirrorError> {
        let note = self.source.checkpoint().await?;
        let head = self.log.open(&note)?;
        let old = self.copied_head().await?;
        let has_all = |old: &Verified<SignedCheckpoint>| old.note_bytes() == &note[..];
        if self.thoroughness == Thoroughness::New && old.as_ref().is_some_and(has_all) && self.is_swept {
            return Ok(Outcome::UpToDate(head));
        }
        let mut trunk = Trunk::open(self.source.clone(), head.head()).await;
        if let Some(old) = &old {
            // A smaller tree, or another root of the same size, is a contradiction whatever its tiles are.
            match &mut trunk {
                Ok(trunk) => history::check(old, &head, trunk, &self.own).await?,
                Err(_) => history::check_heads(old, &head, &self.own).await?,
            }
        }
        let trunk = trunk?;
        let from = match (&old, self.thoroughness) {
            (Some(old), Thoroughness::New) => old.head().size,
            _ => 0,
        };
        let filled = fill(&self.source, &self.copy, trunk, from, self.in_flight, tell).await?;
        // Everything that the new head needs is there. A crash from here on loses none of it.
        let is_new = !old.as_ref().is_some_and(has_all);
        let copy = Arc::clone(&self.copy);
        blocking(move || match is_new {
            true => copy.settle().and_then(|()| copy.replace_checkpoint(&note)),
            false => copy.settle(),
        })
        .await?;
        let from = old.as_ref().map_or(0, |old| old.head().size);
        self.sweep(old.map(|old| old.head()), head.head()).await?;
        self.thoroughness = Thoroughness::New;
        Ok(match is_new || filled.files > 0 {
            true => Outcome::Copied { head, from, filled },
            false => Outcome::UpToDate(head),
        })
    }

    /// The copy.
    pub fn copy(&self) -> &Copy {
        &self.copy
    }

    async fn copied_head(&self) -> Result<Option<Verified<SignedCheckpoint>>, MirrorError> {
        let copy = Arc::clone(&self.copy);
        let Some(note) = blocking(move || copy.checkpoint()).await? else {
            return Ok(None);
        };
        let head = self.log.open(&note).map_err(|error| MirrorError::Foreign {
            path: self.copy.checkpoint_path(),
            error,
        })?;
        Ok(Some(head))
    }

    /// Removes partial files: those of the head before stay until the next one, for readers who have just read its checkpoint.
    async fn sweep(&mut self, old: Option<TreeHead>, new: TreeHead) -> Result<(), MirrorError> {
        if old == Some(new) && self.is_swept {
            return Ok(());
        }
        let keep = stale::needed(old.filter(|old| old.size < new.size), new);
        let (copy, before, is_swept) = (Arc::clone(&self.copy), self.before, self.is_swept);
        blocking(move || match is_swept {
            true => stale::remove_of(&copy, [before, old], &keep),
            false => stale::remove_all(&copy, &keep),
        })
        .await?;
        self.is_swept = true;
        self.before = old;
        Ok(())
    }
}
