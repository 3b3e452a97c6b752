//! Events on stdout, as they come.

use indelible_event::{CheckedLine, EvidenceVerifier};

use super::row::{Cells, Columns, HEADINGS, cells};
use crate::cmd::Failure;
use crate::cmd::evidence::{Checked, event_json, tombstone_json};
use crate::cmd::out::line;
use crate::cmd::terminal::Safe;

/// Prints events.
#[derive(Debug)]
pub(super) struct Printer {
    json: bool,
    columns: Option<Columns>,
}

impl Printer {
    pub(super) fn new(json: bool) -> Printer {
        Printer { json, columns: None }
    }

    /// Prints some more; what is erased of them the verifier knows.
    pub(super) fn print<'c>(
        &mut self,
        entries: impl Iterator<Item = &'c Checked>,
        verifier: &EvidenceVerifier,
    ) -> Result<(), Failure> {
        if self.json {
            for Checked { place, line: entry } in entries {
                let json = match entry {
                    CheckedLine::Event(event) => event_json(place, event, &verifier.members(event)),
                    CheckedLine::Tombstone(tombstone) => tombstone_json(place, tombstone),
                };
                line(Safe(&json.to_string()))?;
            }
            return Ok(());
        }
        let rows: Vec<Cells> = entries
            .map(|entry| match &entry.line {
                CheckedLine::Event(event) => cells(event, &verifier.members(event)),
                CheckedLine::Tombstone(tombstone) => {
                    let mut cells = Cells::default();
                    cells[0] = tombstone.index().to_string();
                    cells[1] = tombstone.leaf().received().to_string();
                    cells[3] = "(tombstone)".to_owned();
                    cells
                }
            })
            .collect();
        self.print_rows(&rows)
    }

    fn print_rows(&mut self, rows: &[Cells]) -> Result<(), Failure> {
        let columns = match &mut self.columns {
            Some(columns) => {
                columns.widen(rows);
                columns
            }
            None => {
                let columns = self.columns.insert(Columns::of(rows));
                line(columns.row(HEADINGS))?;
                columns
            }
        };
        for row in rows {
            line(columns.row(row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}
