//! From a plan to tombstones in the log.

use std::time::Duration;

use indelible_event::redact;
use indelible_event::{BadTombstone, Held, SealedTombstone, TombstoneSalts};
use indelible_index::IndexError;
use indelible_log::{AppendError, BadAttached, Batch};

use super::plan::Plan;
use crate::task::{blocking, join};
use crate::trail::hold::Acts;
use crate::trail::{Counted, HoldError, HoldsError, Trail};

/// Why an erasure is not committed, all of it.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Caller: it must not be erased.
    #[error(transparent)]
    Held(#[from] Held),
    /// Caller: there is nothing to erase, or a text is too long.
    #[error(transparent)]
    Tombstone(#[from] BadTombstone),
    /// Caller: the texts are too long.
    #[error(transparent)]
    Attached(#[from] BadAttached),
    /// What is held could not be found out.
    #[error(transparent)]
    Holds(#[from] HoldsError),
    /// What releases a hold could not be said once more, before it is erased where it was said.
    #[error("a hold would come back: {0}")]
    Release(#[from] HoldError),
    /// The log takes nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// No randomness for salts.
    #[error("no random bytes can be had: {0}")]
    Random(std::io::Error),
}

impl Trail {
    /// Commits an erasure: returns the indexes of its tombstones, which are durable and published. From then on nobody is given what they
    /// name; [`carried_out`](Trail::carried_out) tells when it is overwritten, too. Once begun it goes on to its end.
    ///
    /// # Errors
    ///
    /// See [`EraseError`]. If the log fails between two tombstones of a long list, those in front stay and are carried out; what is left
    /// is planned and asked for again.
    pub async fn erase(
        &self,
        plan: Plan,
        basis: Option<String>,
        requester: Option<String>,
    ) -> Result<Vec<u64>, EraseError> {
        let trail = self.clone();
        join(tokio::spawn(async move {
            // Secrets do not enter by this door either.
            let clean = |text: Option<String>| text.map(|text| redact::text(&text).value.into_owned());
            let (basis, requester) = (clean(basis), clean(requester));
            trail.commit(plan, basis.as_deref(), requester.as_deref()).await
        }))
        .await
    }

    async fn commit(&self, plan: Plan, basis: Option<&str>, requester: Option<&str>) -> Result<Vec<u64>, EraseError> {
        // No hold comes between the question and the act.
        let _acting = self.acts.lock().await;
        let trail = self.clone();
        let acts: Acts = blocking(move || trail.held_acts()).await?;
        let erasable = acts.holds.clear(plan.ranges().clone())?;
        if erasable.ranges().is_empty() {
            return Err(BadTombstone::Nothing.into());
        }
        // What releases a hold goes on to do so. A crash behind this leaves it said twice.
        for hold in acts.coming_back(erasable.ranges()) {
            self.say_release(hold, "indelible".to_owned()).await?;
        }
        let mut tombstones = Vec::new();
        for part in erasable.split() {
            let mut random = [0; TombstoneSalts::BYTES];
            getrandom::fill(&mut random).map_err(|error| EraseError::Random(error.into()))?;
            let salts = TombstoneSalts::from_random(&random);
            let sealed = SealedTombstone::seal(&part, basis, requester, &salts, self.stamp())?;
            let mut batch = Batch::default();
            let kept = sealed.disclosures().iter().map(|one| one.bytes().clone()).collect();
            batch.push_with(sealed.leaf().text().clone(), kept)?;
            // In a frame of its own: what stands in the last frame cannot be overwritten.
            let ack = self.appender.append(batch.apart()).await?;
            tracing::info!(
                tombstone = ack.first,
                ranges = part.ranges().as_slice().len(),
                "an erasure was committed"
            );
            self.counts.add(Counted::Tombstone, 1);
            tombstones.push(ack.first);
        }
        Ok(tombstones)
    }

    /// Resolves when all that a tombstone names is overwritten, durably, in the journal and the tables.
    ///
    /// # Errors
    ///
    /// If the tables cannot be read. It never resolves if [`Eraser`](super::Eraser) or [`Follower`](crate::trail::Follower) has ended.
    pub async fn carried_out(&self, tombstone: u64) -> Result<(), IndexError> {
        let mut carried_out = self.carried_out.subscribe();
        // The sender lives as long as this does.
        let _ = carried_out.wait_for(|size| *size > tombstone).await;
        loop {
            let events = self.events.clone();
            // What the follower erases, it erases in front of the rows behind it.
            if blocking(move || events.indexed_size()).await? > tombstone {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

const POLL: Duration = Duration::from_millis(20);
