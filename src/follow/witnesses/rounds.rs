//! Which head is submitted to whom and when, and which one is served: decided without I/O, by what has happened and the time.
//!
//! A quorum comes about only if the witnesses are asked for the same head. So there is a *round* at a time, about one head: the
//! newest when it began. All witnesses are asked in it, each of them once at a time. When it has its quorum, or takes too long,
//! and the interval is over, the next one begins with the head that is the newest then; whatever came between is coalesced.
//! A witness that is slow is asked for the round of the time when it is ready again. What it answers to an older round
//! still counts there.
//!
//! What is served never becomes smaller. While the log's own signature must do, that is the head of the round that runs, not the
//! very newest one: so the witnessed head that takes its place is no older.

use std::time::{Duration, Instant};

use indelible_log::Head;
use indelible_note::witness::{Answer, Refused};
use indelible_note::{CosignerKey, Policy, SignatureLine, SignedCheckpoint, Verified, Witnessed};

use super::alarm::Alarm;
use super::seat::{Seat, Standing, Start};
use crate::config::WithoutQuorum;

/// How fast and how patient; see the fields of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) refresh: Duration,
    pub(super) patience: Duration,
    pub(super) without_quorum: WithoutQuorum,
}

/// The rounds, and what came out of them.
#[derive(Debug)]
pub(super) struct Rounds {
    policy: Policy,
    keys: Vec<CosignerKey>,
    pace: Pace,
    seats: Vec<Seat>,
    /// The one that runs last, and before it those that somebody may still answer to. Never empty.
    rounds: Vec<Round>,
    witnessed: Option<Witnessed>,
    served: Verified<SignedCheckpoint>,
    /// Since when a head waits for its quorum.
    behind_since: Option<Instant>,
}

#[derive(Debug)]
struct Round {
    /// Counted from 1.
    number: u64,
    head: Head,
    /// The head with the cosignatures of this round.
    cosigned: Verified<SignedCheckpoint>,
    began: Instant,
    has_quorum: bool,
}

/// A request that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// The place of the witness.
    pub(super) place: usize,
    pub(super) round: u64,
    pub(super) old_size: u64,
    pub(super) head: Head,
}

/// What is to be done until the next answer.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) sendings: Vec<Sending>,
    /// When to ask again at the latest.
    pub(super) wake: Option<Instant>,
    /// Whether to ask again as soon as there is a new head.
    pub(super) heads: bool,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered(Answer),
    /// No answer; what happened instead.
    Silent(String),
}

/// A witness has cosigned a larger tree than the log ever published: this is an older copy of the log, or there is a second one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the witness {witness} has cosigned a tree of {size} entries, but this log has published {published}: it is an older copy, or \
     another log signs with its key"
)]
pub(super) struct Ahead {
    witness: String,
    size: u64,
    published: u64,
}

impl Rounds {
    /// Begins with a round about the newest head. `starts` are what the witnesses of the policy said at the start; `served`
    /// is the head that was served last, which `newest` continues.
    pub(super) fn new(
        policy: Policy,
        pace: Pace,
        starts: &[Start],
        served: Verified<SignedCheckpoint>,
        newest: &Head,
        now: Instant,
    ) -> Rounds {
        let seats = policy.witnesses().iter().zip(starts);
        let seats = seats.map(|(witness, start)| Seat::new(witness.name().to_owned(), *start));
        let mut rounds = Rounds {
            seats: seats.collect(),
            keys: policy.cosigner_keys(),
            witnessed: policy.witnessed(served.clone()).ok(),
            policy,
            pace,
            rounds: Vec::new(),
            served,
            behind_since: None,
        };
        rounds.begin(newest, now);
        rounds
    }

