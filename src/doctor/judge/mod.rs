//! What the facts mean, and what to do. No I/O, no clock.

mod certificate;
mod clock;
mod config;
mod disk;
mod journal;
mod keys;
mod limits;
mod service;
mod witnesses;

#[cfg(test)]
mod sound;

use super::check::Report;
use super::facts::Facts;

/// Judges all of it.
pub fn judge(facts: &Facts) -> Report {
    let mut checks = config::judge(facts);
    checks.extend(service::judge(facts));
    checks.extend(keys::judge(facts));
    checks.extend(journal::judge(facts));
    checks.extend(clock::judge(facts));
    checks.extend(disk::judge(facts));
    checks.extend(witnesses::judge(facts));
    checks.extend(certificate::judge(facts));
    checks.extend(limits::judge(facts));
    Report(checks)
}
