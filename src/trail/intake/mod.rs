//! The way in: each event once, durable before anybody is told.

mod ready;

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use indelible_event::{RANDOM_BYTES, Salts, Sealed, Second, attachments, raw_attachment};
use indelible_index::idempotency::{Begun, ContentMac, Identity, PENDING_MAX, Ticket};
use indelible_log::{Ack, AppendError, BATCH_ENTRIES_MAX, Batch};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Accepted, Counted, NO_PANIC, Refusal, Refused, Submission, Taken, Trail};
use crate::task::join;
use ready::Ready;

/// How those hear who send what is under way already; `None` until it is known. Dropped without a word, it is not known at all.
pub(super) type Settled = watch::Receiver<Option<Outcome>>;

/// What became of an event that was under way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Published(u64),
    NotWritten,
}

/// What is to be done with a submission.
enum Plan {
    Append(Option<Claim>),
    /// It stands in the log, at this index.
    Known(u64),
    /// It is the same as another one of the request.
    Same(usize),
}

/// A key that is ours until it is said what became of its event.
struct Claim {
    ticket: Ticket,
    settled: watch::Sender<Option<Outcome>>,
}

impl Trail {
    /// Takes events, all or none: returns when they are durable and published. What the same key brought before is not taken again.
    ///
    /// The source of an event is what its sender calls it, and so not that of a configured source.
    ///
    /// Once begun it goes on to its end, whether or not the caller waits for it.
    ///
    /// # Errors
    ///
    /// See [`Refused`]. Nothing was written, unless the log itself failed.
    pub async fn submit(&self, submissions: Vec<Submission>) -> Result<Taken, Refused> {
        self.check_sources(&submissions)?;
        self.deliver(submissions).await
    }

    /// The same, for what a configured source has delivered under its own name.
    ///
    /// # Errors
    ///
    /// As [`Trail::submit`].
    pub async fn deliver(&self, submissions: Vec<Submission>) -> Result<Taken, Refused> {
        let trail = self.clone();
        join(tokio::spawn(async move {
            let taken = trail.take(submissions).await;
            trail.count(&taken);
            taken
        }))
        .await
    }

    fn count(&self, taken: &Result<Taken, Refused>) {
        match taken {
            Ok(taken) => {
                let new = taken
                    .events
                    .iter()
                    .filter(|event| matches!(event, Accepted::New { .. }))
                    .count();
                self.counts.add(Counted::New, new as u64);
                self.counts.add(Counted::Repeated, (taken.events.len() - new) as u64);
            }
            Err(refused) => match refused.refusal {
                Refusal::Conflict { .. } | Refusal::ConflictWithin { .. } => self.counts.add(Counted::Conflict, 1),
                _ => {}
            },
        }
    }

    async fn take(&self, submissions: Vec<Submission>) -> Result<Taken, Refused> {
        let count = submissions.len();
        if count == 0 || count > EVENTS_MAX {
            let max = EVENTS_MAX;
            return Err(Refused::at(0, Refusal::Count { count, max }));
        }
        self.wait_for_room(&submissions).await?;
        let ready = self.make_ready(submissions, Timestamp::now()).await?;
        let mut plans = self.plan(&ready).await?;
        let appended = self.append(&ready, &mut plans).await;
        let (ack, mut sealed) = match appended {
            Ok(appended) => appended,
            Err(refused) => {
                self.let_go(plans, &refused.refusal);
                return Err(refused);
            }
        };
        let mut next = ack.as_ref().map_or(0, |ack| ack.first);
        let mut events: Vec<Accepted> = Vec::with_capacity(count);
        for plan in plans {
            let accepted = match plan {
                Plan::Known(index) => Accepted::Known { index },
                Plan::Same(place) => Accepted::Known {
                    index: events[place].index(),
                },
                Plan::Append(claim) => {
                    let (leaf, disclosures) = sealed
                        .next()
                        .expect("one was sealed for each that was to be appended")
                        .into_parts();
                    let index = next;
                    next += 1;
                    self.settle(claim, index);
                    Accepted::New {
                        index,
                        leaf,
                        disclosures: Box::new(disclosures),
                    }
                }
            };
            events.push(accepted);
        }
        Ok(Taken { events, ack })
    }

    /// Only its secret speaks for a source; and whoever used its keys up could stand in the way of its deliveries.
    fn check_sources(&self, submissions: &[Submission]) -> Result<(), Refused> {
        let Some(sources) = &self.sources else { return Ok(()) };
        let mut free: Option<&str> = None;
        for (place, Submission { source, .. }) in submissions.iter().enumerate() {
            // Mostly all of them are of one source.
            if free != Some(source) && sources.find(source).is_some() {
                return Err(Refused::at(place, Refusal::SourceTaken));
            }
            free = Some(source);
        }
        Ok(())
    }

    /// Waits while so many keys are under way that these may find no place. The table follows the log at its own pace, and who submits more
    /// than it takes is slowed down to that, before anything is done for what could then be refused.
    async fn wait_for_room(&self, submissions: &[Submission]) -> Result<(), Refused> {
        let Some(place) = submissions.iter().position(|one| one.key.is_some()) else {
            return Ok(());
        };
        let room = async {
            loop {
                // Begun before it is looked, so that what is told in between is heard.
                let mut told = pin!(self.tabled.notified());
                told.as_mut().enable();
                if self.idempotency.pending() < KEYS_WAITED_FOR {
                    return;
                }
                told.await;
            }
        };
        let waited = timeout(PATIENCE, room).await;
        waited.map_err(|_| Refused::at(place, Refusal::TooManyKeys))
    }