    /// What is to be done now. `newest` is the newest published head.
    pub(super) fn next(&mut self, newest: &Head, now: Instant) -> Next {
        if self.is_due(newest, now) {
            self.begin(newest, now);
        }
        self.serve(now);
        let Rounds { rounds, seats, .. } = self;
        rounds.retain(is_alive(rounds, seats));
        let round = current(rounds);
        let asked = seats.iter_mut().enumerate().filter_map(|(place, seat)| {
            let old_size = seat.take(round.number, round.head.size(), now)?;
            Some(Sending {
                place,
                round: round.number,
                old_size,
                head: round.head.clone(),
            })
        });
        let sendings = asked.collect();
        Next {
            sendings,
            wake: self.wake(now),
            heads: self.is_over(now),
        }
    }

    /// Takes in what came of a request. `published` is the size of the newest published head.
    ///
    /// # Errors
    /// If the log must stop.
    pub(super) fn take_in(
        &mut self,
        sending: &Sending,
        outcome: Outcome,
        published: u64,
        now: Instant,
    ) -> Result<(), Ahead> {
        let Sending { place, round, head, .. } = sending;
        let seat = &mut self.seats[*place];
        match outcome {
            Outcome::Answered(Answer::Cosigned(cosignatures)) => {
                seat.cosigned(*round, head.size());
                let lines: Vec<_> = cosignatures.iter().map(|made| made.line().clone()).collect();
                self.add(*round, &lines);
            }
            Outcome::Answered(Answer::ProveFrom { size }) => seat.corrected(size, now),
            Outcome::Answered(Answer::Ahead { size }) if size > published => {
                let witness = seat.name().to_owned();
                return Err(Ahead {
                    witness,
                    size,
                    published,
                });
            }
            Outcome::Answered(Answer::Ahead { size }) => seat.is_further(*round, size),
            Outcome::Answered(Answer::Later { status }) => {
                tracing::debug!(witness = seat.name(), status, "a witness wants to be asked later");
                seat.postponed(now);
            }
            Outcome::Answered(Answer::Refused(refused)) => {
                tracing::error!(witness = seat.name(), %refused, size = head.size(), "a witness does not cosign");
                seat.refused(*round, in_short(&refused), now + self.pace.patience);
            }
            Outcome::Silent(reason) => {
                tracing::debug!(witness = seat.name(), reason, "a witness does not answer");
                seat.silent(now);
            }
        }
        self.serve(now);
        Ok(())
    }

    /// The head to serve.
    pub(super) fn served(&self) -> &Verified<SignedCheckpoint> {
        &self.served
    }

    /// The newest head that the quorum vouches for.
    pub(super) fn witnessed(&self) -> Option<&Witnessed> {
        self.witnessed.as_ref()
    }

    /// Where each witness stands, in the order of the policy.
    pub(super) fn standings(&self) -> Vec<Standing> {
        self.seats.iter().map(Seat::standing).collect()
    }

    /// What is wrong now.
    pub(super) fn alarms(&self, now: Instant) -> Vec<Alarm> {
        let seats = self.seats.iter().flat_map(|seat| seat.alarms(self.pace.patience, now));
        self.is_late(now)
            .then_some(Alarm::NoQuorum)
            .into_iter()
            .chain(seats)
            .collect()
    }

    /// Whether another round is to begin.
    fn is_due(&self, newest: &Head, now: Instant) -> bool {
        let round = current(&self.rounds);
        match newest.size() > round.head.size() {
            true => self.is_over(now),
            false => now >= round.began + self.pace.refresh,
        }
    }

    /// Whether the round that runs has nothing more to wait for if there is a newer head.
    fn is_over(&self, now: Instant) -> bool {
        let round = current(&self.rounds);
        let pace = &self.pace;
        now >= round.began + pace.interval && (round.has_quorum || now >= round.began + pace.timeout)
    }

    fn begin(&mut self, newest: &Head, now: Instant) {
        let number = self.rounds.last().map_or(1, |last| last.number + 1);
        self.rounds.push(Round {
            number,
            head: newest.clone(),
            cosigned: newest.checkpoint().clone(),
            began: now,
            has_quorum: false,
        });
        self.behind_since = Some(self.behind_since.unwrap_or(now));
        // A policy may ask for no witness at all.
        self.add(number, &[]);
    }

