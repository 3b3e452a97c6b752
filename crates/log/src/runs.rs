//! What one commit takes from the queue, by whom it answers to: what a stream sent lies together in the tree, in the order
//! sent, and gets one answer.

use std::collections::HashMap;

use indelible_merkle::Hash;
use indelible_store::journal::Record;
use tokio::sync::OwnedSemaphorePermit;

use crate::append::{Ack, AppendError, Reply, StreamAck, Submission};
use crate::batch::Batch;
use crate::commit::Head;

/// The runs of a commit, in the order in which they will stand in the tree.
#[derive(Default)]
pub(crate) struct Runs {
    list: Vec<Run>,
    /// Where in the list a stream's run is.
    streams: HashMap<u64, usize>,
}

/// Batches that lie together in the tree and are acknowledged together.
struct Run {
    batches: Vec<Batch>,
    count: u64,
    /// The room that they take in the queue; given back when the run is dropped.
    room: OwnedSemaphorePermit,
    reply: Reply,
}

impl Runs {
    /// Adds what comes next from the queue: to its stream's run if that has begun, else as a run of its own.
    pub(crate) fn add(&mut self, submission: Submission) {
        let Submission { batch, room, reply } = submission;
        let count = batch.len() as u64;
        if let Reply::Stream { stream, .. } = &reply {
            if let Some(&place) = self.streams.get(&stream.id) {
                return self.list[place].extend(batch, room, reply);
            }
            self.streams.insert(stream.id, self.list.len());
        }
        self.list.push(Run {
            batches: vec![batch],
            count,
            room,
            reply,
        });
    }

    /// For how many callers and streams they are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// What all runs take in memory, in bytes, about.
    pub(crate) fn weight(&self) -> u64 {
        self.list
            .iter()
            .flat_map(|run| &run.batches)
            .map(|batch| batch.weight() as u64)
            .sum()
    }

    /// Takes all entries and their leaf hashes out, in the order of the tree.
    pub(crate) fn take_entries(&mut self) -> (Vec<Record>, Vec<Hash>) {
        let mut batches = self.list.iter_mut().flat_map(|run| run.batches.drain(..));
        let Batch {
            mut records,
            mut hashes,
            ..
        } = batches.next().unwrap_or_default();
        for batch in batches {
            records.extend(batch.records);
            hashes.extend(batch.hashes);
        }
        (records, hashes)
    }

    /// Tells everybody where their entries stand, if the first of all has the index `first`.
    pub(crate) fn acknowledge(self, first: u64, head: &Head) {
        let mut next = first;
        for run in self.list {
            let ack = Ack {
                first: next,
                count: run.count,
                head: head.clone(),
            };
            next += run.count;
            // Given back before the answer, so that whoever has heard it finds the room free.
            drop(run.room);
            // Whoever has gone away does not hear it; the entries stand all the same.
            match run.reply {
                Reply::Once(answer) => drop(answer.send(Ok(ack))),
                Reply::Stream { stream, room } => drop(stream.acks.send(Ok(StreamAck::new(ack, room)))),
            }
        }
    }

    /// Tells everybody that nothing was written.
    pub(crate) fn refuse(self, error: &AppendError) {
        for run in self.list {
            drop(run.room);
            match run.reply {
                Reply::Once(answer) => drop(answer.send(Err(error.clone()))),
                Reply::Stream { stream, .. } => drop(stream.acks.send(Err(error.clone()))),
            }
        }
    }
}

impl Run {
    fn extend(&mut self, batch: Batch, room: OwnedSemaphorePermit, reply: Reply) {
        self.count += batch.len() as u64;
        self.batches.push(batch);
        self.room.merge(room);
        if let (Reply::Stream { room: ours, .. }, Reply::Stream { room: theirs, .. }) = (&mut self.reply, reply) {
            ours.merge(theirs);
        }
    }
}
