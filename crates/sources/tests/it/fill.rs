//! Counts which members are filled, by type of event.

use std::{collections::BTreeMap, fmt};

use indelible_event::member::{Claims, OutcomeResult};

/// Counts by type of event.
#[derive(Default)]
pub(crate) struct Fill(BTreeMap<String, [usize; 8]>);

const COLUMNS: [&str; 8] = [
    "examples",
    "actor",
    "targets",
    "more than the whole",
    "occurred",
    "outcome",
    "changes",
    "correlation",
];

impl Fill {
    /// Counts one event.
    pub(crate) fn count(&mut self, event: &str, claims: &Claims) {
        let actor = claims.actor.as_ref().is_some_and(|actor| actor.name.is_some());
        let targets = claims.targets.as_ref().map_or(0, Vec::len);
        let outcome = claims
            .outcome
            .as_ref()
            .is_some_and(|outcome| outcome.result != OutcomeResult::Unknown);
        let filled = [
            true,
            actor,
            targets > 0,
            targets > 1,
            claims.occurred.is_some(),
            outcome,
            claims.changes.is_some(),
            claims.correlation.is_some(),
        ];
        let counts = self.0.entry(event.to_owned()).or_default();
        for (count, filled) in counts.iter_mut().zip(filled) {
            *count += usize::from(filled);
        }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| event | {} |", COLUMNS.join(" | "))?;
        writeln!(f, "|---|{}", "---:|".repeat(COLUMNS.len()))?;
        let mut total = [0; COLUMNS.len()];
        for (event, counts) in &self.0 {
            row(f, &format!("`{event}`"), *counts)?;
            total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        }
        row(f, "all", total)
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, counts: [usize; COLUMNS.len()]) -> fmt::Result {
    let counts = counts.map(|count| count.to_string());
    writeln!(f, "| {name} | {} |", counts.join(" | "))
}