    /// Claims the keys of those that are new. If one of them cannot be taken, all claims are let go.
    async fn plan(&self, ready: &[Ready]) -> Result<Vec<Plan>, Refused> {
        let mut plans = Vec::with_capacity(ready.len());
        let mut within: HashMap<Identity, usize> = HashMap::new();
        for (place, one) in ready.iter().enumerate() {
            let Some((identity, content)) = one.identity else {
                plans.push(Plan::Append(None));
                continue;
            };
            let planned = match within.get(&identity) {
                Some(&other) if ready[other].identity == one.identity => Ok(Plan::Same(other)),
                Some(&other) => Err(Refusal::ConflictWithin { other }),
                None => self.claim(identity, content).await,
            };
            match planned {
                Ok(plan) => plans.push(plan),
                Err(refusal) => {
                    self.let_go(plans, &refusal);
                    return Err(Refused::at(place, refusal));
                }
            }
            within.entry(identity).or_insert(place);
        }
        Ok(plans)
    }

    async fn claim(&self, identity: Identity, content: ContentMac) -> Result<Plan, Refusal> {
        loop {
            let (settled, waiter) = watch::channel(None);
            match self.idempotency.begin(identity, content, || waiter.clone())? {
                Begun::New(ticket) => return Ok(Plan::Append(Some(Claim { ticket, settled }))),
                Begun::Known { index } | Begun::KnownErased { index } => return Ok(Plan::Known(index)),
                Begun::Conflict { index } => return Err(Refusal::Conflict { index }),
                Begun::Unresolved => return Err(Refusal::Unresolved),
                Begun::Full => return Err(Refusal::TooManyKeys),
                Begun::InFlight(other) => match wait_for(other).await? {
                    Outcome::Published(index) => return Ok(Plan::Known(index)),
                    Outcome::NotWritten => {}
                },
                // Once it is published the table says that this is a conflict.
                Begun::OtherInFlight(other) => match wait_for(other).await? {
                    Outcome::Published(index) => return Err(Refusal::Conflict { index }),
                    Outcome::NotWritten => {}
                },
                Begun::SeekAgain => {}
            }
        }
    }

    /// Seals and appends those that are new, as one run.
    async fn append(
        &self,
        ready: &[Ready],
        plans: &mut [Plan],
    ) -> Result<(Option<Ack>, impl Iterator<Item = Sealed> + use<>), Refused> {
        let received = self.stamp();
        let mut batch = Batch::default();
        let mut sealed = Vec::new();
        for (place, (one, plan)) in ready.iter().zip(plans).enumerate() {
            if matches!(plan, Plan::Append(_)) {
                let made = seal(one, received, &mut batch).map_err(|refusal| Refused::at(place, refusal))?;
                sealed.push(made);
            }
        }
        if sealed.is_empty() {
            return Ok((None, sealed.into_iter()));
        }
        match self.appender.append(batch).await {
            Ok(ack) => Ok((Some(ack), sealed.into_iter())),
            Err(error) => Err(Refused::at(0, error.into())),
        }
    }

    pub(super) fn stamp(&self) -> Second {
        let stamp = self.clock.lock().expect(NO_PANIC).stamp(Timestamp::now());
        if let Some(behind) = stamp.set_back {
            tracing::warn!(%behind, "the clock was set back: events are stamped with the highest second given out");
        }
        stamp.second
    }

    fn settle(&self, claim: Option<Claim>, index: u64) {
        if let Some(Claim { ticket, settled }) = claim {
            self.idempotency.published(ticket, index);
            settled.send_replace(Some(Outcome::Published(index)));
        }
    }

    /// Gives back the keys of submissions that are refused. If the journal failed, nobody knows what it holds.
    fn let_go(&self, plans: Vec<Plan>, refusal: &Refusal) {
        let unknown = matches!(refusal, Refusal::Append(AppendError::Failed(_)));
        for plan in plans {
            let Plan::Append(Some(Claim { ticket, settled })) = plan else {
                continue;
            };
            match unknown {
                true => self.idempotency.lost(ticket),
                false => {
                    self.idempotency.released(ticket);
                    settled.send_replace(Some(Outcome::NotWritten));
                }
            }
        }
    }
}

impl Refused {
    fn at(place: usize, refusal: Refusal) -> Refused {
        Refused { place, refusal }
    }
}

fn seal(ready: &Ready, received: Second, batch: &mut Batch) -> Result<Sealed, Refusal> {
    let mut random = [0; Salts::BYTES + RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| Refusal::Random(error.into()))?;
    let (salts, random) = random.split_first_chunk().expect("it begins with the salts");
    let random: &[u8; RANDOM_BYTES] = random.try_into().expect("and ends with what is for the raw bytes");
    let sealed = Sealed::seal(&ready.event, &Salts::from_random(salts), received)?;
    let raw = ready.raw.as_ref().map(|raw| raw_attachment(*random, raw));
    batch.push_with(sealed.leaf().text().clone(), attachments(sealed.disclosures(), raw))?;
    Ok(sealed)
}

async fn wait_for(mut settled: Settled) -> Result<Outcome, Refusal> {
    let outcome = settled.wait_for(Option::is_some).await;
    outcome
        .map_err(|_| Refusal::Unresolved)
        .map(|outcome| outcome.expect("it was waited for"))
}

/// Events of one request, at most: what a batch of the log takes.
const EVENTS_MAX: usize = BATCH_ENTRIES_MAX;

/// Keys under way from which on submissions wait for the table. What has passed already may then bring three of the largest requests, or
/// 30,000 single events, and all find a place.
const KEYS_WAITED_FOR: usize = PENDING_MAX - 3 * EVENTS_MAX;

/// How long they wait: well within the 10 s after which GitHub gives up. The table takes ten thousands meanwhile.
const PATIENCE: Duration = Duration::from_secs(4);
