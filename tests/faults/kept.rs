//! What the world outside has of a log, and what it demands of it after every fault.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;
use indelible_client::{AppendError, Client, FileHeads, Options};
use indelible_merkle::Hash;
use indelible_note::{Receipt, VerifierKey};

use crate::support::{Bed, Server, stderr, stdout};

/// Receipts, the newest head that was verified, and what was sent without an answer.
#[derive(Clone)]
pub(crate) struct Kept {
    key: VerifierKey,
    heads: PathBuf,
    receipts: Vec<(Bytes, Receipt)>,
    /// A batch that was refused in such words that it may be in the log all the same.
    doubtful: Vec<Bytes>,
    appended: u64,
}

impl Kept {
    /// Of the log of a bed, of which nothing was seen yet.
    pub(crate) fn of(bed: &Bed) -> Kept {
        Kept {
            key: bed.vkey(),
            heads: bed.path("client.checkpoint"),
            receipts: Vec::new(),
            doubtful: Vec::new(),
            appended: 0,
        }
    }

    /// The same, with the memory of heads in another bed.
    pub(crate) fn remembering_in(self, bed: &Bed) -> Kept {
        Kept {
            heads: bed.path("client.checkpoint"),
            ..self
        }
    }

    /// A copy of a bed whose log nobody serves, and of this.
    pub(crate) fn copy_of(&self, bed: &Bed) -> (Bed, Kept) {
        let copy = Bed::new();
        let copied = Command::new("cp")
            .arg("-a")
            .args([bed.path("."), copy.path("")])
            .status();
        assert!(copied.unwrap().success());
        let heads = copy.path("client.checkpoint");
        (copy, Kept { heads, ..self.clone() })
    }

    /// A client that refuses a log which does not continue all heads that were ever verified.
    pub(crate) async fn client(&self, server: &Server) -> Client {
        let heads = FileHeads::new(&self.heads).unwrap();
        Client::connect(&server.url, self.key.clone(), heads, Options::default())
            .await
            .unwrap()
    }

    /// Appends two entries as a batch, and keeps their receipts, or the doubt.
    pub(crate) async fn append(&mut self, server: &Server) -> Result<(), AppendError> {
        let entries = (0..2).map(|_| self.next(&[])).collect();
        self.append_batch(server, entries).await
    }

    /// Appends these as a batch.
    pub(crate) async fn append_batch(&mut self, server: &Server, entries: Vec<Bytes>) -> Result<(), AppendError> {
        match self.client(server).await.append_batch(entries.clone()).await {
            Ok(run) => {
                self.receipts.extend(entries.into_iter().zip(run.receipts()));
                Ok(())
            }
            Err(error) => {
                // Only one commit can be under way when the journal fails, the first.
                if matches!(error, AppendError::Unconfirmed(_)) && self.doubtful.is_empty() {
                    self.doubtful = entries;
                }
                Err(error)
            }
        }
    }

    /// An entry that the log does not have yet, with `bytes` in it.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Bytes {
        self.appended += 1;
        Bytes::from([format!("entry {} ", self.appended).as_bytes(), bytes].concat())
    }

    pub(crate) fn keep(&mut self, entry: Bytes, receipt: Receipt) {
        self.receipts.push((entry, receipt));
    }

    /// How many entries were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.receipts.len() as u64
    }

    /// The entries that were acknowledged, in the order of the log.
    pub(crate) fn entries(&self) -> Vec<Bytes> {
        let mut kept: Vec<_> = self
            .receipts
            .iter()
            .map(|(entry, receipt)| (receipt.index(), entry))
            .collect();
        kept.sort_unstable();
        kept.into_iter().map(|(_, entry)| entry.clone()).collect()
    }

    /// The largest tree that a receipt speaks of.
    pub(crate) fn size(&self) -> u64 {
        let sizes = self
            .receipts
            .iter()
            .map(|(_, receipt)| receipt.checkpoint().head().size);
        sizes.max().unwrap_or(0)
    }

    /// Demands all of it from a log that is served, and that it has nothing besides but the doubtful batch, whole. Returns the
    /// size of the log.
    pub(crate) async fn check(&self, server: &Server) -> u64 {
        let whole = self.check_receipts(server).await;
        let known: BTreeSet<u64> = self.receipts.iter().map(|(_, receipt)| receipt.index()).collect();
        let others = (0..).zip(&whole).filter(|(index, _)| !known.contains(index));
        let others: Vec<&Bytes> = others.map(|(_, entry)| entry).collect();
        assert!(
            others.is_empty() || others.iter().copied().eq(&self.doubtful),
            "neither acknowledged nor in doubt: {others:?}"
        );
        whole.len() as u64
    }

    /// Demands of a log that is served that every receipt verifies, that every entry is where its receipt says, and that the
    /// newest are proved anew. Returns all of its entries, each of which it has proved.
    pub(crate) async fn check_receipts(&self, server: &Server) -> Vec<Bytes> {
        let client = self.client(server).await;
        let size = client.head().await.unwrap().head().size;
        assert!(size >= self.size(), "{size} entries, but receipts of {}", self.size());
        let mut whole = Vec::new();
        if size > 0 {
            let mut entries = client.entries(0, size).await.unwrap();
            while let Some((_, run)) = entries.next().await.unwrap() {
                whole.extend(run);
            }
        }
        assert_eq!(whole.len() as u64, size);
        let mut indices = BTreeSet::new();
        for (entry, receipt) in &self.receipts {
            receipt.verify(Hash::leaf(entry), &self.key).unwrap();
            let index = receipt.index();
            assert_eq!(&whole[usize::try_from(index).unwrap()], entry, "entry {index}");
            assert!(indices.insert(index), "two receipts for entry {index}");
        }
        self.prove_newest(&client, 20).await;
        whole
    }

    /// Demands a new proof for each of the newest `count` receipts.
    pub(crate) async fn prove_newest(&self, client: &Client, count: usize) {
        for (entry, receipt) in self.receipts.iter().rev().take(count) {
            let again = client.prove(receipt.index()).await.unwrap();
            again.verify(Hash::leaf(entry), &self.key).unwrap();
        }
    }

    /// Demands all of it from a log at rest, starts it, demands it again, and that the log goes on.
    pub(crate) async fn check_restart(&mut self, bed: &Bed) {
        fsck(bed);
        let server = bed.serve();
        let before = self.check(&server).await;
        self.append(&server).await.unwrap();
        assert_eq!(self.size(), before + 2);
        let (ended, said) = server.stop();
        assert!(ended.success(), "{ended}: {said:#?}");
        fsck(bed);
    }
}

/// Demands that nothing is found wrong with the log of a bed.
pub(crate) fn fsck(bed: &Bed) {
    let checked = bed.run(&["fsck", "--data", "log"]);
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    assert_eq!(stdout(&checked), "");
}
