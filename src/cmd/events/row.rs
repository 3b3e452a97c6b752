//! Events as rows: who did what to what, when, and what came of it.

use std::fmt::Write;

use indelible_event::member::{Actor, Member, Target};
use indelible_event::{CheckedEvent, MemberState, MemberValue};

use crate::cmd::terminal::Safe;

/// The columns, as they are headed.
pub(super) const HEADINGS: [&str; COLUMNS] = ["INDEX", "TIME", "ACTOR", "ACTION", "TARGET", "OUTCOME", "SOURCE"];

/// What the columns of one event have.
pub(super) type Cells = [String; COLUMNS];

/// The cells of an event. The time is when it was received, which is what questions are about.
pub(super) fn cells(event: &CheckedEvent, members: &[MemberState; Member::ALL.len()]) -> Cells {
    let cell = |member: Member, of: fn(MemberValue) -> Option<String>| match &members[member.place()] {
        MemberState::Disclosed(disclosed) => disclosed.value().and_then(of).unwrap_or_else(|| "-".to_owned()),
        MemberState::Withheld => "withheld".to_owned(),
        MemberState::Erased { tombstone } => format!("erased (#{tombstone})"),
        MemberState::Missing => "missing".to_owned(),
    };
    let cells = [
        event.index().to_string(),
        event.received().to_string(),
        cell(Member::Actor, |value| match value {
            MemberValue::Actor(actor) => Some(actor_name(actor)),
            _ => None,
        }),
        cell(Member::Action, |value| match value {
            MemberValue::Action(action) => Some(action.name),
            _ => None,
        }),
        cell(Member::Targets, |value| match value {
            MemberValue::Targets(targets) => target_name(&targets),
            _ => None,
        }),
        cell(Member::Outcome, |value| match value {
            MemberValue::Outcome(outcome) => Some(outcome.result.as_str().to_owned()),
            _ => None,
        }),
        cell(Member::Delivery, |value| match value {
            MemberValue::Delivery(delivery) => Some(delivery.source),
            _ => None,
        }),
    ];
    cells.map(|cell| Safe(&cell).to_string())
}

fn actor_name(actor: Actor) -> String {
    let named = actor.name.or(actor.email).or(actor.id);
    named.unwrap_or_else(|| actor.kind.as_str().to_owned())
}

/// The first target, and how many there are besides.
fn target_name(targets: &[Target]) -> Option<String> {
    let first = targets.first()?;
    let name = first.name.as_ref().unwrap_or(&first.id);
    Some(match targets.len() - 1 {
        0 => name.clone(),
        more => format!("{name} +{more}"),
    })
}

/// Rows under each other. A column is as wide as its widest cell so far, up to a limit: one long name does not widen all.
#[derive(Debug)]
pub(super) struct Columns([usize; COLUMNS]);

impl Columns {
    /// Wide enough for these rows and the headings.
    pub(super) fn of(rows: &[Cells]) -> Columns {
        let mut columns = Columns(HEADINGS.map(str::len));
        columns.widen(rows);
        columns
    }

    /// Makes room for more rows.
    pub(super) fn widen(&mut self, rows: &[Cells]) {
        for row in rows {
            for (width, cell) in self.0.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count().min(WIDTH_MAX));
            }
        }
    }

    /// A row, without a line feed.
    pub(super) fn row<'c>(&self, cells: impl IntoIterator<Item = &'c str>) -> String {
        let mut row = String::new();
        for (place, (cell, width)) in cells.into_iter().zip(self.0).enumerate() {
            let gap = if place == 0 { "" } else { "  " };
            let written = match place {
                0 => write!(row, "{gap}{cell:>width$}"),
                _ => write!(row, "{gap}{cell:<width$}"),
            };
            written.expect("a string takes all that is written");
        }
        row.truncate(row.trim_end().len());
        row
    }
}

const COLUMNS: usize = 7;
/// What a screen of 150 characters has for each of the five columns of names.
const WIDTH_MAX: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_one_long_cell_does_not_widen_all() {
        let row = |index: &str, actor: &str| -> Cells {
            [
                index,
                "2026-11-22T10:00:00Z",
                actor,
                "push",
                "acme/shop",
                "success",
                "github/acme",
            ]
            .map(str::to_owned)
        };
        let rows = [row("7", "octocat"), row("1234567", &"x".repeat(50))];
        let columns = Columns::of(&rows);
        let shown: Vec<String> = rows
            .iter()
            .map(|row| columns.row(row.iter().map(String::as_str)))
            .collect();
        assert_eq!(
            columns.row(HEADINGS),
            format!(
                "  INDEX  TIME                  {:<36}  ACTION  TARGET     OUTCOME  SOURCE",
                "ACTOR"
            )
        );
        assert_eq!(
            shown[0],
            format!(
                "      7  2026-11-22T10:00:00Z  {:<36}  push    acme/shop  success  github/acme",
                "octocat"
            )
        );
        assert!(shown[1].starts_with("1234567  "));
    }

    #[test]
    fn many_targets_are_counted() {
        let target = |id: &str| Target {
            kind: "repository".to_owned(),
            id: id.to_owned(),
            name: None,
            parent: None,
        };
        assert_eq!(target_name(&[]), None);
        assert_eq!(target_name(&[target("a")]).as_deref(), Some("a"));
        assert_eq!(
            target_name(&[target("a"), target("b"), target("c")]).as_deref(),
            Some("a +2")
        );
    }
}
