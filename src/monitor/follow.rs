//! One look after the other, with what it takes between them: remembering, reporting, telling, waiting.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use indelible_client::{PatientSource, Trunk};
use indelible_note::PosixTime;

use super::entries::{Ended, Progress, WrongMemory, advance};
use super::judge::{Assessment, Outcome, Rules, assess, conclude, silent_since};
use super::observe::observe;
use super::state::{State, Untold};
use super::store::{Folder, StoreError, io_error};
use super::tell::Tellers;
use crate::findings::Findings;

/// A monitor of one log.
#[derive(Debug)]
pub struct Monitor {
    /// Where the log is. It asks once: between two looks is time enough.
    pub source: PatientSource,
    /// What it is held to.
    pub rules: Rules,
    /// Where the state is kept.
    pub folder: Folder,
    /// The state, as it is kept there.
    pub state: State,
    /// Where findings go.
    pub findings: Findings,
    /// Who is told of them.
    pub tellers: Tellers,
}

/// How often the log is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause between two looks.
    pub interval: Duration,
}

/// Why a monitor cannot go on. The log is not accused by any of these.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// What was seen cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was kept is wrong.
    #[error(transparent)]
    Memory(#[from] WrongMemory),
    /// The system's clock cannot be used.
    #[error("the clock of this machine is not between 1970 and the year 292277026596")]
    Clock,
}

/// What one look at the log came to.
#[derive(Debug)]
pub struct Look {
    /// Why it says nothing, or not everything.
    pub unclear: Option<String>,
    /// Whether there are entries that can be verified at once.
    pub behind: bool,
    /// When the server wants to be asked again, if it says so.
    pub after: Option<Duration>,
    /// Whether the head lacks the witnesses that it needs.
    pub unwitnessed: bool,
}

impl Monitor {
    /// Looks at the log until there is nothing that could be verified at once. Says what it finds.
    ///
    /// # Errors
    /// If the monitor cannot go on.
    pub async fn once(&mut self) -> Result<Look, MonitorError> {
        loop {
            let look = self.look().await?;
            if !look.behind {
                self.say_if_unwitnessed(&look);
                return Ok(look);
            }
            self.say_how_far();
        }
    }

