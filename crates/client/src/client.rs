use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use indelible_merkle::{
    BadProof, Consistent, ENTRY_MAX, Hash, IncludedMany, InclusionProof, OutOfTree, check_batch, check_inclusion,
};
use indelible_note::{KeyChain, Receipt, SignedCheckpoint, Verified, VerifierKey};

use crate::append::{AppendedRun, Appending, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Queue, Waited};
use crate::connect::{self, Options};
use crate::entries::Entries;
use crate::error::{AppendError, BadInput, ConnectError, Error};
use crate::heads::HeadStore;
use crate::misbehavior::{BadAnswer, Misbehavior};
use crate::trust::Trust;
use crate::watch::HeadWatch;
use crate::wire::{Acknowledgement, Inclusion, Service, Subject};

/// A connection to a log, from which only verified answers come out.
///
/// Clones share the connection, the held head and the append stream; all of them end with the last clone. Calls may run at
/// the same time. Dropping the future of a call abandons its answer, not what the call does on the server.
#[derive(Clone)]
pub struct Client {
    trust: Arc<Trust>,
    queue: Arc<Queue>,
}

impl Client {
    /// Connects to the log with this key, at `http://host:port` or `https://host:port`, and loads the head that was verified
    /// last. To be called in the tokio runtime in which the client will be used: it starts a task there.
    ///
    /// If `heads` holds nothing yet, the first head that the log has signed is believed; all later ones must continue it.
    ///
    /// # Errors
    /// If the URL or the options cannot be used, nobody answers, or `heads` fails or holds a head of another log.
    pub async fn connect(
        url: &str,
        key: VerifierKey,
        heads: impl HeadStore,
        options: Options,
    ) -> Result<Client, ConnectError> {
        Client::connect_with_keys(url, key.into(), heads, options).await
    }

    /// The same for a log that has changed its key: its heads are believed if they are signed by the key of their size. See
    /// [`follow_keys`](crate::follow_keys).
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_with_keys(
        url: &str,
        keys: KeyChain,
        heads: impl HeadStore,
        options: Options,
    ) -> Result<Client, ConnectError> {
        let service = Service::new(connect::open(url, &options).await?, options.timeout);
        Client::begin(keys, service, heads).await
    }

    /// The same without a connection, which the first call makes that needs one. For whoever has heads from elsewhere, of which
    /// [`Client::accept`] asks the log only if it knows another.
    ///
    /// # Errors
    /// As [`Client::connect`], but that nobody answers is for later.
    pub async fn on_demand(
        url: &str,
        keys: KeyChain,
        heads: impl HeadStore,
        options: Options,
    ) -> Result<Client, ConnectError> {
        let service = Service::new(connect::open_on_demand(url, &options)?, options.timeout);
        Client::begin(keys, service, heads).await
    }

    async fn begin(keys: KeyChain, service: Service, heads: impl HeadStore) -> Result<Client, ConnectError> {
        let trust = Arc::new(Trust::load(keys, service, Arc::new(heads)).await?);
        let queue = Arc::new(Queue::start(Arc::clone(&trust)));
        Ok(Client { trust, queue })
    }

    /// Appends an entry of at most 65,535 bytes, and gives its receipt when it is verified to be in the log.
    ///
    /// The calls of all clones share one stream, on which entries go out in the order of the calls and are acknowledged by
    /// run, so that many calls at a time cost little more than one. If more than 8,192 entries or 4 MiB are under way, the call
    /// waits.
    ///
    /// # Errors
    /// [`AppendError::NotAppended`] if the entry is too long, or the log does not let this client in. In all other cases
    /// [`AppendError::Unconfirmed`]: the client never sends an entry again by itself, because it may be in the log already; that is for the caller to weigh. The next call
    /// opens a new stream.
    pub async fn append(&self, entry: Bytes) -> Result<Receipt, AppendError> {
        self.begin_append(entry).await?.receipt().await
    }

    /// Puts an entry on the stream, and gives its receipt later. Entries whose calls follow one another, each awaited before the
    /// next, stand in the log in that order, without one of them waiting for the receipt of another.
    ///
    /// # Errors
    /// [`AppendError::NotAppended`] if the entry is too long.
    pub async fn begin_append(&self, entry: Bytes) -> Result<Appending, AppendError> {
        check_length(0, &entry).map_err(not_appended)?;
        self.queue.begin(entry).await
    }

