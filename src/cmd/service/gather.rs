//! Gathering entries with their proofs, each checked before it is handed on, and the tombstones that erased members of them.

use std::collections::BTreeSet;
use std::io;

use futures_util::{StreamExt, TryStreamExt, stream};
use indelible_event::member::Member;
use indelible_event::{EvidenceLine, EvidenceTrust, EvidenceVerifier};

use super::answer::BadAnswer;
use super::fetch::Service;
use super::remembered::Remembered;
use crate::cmd::Failure;
use crate::cmd::evidence::Checked;

/// Gathers entries of one log.
#[derive(Debug)]
pub(in crate::cmd) struct Gatherer {
    service: Service,
    verifier: EvidenceVerifier,
    remembered: Remembered,
    /// By the service's word: this tombstone erased this member of this event.
    claimed: BTreeSet<(u64, u64, Member)>,
    /// The tombstones that were fetched.
    fetched: BTreeSet<u64>,
    with_raw: bool,
}

impl Gatherer {
    /// Gathers from a service what holds under this trust, and belongs to the history that is remembered.
    pub(super) fn new(service: Service, trust: EvidenceTrust, remembered: Remembered) -> Gatherer {
        Gatherer {
            service,
            verifier: EvidenceVerifier::new(trust),
            remembered,
            claimed: BTreeSet::new(),
            fetched: BTreeSet::new(),
            with_raw: false,
        }
    }

    /// The same with the raw bytes of events, where they are kept.
    pub(in crate::cmd) fn with_raw(mut self, with_raw: bool) -> Gatherer {
        self.with_raw = with_raw;
        self
    }

    /// Fetches entries and hands on each that holds, in the order of the indexes. The first that does not hold is the end.
    pub(in crate::cmd) async fn entries(
        &mut self,
        indexes: impl IntoIterator<Item = u64>,
        mut each: impl FnMut(&EvidenceLine, Checked) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let (service, with_raw) = (&self.service, self.with_raw);
        let answers = stream::iter(indexes)
            .map(move |index| service.entry(index, with_raw))
            .buffered(UNDER_WAY);
        let mut answers = std::pin::pin!(answers);
        while let Some(answer) = answers.try_next().await? {
            let line = answer.line()?;
            let checked = Checked::new(line.clone(), &mut self.verifier)?;
            self.remembered.check(line.receipt().checkpoint()).await?;
            self.claimed.extend(
                answer
                    .erased()
                    .map(|(member, tombstone)| (tombstone, answer.index, member)),
            );
            for member in answer.missing() {
                let index = answer.index;
                eprintln!("event {index}: the service has lost {member}, and no tombstone says why: that is damage");
            }
            each(&line, checked)?;
        }
        Ok(())
    }

    /// Fetches the tombstones of what was handed on, hands on each that was not yet, and checks that they did erase what the service says they did.
    pub(in crate::cmd) async fn tombstones(
        &mut self,
        each: impl FnMut(&EvidenceLine, Checked) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let claimed = std::mem::take(&mut self.claimed);
        let indexes: BTreeSet<u64> = claimed.iter().map(|&(tombstone, ..)| tombstone).collect();
        let new: Vec<u64> = indexes.difference(&self.fetched).copied().collect();
        self.fetched.extend(&new);
        self.entries(new, each).await?;
        for (tombstone, index, member) in claimed {
            if self.verifier.erasures().tombstone(index, member).is_none() {
                return Err(BadAnswer::NotErased {
                    index,
                    member,
                    tombstone,
                }
                .into());
            }
        }
        Ok(())
    }

    /// What has checked it all.
    pub(in crate::cmd) fn verifier(&self) -> &EvidenceVerifier {
        &self.verifier
    }
}

/// Requests that are under way together: they wait for the network, not for each other.
const UNDER_WAY: usize = 8;
