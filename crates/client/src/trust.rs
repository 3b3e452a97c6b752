//! What the client believes, and the only way to change it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use indelible_merkle::{ConsistencyProof, Consistent, Hash, TreeHead, check_consistency};
use indelible_note::{BadCheckpoint, KeyChain, NotVerified, SignedCheckpoint, UntrustedCheckpoint, Verified};
use tonic::Code;

use crate::error::Error;
use crate::heads::{HeadStore, Swap};
use crate::misbehavior::{Misbehavior, Unproven};
use crate::wire::{HeadNote, Service};

/// The log's keys, and the newest head that was verified. All heads that were ever accepted belong to one history: of any two,
/// the larger continues the smaller.
pub(crate) struct Trust {
    keys: KeyChain,
    service: Service,
    store: Arc<dyn HeadStore>,
    /// The newest head that this process knows of. It never becomes smaller, whatever happens to the store.
    held: Mutex<Option<Verified<SignedCheckpoint>>>,
    /// Taken by whoever moves `held`, so that the tasks of one process do not race each other to the store.
    moving: tokio::sync::Mutex<()>,
}

impl Trust {
    /// Begins with the head in the store. If there is none, the first head that the log has signed will be believed.
    pub(crate) async fn load(keys: KeyChain, service: Service, store: Arc<dyn HeadStore>) -> Result<Trust, Error> {
        let note = blocking(Arc::clone(&store), |store| store.load()).await?;
        let held = note.map(|note| keys.open_checkpoint(&note)).transpose()?;
        Ok(Trust {
            keys,
            service,
            store,
            held: Mutex::new(held),
            moving: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn keys(&self) -> &KeyChain {
        &self.keys
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// The newest head that was verified, if there ever was one.
    pub(crate) fn held(&self) -> Option<Verified<SignedCheckpoint>> {
        self.lock_held().clone()
    }

    /// Its size. What is appended from now on cannot have a smaller index.
    pub(crate) fn held_size(&self) -> u64 {
        self.lock_held().as_ref().map_or(0, |held| held.head().size)
    }

    /// Checks the signature of a head. Whether it belongs to the history that is held is for [`Trust::accept`] to say.
    pub(crate) fn open(&self, HeadNote(note): &HeadNote) -> Result<Verified<SignedCheckpoint>, Error> {
        self.keys.open_checkpoint(note).map_err(|reason| {
            let note = note.to_vec();
            match &reason {
                // An honest log looks like this to whoever has not heard that it changed its key.
                BadCheckpoint::Untrusted(UntrustedCheckpoint::Signature(NotVerified::NoKnownKey {
                    first_name,
                    first_id,
                    ..
                })) if first_name == self.keys.origin() => Misbehavior::OtherKey {
                    name: first_name.clone(),
                    found: *first_id,
                    trusted: self.keys.current().id(),
                    note,
                    reason,
                },
                _ => Misbehavior::Head { note, reason },
            }
            .into()
        })
    }

    /// Makes sure that this head and the held one belong to one history, and holds the larger of the two.
    ///
    /// `beginnings` are trees that the caller has proved this head to continue. A proof is fetched only if the held tree is
    /// not among them.
    pub(crate) async fn accept(&self, head: &Verified<SignedCheckpoint>, beginnings: &[TreeHead]) -> Result<(), Error> {
        let held = self.held();
        if !is_behind(held.as_ref(), head) {
            return self.reconcile(held.as_ref(), head, beginnings).await;
        }
        let _moving = self.moving.lock().await;
        let mut held = self.held();
        for _ in 0..TRIES_MAX {
            self.reconcile(held.as_ref(), head, beginnings).await?;
            if !is_behind(held.as_ref(), head) {
                // Another process has gone further than this answer, and now this one knows.
                *self.lock_held() = held;
                return Ok(());
            }
            match self.swap(held.as_ref(), head).await? {
                Swap::Stored => {
                    *self.lock_held() = Some(head.clone());
                    return Ok(());
                }
                Swap::Lost { current } => {
                    held = current.map(|note| self.keys.open_checkpoint(&note)).transpose()?;
                }
            }
        }
        Err(Error::Contended { tries: TRIES_MAX })
    }

    /// Fetches the head that is served and accepts it. With witnesses it lags behind those of acknowledgements.
    pub(crate) async fn newest(&self) -> Result<Verified<SignedCheckpoint>, Error> {
        let head = self.open(&self.service.newest_head().await?)?;
        self.accept(&head, &[]).await?;
        Ok(head)
    }

    /// Fetches the newest head that the log has signed and accepts it.
    pub(crate) async fn newest_signed(&self) -> Result<Verified<SignedCheckpoint>, Error> {
        let head = self.open(&self.service.newest_signed_head().await?)?;
        self.accept(&head, &[]).await?;
        Ok(head)
    }

    /// Looks for the evidence behind an error. A stream that begins at the held head is refused as out of range if the log was
    /// rolled back, and that refusal convicts nobody; the head that the log has now does.
    pub(crate) async fn explain(&self, error: Error) -> Error {
        match error {
            Error::Refused {
                code: Code::OutOfRange, ..
            } => match self.newest().await {
                Err(misbehaved @ Error::Misbehaved(_)) => misbehaved,
                _ => error,
            },
            error => error,
        }
    }

    /// Asks the service for the proof that one head continues another, and checks it.
    pub(crate) async fn prove_consistency(
        &self,
        older: &Verified<SignedCheckpoint>,
        newer: &Verified<SignedCheckpoint>,
    ) -> Result<Consistent, Error> {
        let (old_size, new_size) = (older.head().size, newer.head().size);
        if old_size == 0 || old_size == new_size {
            return check_continues(Some(older), newer, Vec::new());
        }
        match self.service.consistency(old_size, new_size).await? {
            Ok(hashes) => check_continues(Some(older), newer, hashes),
            Err(message) => Err(Misbehavior::Inconsistent {
                older: older.clone(),
                newer: newer.clone(),
                reason: Unproven::Denied { message },
            }
            .into()),
        }
    }

    /// Makes sure that an answered head and one that was held belong to one history, whichever is the larger.
    async fn reconcile(
        &self,
        held: Option<&Verified<SignedCheckpoint>>,
        answered: &Verified<SignedCheckpoint>,
        beginnings: &[TreeHead],
    ) -> Result<(), Error> {
        let Some(held) = held else {
            return check_continues(None, answered, Vec::new()).map(drop);
        };
        if held.head() == answered.head() || beginnings.contains(&held.head()) {
            return Ok(());
        }
        let (older, newer) = if held.head().size > answered.head().size {
            (answered, held)
        } else {
            (held, answered)
        };
        self.prove_consistency(older, newer).await.map(drop)
    }

    async fn swap(
        &self,
        old: Option<&Verified<SignedCheckpoint>>,
        new: &Verified<SignedCheckpoint>,
    ) -> Result<Swap, Error> {
        let old = old.map(|old| old.note_bytes().to_vec());
        let new = new.note_bytes().to_vec();
        blocking(Arc::clone(&self.store), move |store| {
            store.compare_and_swap(old.as_deref(), &new)
        })
        .await
    }

    fn lock_held(&self) -> MutexGuard<'_, Option<Verified<SignedCheckpoint>>> {
        self.held.lock().expect("nobody panics while holding this lock")
    }
}

/// Checks the proof that one head continues another; `None` is the tree without leaves.
pub(crate) fn check_continues(
    older: Option<&Verified<SignedCheckpoint>>,
    newer: &Verified<SignedCheckpoint>,
    hashes: Vec<Hash>,
) -> Result<Consistent, Error> {
    let (old, new) = (older.map_or(TreeHead::EMPTY, |older| older.head()), newer.head());
    let proof = ConsistencyProof::new(old.size, new.size, hashes);
    check_consistency(&proof, &old, &new).map_err(|reason| {
        let newer = newer.clone();
        let misbehavior = match older.cloned() {
            None => Misbehavior::Proof { head: newer, reason },
            Some(held) if old.size == new.size && old.root != new.root => Misbehavior::Fork { held, answered: newer },
            Some(older) => Misbehavior::Inconsistent {
                older,
                newer,
                reason: Unproven::Proof {
                    reason,
                    hashes: proof.hashes().to_vec(),
                },
            },
        };
        misbehavior.into()
    })
}

/// Whether accepting the head would move the held one.
fn is_behind(held: Option<&Verified<SignedCheckpoint>>, head: &Verified<SignedCheckpoint>) -> bool {
    held.is_none_or(|held| held.head().size < head.head().size)
}

/// Calls the store on a thread that may block.
async fn blocking<T: Send + 'static>(
    store: Arc<dyn HeadStore>,
    act: impl FnOnce(&dyn HeadStore) -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(move || act(&*store)).await;
    done.unwrap_or_else(|gone| Err(io::Error::other(gone)))
        .map_err(|error| Error::HeadStore(Arc::new(error)))
}

/// Each try that is lost means that another process has moved the head meanwhile, which takes it two syncs of a disk.
const TRIES_MAX: usize = 16;
