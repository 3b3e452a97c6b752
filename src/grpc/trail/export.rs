//! Export: an evidence file, piece by piece.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;
use std::pin::Pin;

use bytes::BytesMut;
use futures_util::{Stream, StreamExt, stream};
use indelible_event::member::Member;
use indelible_event::{EvidenceHeader, EvidenceLine, MemberState};
use indelible_log::Head;
use indelible_note::Receipt;
use tonic::Status;

use super::{Filter, TrailService};
use crate::access::{Caller, Reading};
use crate::proofs::Proofs;
use crate::trail::{Found, Trail};
use crate::wire::{EntryName, ExportQuery, ExportResponse, InclusionQuery, IntoStatus, piece_reply};

/// The stream of replies.
pub(super) type Replies = Pin<Box<dyn Stream<Item = Result<ExportResponse, Status>> + Send>>;

/// The file; refused if the newest head of now has nothing of the range.
///
/// The next events are read when the client has taken the last piece. What was erased between two of them comes without its members, and
/// with the tombstone if the head of the file has it.
pub(super) async fn serve(service: &TrailService, query: ExportQuery, caller: Caller) -> Result<Replies, Status> {
    let head = service.reader.head();
    let size = head.size();
    if query.start >= size {
        let start = query.start;
        return Err(Status::out_of_range(format!(
            "start ({start}) is beyond the newest head, of size {size}"
        )));
    }
    let reading = caller.reads(format!("evidence of {} events from {}", query.count, query.start));
    let reading = reading.await.map_err(IntoStatus::into_status)?;
    let mut file = File {
        trail: service.trail.clone(),
        proofs: service.proofs.clone(),
        filter: Filter::new(&query.filter, service.trail.index_key()),
        left: query.start..query.start.saturating_add(query.count).min(size),
        tombstones: BTreeSet::new(),
        exported: BTreeSet::new(),
        reading,
        caller,
        head,
        query,
        written: BytesMut::new(),
    };
    file.line(&EvidenceHeader {
        vkey: service.vkey.clone(),
        policy: None,
    });
    let pieces = stream::try_unfold(file, File::piece);
    Ok(Box::pin(pieces.take_until(service.stopping.clone().cancelled_owned())))
}

/// A file that is being written.
struct File {
    caller: Caller,
    reading: Reading,
    trail: Trail,
    proofs: Proofs,
    filter: Filter,
    query: ExportQuery,
    /// All lines are proved under this one.
    head: Head,
    /// What is still to be looked at.
    left: Range<u64>,
    /// Those that erased members of what was exported, and are not in the file yet.
    tombstones: BTreeSet<u64>,
    /// Those that are in it.
    exported: BTreeSet<u64>,
    written: BytesMut,
}

impl File {
    /// The next piece.
    async fn piece(mut self) -> Result<Option<(ExportResponse, File)>, Status> {
        while self.written.len() < PIECE_BYTES {
            if !self.left.is_empty() {
                self.events().await?;
            } else if let Some(index) = self.tombstones.pop_first() {
                self.tombstone(index).await?;
            } else {
                break;
            }
        }
        let length = self.written.len().min(PIECE_BYTES);
        if length == 0 {
            return Ok(None);
        }
        let piece = self.written.split_to(length).freeze();
        Ok(Some((piece_reply(piece), self)))
    }

    async fn events(&mut self) -> Result<(), Status> {
        let start = self.left.start;
        let read = self.trail.read(start, self.left.end, PIECE_BYTES).await;
        let read = read.map_err(IntoStatus::into_status)?;
        self.left.start += read.len() as u64;
        for (index, found) in (start..).zip(read) {
            if self.caller.may_read(&found) && self.filter.takes(&found, self.trail.index_key()) {
                self.reading.add(1);
                self.entry(index, found).await?;
            }
        }
        Ok(())
    }

    /// A tombstone that lies outside of the range, or was passed over.
    async fn tombstone(&mut self, index: u64) -> Result<(), Status> {
        // One that came behind the head of the file cannot be proved under it; its members are withheld then.
        if index < self.head.size() && !self.exported.contains(&index) {
            let found = self.trail.find(index).await.map_err(IntoStatus::into_status)?;
            self.entry(index, found).await?;
        }
        Ok(())
    }

    async fn entry(&mut self, index: u64, found: Found) -> Result<(), Status> {
        let receipt = self.receipt(index).await?;
        let line = match found {
            Found::Tombstone(tombstone) => {
                if !self.exported.insert(index) {
                    return Ok(());
                }
                // Who asked, and why, is not the exporter's to show.
                EvidenceLine::Tombstone {
                    leaf: tombstone.leaf,
                    receipt,
                    disclosures: Vec::new(),
                }
            }
            Found::Event { leaf, members, raw } => {
                let mut disclosures = Vec::with_capacity(Member::ALL.len());
                for state in members.into_iter() {
                    match state {
                        MemberState::Disclosed(disclosed) => disclosures.push(disclosed.into_inner()),
                        MemberState::Erased { tombstone } => {
                            self.tombstones.insert(tombstone);
                        }
                        MemberState::Withheld | MemberState::Missing => {}
                    }
                }
                // Raw bytes are shown with the member that has their hash only.
                let has_hash = disclosures.iter().any(|disclosure| disclosure.member() == Member::Raw);
                EvidenceLine::Event {
                    leaf,
                    receipt,
                    disclosures,
                    raw: raw.filter(|_| self.query.raw && has_hash),
                }
                .with_only(self.query.members)
            }
        };
        self.line(&line);
        Ok(())
    }

    async fn receipt(&self, index: u64) -> Result<Receipt, Status> {
        let query = InclusionQuery {
            entry: EntryName::Index(index),
            tree_size: Some(self.head.size()),
        };
        let answer = self.proofs.inclusion(query).await.map_err(IntoStatus::into_status)?;
        let checkpoint = self.head.checkpoint().clone().into_inner();
        Ok(Receipt::new(index, answer.proof.hashes().to_vec(), checkpoint))
    }

    fn line(&mut self, line: &impl Display) {
        self.written.extend_from_slice(line.to_string().as_bytes());
        self.written.extend_from_slice(b"\n");
    }
}

/// Bytes of a piece, and of what is read at once.
const PIECE_BYTES: usize = 256 << 10;