    /// Follows the log until it is told to stop.
    ///
    /// # Errors
    /// If the monitor cannot go on.
    pub async fn follow(&mut self, pace: Pace, stop: impl Future<Output = ()>) -> Result<(), MonitorError> {
        tokio::pin!(stop);
        let mut failures = 0;
        let (mut is_followed, mut was_unwitnessed) = (false, false);
        loop {
            let look = tokio::select! {
                // What is under way is dropped: nothing is remembered of a look before it has ended.
                () = &mut stop => return Ok(()),
                look = self.look() => look?,
            };
            failures = if look.unclear.is_some() { failures + 1 } else { 0 };
            let pause = match look.behind {
                true => Duration::ZERO,
                false => self.pause(pace, failures, look.after, now()?),
            };
            match &look.unclear {
                Some(reason) => say(format_args!(
                    "cannot tell: {reason}; the next look is in {} s",
                    pause.as_secs()
                )),
                None if look.behind => self.say_how_far(),
                None if !is_followed && self.state.trusted.is_some() => {
                    is_followed = true;
                    let (origin, size) = (&self.state.origin, self.state.size());
                    say(format_args!("{origin} is followed from its head of {size} entries on"));
                }
                None => {}
            }
            if !was_unwitnessed {
                self.say_if_unwitnessed(&look);
            }
            was_unwitnessed = look.unwitnessed;
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Looks at the log once, and does what follows from it.
    async fn look(&mut self) -> Result<Look, MonitorError> {
        let trusted = self.state.trusted.as_ref().map(|trusted| trusted.checkpoint.head());
        let seen = observe(&self.source, &self.rules.log, trusted).await;
        let assessment = assess(&self.state, seen.observation, now()?);
        let progress = self.read_entries(&assessment, seen.trunk).await?;
        let now = now()?;
        let outcome = conclude(&self.state, assessment, progress, now, &self.rules);
        let look = Look {
            unclear: outcome.unclear.clone(),
            behind: outcome.behind,
            after: seen.after,
            unwitnessed: outcome.unwitnessed,
        };
        self.carry_out(outcome, now)?;
        self.tell().await?;
        Ok(look)
    }

    /// Verifies entries that are new, if that is wanted and the head is good.
    async fn read_entries(
        &self,
        assessment: &Assessment,
        trunk: Option<Trunk>,
    ) -> Result<Option<Progress>, WrongMemory> {
        let Assessment::Good(head) = assessment else {
            return Ok(None);
        };
        let head = head.checkpoint.head();
        let verified = self.state.entries.clone();
        if !self.rules.entries || verified.size() == head.size {
            return Ok(None);
        }
        let trunk = match trunk {
            Some(trunk) => Ok(trunk),
            None => Trunk::open(self.source.clone(), head).await,
        };
        match trunk {
            Ok(mut trunk) => advance(&mut trunk, verified).await.map(Some),
            Err(error) => Ok(Some(Progress {
                verified,
                ended: Ended::of(&error),
            })),
        }
    }

    /// Writes findings, then remembers that they were written: a crash in between writes them again.
    fn carry_out(&mut self, outcome: Outcome, now: PosixTime) -> Result<(), MonitorError> {
        let mut state = outcome.state;
        for (finding, detail) in outcome.findings {
            let kind = finding.kind.as_str();
            // Whoever reads of it finds its file; and it is said also where no file can be written.
            let written = self
                .findings
                .write(&finding, now)
                .map_err(io_error(self.findings.folder()));
            say(format_args!("finding: {kind}: {detail}"));
            let path = written?;
            let file = path.display().to_string();
            // Whether anybody reads that or not: the file is there.
            let _ = writeln!(io::stdout(), "{file}");
            state.untold.extend(self.tellers.ways().map(|by| Untold {
                file: file.clone(),
                by,
                rounds: 0,
            }));
        }
        if state != self.state {
            self.folder.save(&state)?;
            self.state = state;
        }
        for kind in outcome.recovered {
            say(format_args!("the log is good again: {}", kind.as_str()));
        }
        Ok(())
    }

    /// Tells what was not told yet. What fails is tried again after the next look, and given up in the end: it has its file.
    async fn tell(&mut self) -> Result<(), MonitorError> {
        if self.state.untold.is_empty() {
            return Ok(());
        }
        let mut state = self.state.clone();
        let mut left = Vec::new();
        for mut untold in std::mem::take(&mut state.untold) {
            let told = self.tellers.tell(untold.file.as_ref(), untold.by, &state.origin).await;
            let Err(reason) = told else { continue };
            untold.rounds += 1;
            if untold.rounds < ROUNDS_MAX {
                say(format_args!("{reason}; of {} will be told again", untold.file));
                left.push(untold);
            } else {
                say(format_args!("{reason}; nobody was told of {}", untold.file));
            }
        }
        state.untold = left;
        self.folder.save(&state)?;
        self.state = state;
        Ok(())
    }

    fn say_how_far(&self) {
        let (done, all) = (self.state.entries.size(), self.state.size());
        say(format_args!("{done} of {all} entries are verified"));
    }

    fn say_if_unwitnessed(&self, look: &Look) {
        if look.unwitnessed {
            let size = self.state.size();
            say(format_args!("too few witnesses vouch for the head of {size} entries"));
        }
    }

    /// How long to wait. Not past the time at which the log has been silent for too long.
    fn pause(&self, pace: Pace, failures: u32, after: Option<Duration>, now: PosixTime) -> Duration {
        let doubled = pace
            .interval
            .saturating_mul(1 << failures.saturating_sub(1).min(DOUBLINGS_MAX));
        let backed_off = doubled.min(BACK_OFF_MAX.max(pace.interval));
        let pause = backed_off.max(after.unwrap_or_default().min(BACK_OFF_MAX));
        let (since, _) = silent_since(&self.state, &self.rules);
        let silent = since.until(now);
        match self.rules.max_age {
            Some(max_age) if silent <= max_age => pause.min(max_age - silent + SECOND),
            _ => pause,
        }
    }
}

fn now() -> Result<PosixTime, MonitorError> {
    PosixTime::from_system(SystemTime::now()).ok_or(MonitorError::Clock)
}

/// Words go to stderr; if nobody reads them any more, the findings still say it.
fn say(words: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "indelible: {words}");
}

/// With an interval of 10 s that is 10 s, 20 s, 40 s, …, 5 min.
const DOUBLINGS_MAX: u32 = 16;
const BACK_OFF_MAX: Duration = Duration::from_secs(300);

/// Times are whole seconds: a silence of exactly `--max-age` is not too long.
const SECOND: Duration = Duration::from_secs(1);

/// With the tries in each, and an interval of 10 s, somebody who cannot be told is tried for some minutes.
const ROUNDS_MAX: u32 = 10;