    /// Adds cosignatures to the head of a round.
    fn add(&mut self, number: u64, lines: &[SignatureLine]) {
        let Some(round) = self.rounds.iter_mut().find(|round| round.number == number) else {
            return;
        };
        match round.cosigned.with_cosignatures(lines, &self.keys) {
            Ok(cosigned) => round.cosigned = cosigned,
            // They were checked before, so that the note can only have become too large, which 99 witnesses cannot make it.
            Err(error) => return tracing::error!(%error, "cosignatures are left out"),
        }
        let Ok(made) = self.policy.witnessed(round.cosigned.clone()) else {
            return;
        };
        round.has_quorum = true;
        let (cosigned, size) = (round.cosigned.clone(), round.head.size());
        let running = current(&self.rounds);
        self.behind_since = (!running.has_quorum).then_some(running.began);
        match &self.witnessed {
            Some(older) if older.checkpoint().head().size > size => {}
            // Of the same tree: who has not answered again yet still vouches, as of earlier.
            Some(same) if same.checkpoint().head() == cosigned.head() => {
                let lines = cosigned.note().signatures();
                let merged = same.checkpoint().with_cosignatures(lines, &self.keys);
                let merged = merged.ok().and_then(|merged| self.policy.witnessed(merged).ok());
                self.witnessed = Some(merged.unwrap_or(made));
            }
            _ => self.witnessed = Some(made),
        }
    }

    /// Moves what is served, forwards only.
    fn serve(&mut self, now: Instant) {
        if let Some(witnessed) = &self.witnessed
            && witnessed.checkpoint().head().size >= self.served.head().size
        {
            self.served = witnessed.checkpoint().clone();
        }
        let signed_will_do =
            self.witnessed.is_none() || (self.pace.without_quorum == WithoutQuorum::Signed && self.is_late(now));
        let round = current(&self.rounds);
        if signed_will_do && round.head.size() > self.served.head().size {
            self.served = round.cosigned.clone();
        }
    }

    /// Whether heads have waited for a quorum for too long.
    fn is_late(&self, now: Instant) -> bool {
        self.behind_since.is_some_and(|since| now >= since + self.pace.patience)
    }

    fn wake(&self, now: Instant) -> Option<Instant> {
        let round = current(&self.rounds);
        let pace = &self.pace;
        let of_round = [pace.interval, pace.timeout, pace.refresh].map(|after| round.began + after);
        let late = self.behind_since.map(|since| since + pace.patience);
        let of_seats = self.seats.iter().flat_map(|seat| seat.wake(pace.patience));
        of_round
            .into_iter()
            .chain(late)
            .chain(of_seats)
            .filter(|at| *at > now)
            .min()
    }
}

fn current(rounds: &[Round]) -> &Round {
    rounds.last().expect("a round begins with the rounds")
}

/// Whether somebody may still answer to a round.
fn is_alive<'a>(rounds: &[Round], seats: &'a [Seat]) -> impl Fn(&Round) -> bool + use<'a> {
    let running = current(rounds).number;
    move |round| round.number == running || seats.iter().any(|seat| seat.is_asked(round.number))
}

/// Why a witness does not cosign, without what it said itself: that is for the operator alone.
fn in_short(refused: &Refused) -> String {
    match refused {
        Refused::Status { status, .. } => format!("it answered {status}"),
        Refused::Lines(_) => "it answered something else than signature lines".to_owned(),
        Refused::Cosignature(_) => "its cosignature does not hold".to_owned(),
        Refused::NoTime => "its cosignature has no time".to_owned(),
        Refused::NoCosignature { .. } => "it answered no line by its key".to_owned(),
        Refused::Size { .. } => "it answered something else than a size".to_owned(),
        Refused::SameSize { .. } => "it contradicts itself".to_owned(),
    }
}

#[cfg(test)]
mod tests;