    /// Appends 1 to 10,000 entries, all or nothing, so that they stand side by side in the order given: at most 4 MiB,
    /// counting 4 bytes for each entry besides its own.
    ///
    /// # Errors
    /// [`AppendError::NotAppended`] if the entries are beyond these limits, or the server refuses and says that it wrote nothing;
    /// else [`AppendError::Unconfirmed`], which means all of them or none.
    pub async fn append_batch(&self, entries: Vec<Bytes>) -> Result<AppendedRun, AppendError> {
        check_batch_limits(&entries).map_err(not_appended)?;
        let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(entry)).collect();
        self.append_leaves(entries, &leaves).await.map_err(of_batch)
    }

    /// As [`append_batch`](Client::append_batch), and waits until enough witnesses vouch for a head that has the entries, by the
    /// policy of the log, but for about `within` only: then the entries are in the log all the same. Whose cosignatures the head
    /// has is for the caller to check, under a policy of its own
    /// ([`Receipt::verify_under`](indelible_note::Receipt::verify_under)).
    ///
    /// # Errors
    /// As `append_batch`. [`AppendError::NotAppended`] also if the log has no witnesses.
    pub async fn append_batch_witnessed(
        &self,
        entries: Vec<Bytes>,
        within: Duration,
    ) -> Result<Waited<AppendedRun>, AppendError> {
        check_batch_limits(&entries).map_err(not_appended)?;
        let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(entry)).collect();
        let before = self.trust.held_size();
        let appended = async {
            let (acknowledgement, witnessed) = self.trust.service().append_batch_witnessed(entries, within).await?;
            let run = self.check_batch(acknowledgement, &leaves, before).await?;
            Ok(match witnessed {
                true => Waited::Witnessed(run),
                false => Waited::Durable(run),
            })
        };
        appended.await.map_err(of_batch)
    }

    /// The head that the log serves: if it has witnesses, the newest that enough of them have cosigned, which may be older than
    /// the head of a receipt from this client; else its newest.
    ///
    /// # Errors
    /// [`Error::Misbehaved`] if the log did not sign it, or if it is not shown to belong to one history with the held head. An
    /// older head than the held one is not an error by itself.
    pub async fn head(&self) -> Result<Verified<SignedCheckpoint>, Error> {
        self.trust.newest().await
    }

    /// The newest head that the log has signed, witnessed or not.
    ///
    /// # Errors
    /// As [`Client::head`].
    pub async fn signed_head(&self) -> Result<Verified<SignedCheckpoint>, Error> {
        self.trust.newest_signed().await
    }

    /// The heads of the log as they come.
    pub async fn watch(&self) -> Result<HeadWatch, Error> {
        HeadWatch::open(Arc::clone(&self.trust)).await
    }

    /// Proves what is at an index of the log, under the head that it serves, or under its newest if the other lacks the entry.
    /// Which entry the receipt is for, only its bytes can tell: see [`Receipt::verify`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `OUT_OF_RANGE` if the log has no such entry yet.
    pub async fn prove(&self, index: u64) -> Result<Receipt, Error> {
        let inclusion = self.trust.service().inclusion(Subject::Index(index)).await?;
        if inclusion.index != index {
            return Err(BadAnswer::Index {
                asked: index,
                answered: inclusion.index,
            }
            .into());
        }
        self.receipt(inclusion).await
    }

    /// Proves that an entry with this leaf hash is in the log, under a head as [`Client::prove`] has it. Of several, the
    /// server chooses one.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NOT_FOUND` if the server knows no such entry. That is its word and no proof.
    pub async fn prove_leaf(&self, leaf: Hash) -> Result<Receipt, Error> {
        let inclusion = self.trust.service().inclusion(Subject::Leaf(leaf)).await?;
        if inclusion.leaf != leaf {
            return Err(BadAnswer::Leaf {
                asked: leaf,
                answered: inclusion.leaf,
            }
            .into());
        }
        self.receipt(inclusion).await
    }

    /// Proves 1 to 1,000 entries at once, given by index and leaf hash in increasing order, under one head, as
    /// [`Client::prove`] has it.
    ///
    /// # Errors
    /// [`Error::Differs`] if the log has proved that it has another entry at one of the indices.
    pub async fn prove_many(&self, leaves: &[(u64, Hash)]) -> Result<IncludedMany, Error> {
        let indices: Vec<u64> = leaves.iter().map(|&(index, _)| index).collect();
        let answer = self.trust.service().inclusions(indices.clone(), None).await?;
        let head = self
            .trust
            .open(&answer.head.ok_or(BadAnswer::Missing { field: "head" })?)?;
        same_size(&head, answer.tree_size)?;
        if answer.leaves.len() != leaves.len() {
            return Err(BadAnswer::Count {
                outstanding: leaves.len() as u64,
                acknowledged: answer.leaves.len() as u64,
            }
            .into());
        }
        // What the server says must hold by itself, before it can be held against the caller.
        let said: Vec<(u64, Hash)> = indices.into_iter().zip(answer.leaves).collect();
        let included = check_batch(&said, &answer.hashes, &head.head()).map_err(|reason| match reason {
            BadProof::Batch(reason) => Error::Input(reason.into()),
            reason => Misbehavior::Proof {
                head: head.clone(),
                reason,
            }
            .into(),
        })?;
        self.trust.accept(&head, &[]).await?;
        match leaves.iter().zip(&said).find(|(claimed, found)| claimed != found) {
            None => Ok(included),
            Some((&(index, claimed), &(_, found))) => Err(Error::Differs { index, claimed, found }),
        }
    }

    /// Proves that one head of the log continues another: that it has all its entries, unchanged and in their places. The held
    /// head has no part in this.
    ///
    /// # Errors
    /// [`Error::Input`] if one of them is not of this log, or the older one is the larger; [`Error::Misbehaved`] if the log has
    /// signed both and the server does not prove it.
    pub async fn consistency(&self, older: &SignedCheckpoint, newer: &SignedCheckpoint) -> Result<Consistent, Error> {
        let open = |head: &SignedCheckpoint| self.trust.keys().open(head.clone()).map_err(BadInput::from);
        let (older, newer) = (open(older)?, open(newer)?);
        let (old, new) = (older.head().size, newer.head().size);
        if old > new {
            return Err(BadInput::from(OutOfTree::OldSize { old, new }).into());
        }
        self.trust.prove_consistency(&older, &newer).await
    }

    /// Makes sure that a head from elsewhere, such as that of a receipt, belongs to one history with the held head, and holds the
    /// larger of the two. Asks the log for a proof if they differ in size, and else for nothing.
    ///
    /// # Errors
    /// [`Error::Input`] if it is not a head of this log; [`Error::Misbehaved`] if the log has signed both and the server does not
    /// prove that they belong together.
    pub async fn accept(&self, head: &SignedCheckpoint) -> Result<(), Error> {
        let head = self.trust.keys().open(head.clone()).map_err(BadInput::from)?;
        self.trust.accept(&head, &[]).await
    }

    /// Up to `count` entries from index `start` on, fewer if the log ends before, each proved to be in the log: under the
    /// head that it serves, or the held one if that is newer.
    ///
    /// # Errors
    /// [`Error::Input`] if the log has no entry at `start` yet; else as [`Client::head`].
    pub async fn entries(&self, start: u64, count: u64) -> Result<Entries, Error> {
        let served = self.head().await?;
        let held = self.trust.held().filter(|held| held.head().size > served.head().size);
        let head = held.unwrap_or(served);
        Entries::open(Arc::clone(&self.trust), head, start, count).await
    }

    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    async fn append_leaves(&self, entries: Vec<Bytes>, leaves: &[Hash]) -> Result<AppendedRun, Error> {
        let before = self.trust.held_size();
        let acknowledgement = self.trust.service().append_batch(entries).await?;
        self.check_batch(acknowledgement, leaves, before).await
    }

    async fn check_batch(
        &self,
        acknowledgement: Acknowledgement,
        leaves: &[Hash],
        before: u64,
    ) -> Result<AppendedRun, Error> {
        if acknowledgement.count as usize != leaves.len() {
            return Err(BadAnswer::Count {
                outstanding: leaves.len() as u64,
                acknowledged: u64::from(acknowledgement.count),
            }
            .into());
        }
        let run = AppendedRun::check(acknowledgement, leaves, before, &self.trust)?;
        // The proof of the run has also proved the tree before it: if that is the held one, nothing need be fetched.
        self.trust.accept(run.head(), &[run.range().head_before()]).await?;
        Ok(run)
    }

    async fn receipt(&self, inclusion: Inclusion) -> Result<Receipt, Error> {
        let Inclusion {
            index, leaf, hashes, ..
        } = inclusion;
        let head = self.trust.open(&inclusion.head)?;
        same_size(&head, inclusion.tree_size)?;
        let proof = InclusionProof::new(index, head.head().size, hashes.clone());
        check_inclusion(leaf, &proof, &head.head()).map_err(|reason| {
            let head = head.clone();
            Misbehavior::Proof { head, reason }
        })?;
        self.trust.accept(&head, &[]).await?;
        Ok(Receipt::new(index, hashes, head.into_inner()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.trust.held().map(|held| held.head());
        f.debug_struct("Client")
            .field("log", self.trust.keys().origin())
            .field("held", &held)
            .finish_non_exhaustive()
    }
}

/// Refuses an answer whose proof is for another tree than that of the head beside it.
fn same_size(head: &Verified<SignedCheckpoint>, answered: u64) -> Result<(), BadAnswer> {
    let asked = head.head().size;
    if asked == answered {
        Ok(())
    } else {
        Err(BadAnswer::Size { asked, answered })
    }
}

fn check_batch_limits(entries: &[Bytes]) -> Result<(), BadInput> {
    let count = entries.len();
    if !(1..=BATCH_ENTRIES_MAX).contains(&count) {
        return Err(BadInput::BatchCount { count });
    }
    for (place, entry) in entries.iter().enumerate() {
        check_length(place, entry)?;
    }
    let bytes = entries.iter().map(|entry| 4 + entry.len()).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(BadInput::BatchBytes { bytes });
    }
    Ok(())
}

fn check_length(place: usize, entry: &Bytes) -> Result<(), BadInput> {
    let length = entry.len();
    if length > ENTRY_MAX {
        return Err(BadInput::EntryTooLong { place, length });
    }
    Ok(())
}

pub(crate) fn of_batch(error: Error) -> AppendError {
    match error.says_nothing_was_written() {
        true => AppendError::NotAppended(error),
        false => AppendError::Unconfirmed(error),
    }
}

fn not_appended(input: BadInput) -> AppendError {
    AppendError::NotAppended(input.into())
}
