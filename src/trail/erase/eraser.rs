//! Carries tombstones out, behind the log.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use indelible_log::{BlankError, Blanker, Erasure, Reader};
use indelible_merkle::TreeHead;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::carried_out::CarriedOutFile;
use crate::trail::{Tombstones, Trail};

/// Overwrites in the journal what tombstones name: first what earlier runs left, then what comes. Ends with the log.
#[derive(Debug)]
pub struct Eraser {
    reader: Reader,
    blanker: Blanker,
    tombstones: Arc<Tombstones>,
    carried_out: Arc<watch::Sender<u64>>,
    file: CarriedOutFile,
}

impl Eraser {
    pub(in crate::trail) fn of(trail: &Trail) -> Eraser {
        Eraser {
            reader: trail.reader.clone(),
            blanker: trail.blanker.clone(),
            tombstones: trail.tombstones.clone(),
            carried_out: trail.carried_out.clone(),
            file: trail.carried_out_file.clone(),
        }
    }

    /// Runs on a thread of its own.
    pub async fn run(self) {
        let runtime = Handle::current();
        let (running, ended) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("eraser".to_owned()).spawn(move || {
            let _running = running;
            if let Err(error) = self.follow(&runtime) {
                tracing::error!(%error, "erasures are carried out no more before the next start; what they name is given to nobody");
            }
        });
        match thread {
            Ok(_) => drop(ended.await),
            Err(error) => tracing::error!(%error, "no thread can be started to carry erasures out"),
        }
    }

    fn follow(self, runtime: &Handle) -> Result<(), BlankError> {
        let mut heads = self.reader.heads();
        let mut saved = self.file.size();
        for tombstone in self.tombstones.below(saved) {
            self.recheck(tombstone)?;
            if heads.has_changed().is_err() {
                return Ok(());
            }
        }
        loop {
            // What the tombstones below this size name is pending before the size is published.
            let head = heads.borrow_and_update().checkpoint().head();
            let size = head.size;
            let pending: Vec<Erasure> = self.blanker.pending().erasures().collect();
            let blanked = match pending.is_empty() {
                true => Ok(0),
                false => self.blanker.blank(&pending),
            };
            match blanked {
                Ok(attachments) => {
                    if attachments > 0 {
                        tracing::info!(attachments, "what was erased is overwritten");
                    }
                    self.carried_out.send_replace(size);
                    if attachments > 0 || size >= saved + SAVE_ENTRIES {
                        self.save(head);
                        saved = size;
                    }
                }
                // It is behind the next commit.
                Err(BlankError::TooEarly { index }) => tracing::debug!(index, "too early to overwrite"),
                Err(error) => return Err(error),
            }
            if runtime.block_on(heads.changed()).is_err() {
                self.save(head);
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    /// An earlier run has carried it out. A journal that is a copy from before that has the same tree, and what was overwritten.
    fn recheck(&self, tombstone: u64) -> Result<(), BlankError> {
        let entries = self.blanker.recheck(tombstone)?;
        if entries > 0 {
            tracing::warn!(
                tombstone,
                entries,
                "what was erased is in the journal again, whose files are from an older copy; it is given to nobody, and overwritten once more"
            );
        }
        Ok(())
    }

    /// It is durable that all tombstones below this head are carried out. A crash before this is written costs that it is done again.
    fn save(&self, head: TreeHead) {
        if *self.carried_out.borrow() != head.size {
            return;
        }
        if let Err(error) = self.file.save(head, &self.tombstones.below(head.size)) {
            tracing::warn!(%error, "the next start will carry out again what is erased already");
        }
    }
}

/// How long a tombstone may wait for a log that is busy.
const PAUSE: Duration = Duration::from_millis(20);

/// What a start reads at most for the tombstones among it: some 50 ms.
const SAVE_ENTRIES: u64 = 100_000;
