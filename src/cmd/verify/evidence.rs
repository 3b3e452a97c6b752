//! Checking an evidence file: all of it, before anything is told of it.

use std::fmt::Display;
use std::path::Path;

use indelible_event::{BadEvidence, CheckedLine, EvidenceReason, EvidenceVerifier, MalformedLine};
use indelible_note::{NotVerified, UntrustedCheckpoint};

use super::Args;
use super::lacking::{Lacking, place_of};
use crate::cmd::evidence::{
    BadLine, Checked, EvidenceFile, event_json, event_text, read_trust, tombstone_json, tombstone_text,
};
use crate::cmd::out::line as print_line;
use crate::cmd::terminal::Safe;
use crate::cmd::{CommandResult, Verdict};

pub(super) fn run(path: &Path, args: &Args) -> CommandResult {
    let trust = read_trust(&args.vkey, args.policy.as_deref())?;
    let mut lacking = match args
        .lacking
        .as_deref()
        .map(|path| Lacking::open(path, &trust))
        .transpose()?
    {
        None => None,
        Some(Ok(lacking)) => Some(lacking),
        Some(Err(error)) => {
            return Ok(Verdict::DoesNotHold(format!(
                "the head that lacks entries does not satisfy the policy: {error}"
            )));
        }
    };
    let mut other = None;
    let mut file = EvidenceFile::open(path)?;
    let mut verifier = EvidenceVerifier::new(trust);
    let mut seen = Seen::default();
    file.lines(|number, line| {
        match line {
            Err(malformed) => seen.unreadable(number, &malformed),
            Ok(line) => {
                let (head, index) = place_of(&line);
                match Checked::new(line, &mut verifier) {
                    Ok(checked) => {
                        seen.holds(&checked.line);
                        let against = lacking.as_mut().and_then(|lacking| lacking.see(&head, index).err());
                        other = other.take().or(against);
                    }
                    Err(bad) => seen.refuted(number, &bad),
                }
            }
        }
        Ok(())
    })?;
    if let Some(verdict) = seen.verdict(&file.header().vkey) {
        return Ok(verdict);
    }
    let lacks_any = lacking.as_ref().and_then(|lacking| lacking.lacks_any().err());
    if let Some(words) = other.or(lacks_any) {
        return Ok(Verdict::DoesNotHold(format!("the evidence holds, but {words}")));
    }
    // All lines hold, and with them all tombstones are known. What is told is what a second check has given.
    let mut changed = None;
    file.lines(|number, line| {
        let checked = line
            .map_err(|error| error.to_string())
            .and_then(|line| Checked::new(line, &mut verifier).map_err(|error| error.to_string()));
        match checked {
            Ok(mut checked) => {
                checked.place.not_before = lacking.as_ref().and_then(|lacking| lacking.not_before(&checked.line));
                print_line(told(&checked, &verifier, args.json))?;
            }
            Err(error) => changed = changed.take().or(Some(format!("line {number}: {error}"))),
        }
        Ok(())
    })?;
    if let Some(error) = changed {
        return Ok(Verdict::DoesNotHold(format!("the file was changed meanwhile: {error}")));
    }
    eprintln!(
        "holds: {} and {}, each in a tree that the log's key has signed, all that is shown as it was when it was logged",
        counted(seen.events, "event"),
        counted(seen.tombstones, "tombstone")
    );
    Ok(Verdict::Holds)
}

fn told(checked: &Checked, verifier: &EvidenceVerifier, json: bool) -> String {
    let place = &checked.place;
    match (&checked.line, json) {
        (CheckedLine::Event(event), false) => event_text(place, event, &verifier.members(event)),
        (CheckedLine::Tombstone(tombstone), false) => tombstone_text(place, tombstone),
        (CheckedLine::Event(event), true) => {
            Safe(&event_json(place, event, &verifier.members(event)).to_string()).to_string()
        }
        (CheckedLine::Tombstone(tombstone), true) => Safe(&tombstone_json(place, tombstone).to_string()).to_string(),
    }
}

/// What the lines of a file came to.
#[derive(Debug, Default)]
struct Seen {
    events: u64,
    tombstones: u64,
    refuted: u64,
    unreadable: u64,
    /// The first line that does not hold, else the first that cannot be read.
    first: Option<String>,
    /// A checkpoint is signed by a key that is not trusted.
    foreign_key: bool,
}

impl Seen {
    fn holds(&mut self, line: &CheckedLine) {
        match line {
            CheckedLine::Event(_) => self.events += 1,
            CheckedLine::Tombstone(_) => self.tombstones += 1,
        }
    }

    fn refuted(&mut self, number: u64, bad: &BadLine) {
        self.foreign_key |= matches!(
            bad,
            BadLine::Evidence(BadEvidence {
                reason: EvidenceReason::Checkpoint(UntrustedCheckpoint::Signature(NotVerified::NoKnownKey { .. })),
                ..
            })
        );
        if self.refuted == 0 {
            self.first = Some(format!("line {number}: {bad}"));
        }
        self.refuted += 1;
        self.say(number, bad);
    }

    fn unreadable(&mut self, number: u64, malformed: &MalformedLine) {
        if self.first.is_none() {
            self.first = Some(format!("line {number}: {malformed}"));
        }
        self.unreadable += 1;
        self.say(number, malformed);
    }

    fn say(&self, number: u64, fault: &dyn Display) {
        if self.refuted + self.unreadable <= FAULTS_SAID {
            eprintln!("line {number}: {}", Safe(&fault.to_string()));
        }
    }

    /// The verdict, if it is not that all holds.
    fn verdict(&self, named: &dyn Display) -> Option<Verdict> {
        let lines = self.events + self.tombstones + self.refuted + self.unreadable;
        let first = self.first.as_deref().unwrap_or_default();
        if self.refuted > 0 {
            let hint = match self.foreign_key {
                true => format!(
                    "\n\nthe file itself names the key {named}; whether that log is to be trusted, only you can say"
                ),
                false => String::new(),
            };
            let refuted = self.refuted;
            return Some(Verdict::DoesNotHold(format!(
                "{first} ({refuted} of {} do not hold){hint}",
                counted(lines, "line")
            )));
        }
        if self.unreadable > 0 {
            let unreadable = self.unreadable;
            return Some(Verdict::CouldNotTell(format!(
                "{first} ({unreadable} of {} cannot be read)",
                counted(lines, "line")
            )));
        }
        (lines == 0).then(|| Verdict::CouldNotTell("no event is in the file".to_owned()))
    }
}

fn counted(count: u64, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    }
}

/// Faults that are told one by one.
const FAULTS_SAID: u64 = 10;
