//! Draws the consequences of one look at a log.

use indelible_client::SignedHead;
use indelible_note::{Finding, FindingKind, PosixTime};

use super::{Accusation, Assessment, Rules};
use crate::monitor::entries::{Ended, Progress};
use crate::monitor::state::{Standing, State, Trusted};

/// What follows from one look at a log.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is believed from now on.
    pub state: State,
    /// What is to be reported, with a word for people.
    pub findings: Vec<(Finding, String)>,
    /// What the log has made good.
    pub recovered: Vec<FindingKind>,
    /// Why this look says nothing, or not everything.
    pub unclear: Option<String>,
    /// Whether there are entries that can be verified at once.
    pub behind: bool,
    /// Whether the head lacks the witnesses that it needs.
    pub unwitnessed: bool,
}

/// Draws the consequences. `progress` is what was found out about the entries, if they are to be read and the head is good.
pub fn conclude(
    state: &State,
    assessment: Assessment,
    progress: Option<Progress>,
    now: PosixTime,
    rules: &Rules,
) -> Outcome {
    let mut outcome = Outcome {
        state: state.clone(),
        findings: Vec::new(),
        recovered: Vec::new(),
        unclear: None,
        behind: false,
        unwitnessed: false,
    };
    let mut accusations = Vec::new();
    let mut good = false;
    match (assessment, progress) {
        (Assessment::Accused(accusation), _) => accusations.push(accusation),
        (Assessment::Unclear(reason), _) => outcome.unclear = Some(reason),
        (Assessment::Good(head), None) => {
            good = true;
            outcome.adopt(head, now, rules);
            outcome.state.withheld = None;
        }
        (Assessment::Good(head), Some(progress)) => match progress.ended {
            Ended::Foreign(reason) => accusations.push(Accusation::rewritten(&head, reason, now)),
            ended => {
                let moved = progress.verified.size() > state.entries.size();
                outcome.adopt(head, now, rules);
                outcome.state.entries = progress.verified;
                outcome.behind = matches!(ended, Ended::Paused);
                outcome.state.withheld = match &ended {
                    Ended::Unavailable(_) if moved => Some(now),
                    Ended::Unavailable(_) => state.withheld.or(Some(now)),
                    _ => None,
                };
                match ended {
                    Ended::Unavailable(reason) => outcome.unclear = Some(reason),
                    _ => good = true,
                }
            }
        },
    }
    accusations.extend(frozen(&outcome.state, now, rules));
    outcome.report(accusations, good, rules);
    outcome
}

impl Outcome {
    /// Trusts a head that continues the trusted one.
    fn adopt(&mut self, head: SignedHead, now: PosixTime, rules: &Rules) {
        self.unwitnessed = rules.log.is_witnessed() && head.vouched.is_none();
        // A witness whose clock is ahead, or who lies, must not make the log look alive in the future.
        self.state.vouched = self.state.vouched.max(head.vouched.map(|time| time.min(now)));
        let old = self.state.trusted.as_ref();
        if old.is_none_or(|old| old.checkpoint.note() != head.checkpoint.note()) {
            self.state.news = now;
            self.state.trusted = Some(Trusted {
                checkpoint: head.checkpoint,
                seen: now,
            });
        }
    }

    /// Reports what is not reported already, and takes note of what is made good.
    fn report(&mut self, accusations: Vec<Accusation>, good: bool, rules: &Rules) {
        for standing in &mut self.state.standing {
            let is_made_good = good || standing.kind == FindingKind::Frozen;
            let is_repeated = accusations.iter().any(|accusation| accusation.kind == standing.kind);
            if is_made_good && !is_repeated && !standing.over {
                standing.over = true;
                self.recovered.push(standing.kind);
            }
        }
        for accusation in accusations {
            let id = accusation.id();
            let kind = accusation.kind;
            match self.state.standing.iter_mut().find(|standing| standing.kind == kind) {
                Some(known) => {
                    // The same again, also after a while in which the log was good, or more of what it is accused of already.
                    let is_new = known.over && known.id != id;
                    known.over = false;
                    if !is_new {
                        continue;
                    }
                    known.id = id;
                }
                None => self.state.standing.push(Standing { kind, id, over: false }),
            }
            self.findings.push(accusation.into_finding(&rules.log));
        }
    }
}

/// Since when there is nothing new of the log, and what that is: [`conclude`] makes a finding of it when it is too old.
fn frozen(state: &State, now: PosixTime, rules: &Rules) -> Option<Accusation> {
    let trusted = state.trusted.as_ref()?;
    let (since, what) = silent_since(state, rules);
    if since.until(now) <= rules.max_age? {
        return None;
    }
    Some(Accusation {
        kind: FindingKind::Frozen,
        heads: vec![trusted.checkpoint.note().to_string()],
        hashes: Vec::new(),
        seen: vec![since, now],
        detail: format!("{what} since {since} (seconds since 1970)"),
    })
}

/// Since when the log is silent, by witnesses if it has them, and in what way. If the entries of its head cannot be had, that
/// counts as well.
pub fn silent_since(state: &State, rules: &Rules) -> (PosixTime, &'static str) {
    let (since, what) = match rules.log.is_witnessed() {
        true => (
            state.vouched.unwrap_or(state.began),
            "no head was served for which enough witnesses vouched",
        ),
        false => (state.news, "nothing newer was served that could be verified"),
    };
    match state.withheld.filter(|_| rules.entries) {
        Some(withheld) if withheld < since => (withheld, "entries that the log has signed were not served"),
        _ => (since, what),
    }
}
