//! Carries tombstones out, behind the log.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use indelible_log::{BlankError, Blanker, Erasure, Reader};
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
        loop {
            // What the tombstones below this size name is pending before the size is published.
            let size = heads.borrow_and_update().size();
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
                        self.save(size);
                        saved = size;
                    }
                }
                // It is behind the next commit.
                Err(BlankError::TooEarly { index }) => tracing::debug!(index, "too early to overwrite"),
                Err(error) => return Err(error),
            }
            if runtime.block_on(heads.changed()).is_err() {
                self.save(size);
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    /// It is durable that all tombstones below `size` are carried out. A crash before this is written costs that it is done again.
    fn save(&self, size: u64) {
        if *self.carried_out.borrow() != size {
            return;
        }
        if let Err(error) = self.file.save(size, &self.tombstones.below(size)) {
            tracing::warn!(%error, "the next start will carry out again what is erased already");
        }
    }
}

/// How long a tombstone may wait for a log that is busy.
const PAUSE: Duration = Duration::from_millis(20);

/// What a start reads at most for the tombstones among it: some 50 ms.
const SAVE_ENTRIES: u64 = 100_000;
