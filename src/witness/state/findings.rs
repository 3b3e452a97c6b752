//! The evidence against logs.

use indelible_note::{Finding, KeyName};

use rusqlite::Transaction;

use super::{State, StateError};
use crate::witness::evidence::Evidence;

/// A finding as it is kept.
#[derive(Clone, Debug)]
pub struct KeptFinding {
    /// The log that is accused.
    pub origin: String,
    /// Whether the finding proves the fork by itself, as `indelible verify` confirms. Otherwise the log's key signed the checkpoint, and
    /// the proof that came with it did not hold: the log has forked, or somebody sent a wrong proof.
    pub proven: bool,
    /// The finding.
    pub finding: Finding,
}

impl State {
    /// Keeps the evidence, durable when this returns. Of proven forks the first few are kept, each once; of the unproven the
    /// newest of each log, since whoever has a checkpoint of the log can send it with a wrong proof.
    pub fn keep(&self, origin: &KeyName, evidence: &Evidence) -> Result<(), StateError> {
        self.write(|transaction| {
            match evidence {
                Evidence::Proven(finding) => {
                    let proven = proven(transaction, origin)?;
                    if proven.len() < PROVEN_PER_LOG_MAX && !proven.iter().any(|line| is_same(line, finding)) {
                        insert(transaction, origin, true, finding)?;
                    }
                }
                Evidence::Unproven(finding) => {
                    let old = "DELETE FROM finding WHERE origin = ?1 AND NOT proven";
                    transaction.execute(old, [origin.as_str()])?;
                    insert(transaction, origin, false, finding)?;
                }
            }
            Ok(())
        })
    }

    /// All of it, oldest first.
    pub fn findings(&self) -> Result<Vec<KeptFinding>, StateError> {
        let rows: Vec<(String, bool, String)> = self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT origin, proven, line FROM finding ORDER BY number")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        })?;
        rows.into_iter()
            .map(|(origin, proven, line)| match Finding::parse(line.as_bytes()) {
                Ok(finding) => Ok(KeptFinding {
                    origin,
                    proven,
                    finding,
                }),
                Err(error) => Err(StateError::Damaged {
                    path: self.path.clone(),
                    problem: format!("a finding against {origin}: {error}"),
                }),
            })
            .collect()
    }
}

/// The lines of the forks of a log that were proven.
fn proven(transaction: &Transaction<'_>, origin: &KeyName) -> rusqlite::Result<Vec<String>> {
    let mut statement = transaction.prepare_cached("SELECT line FROM finding WHERE origin = ?1 AND proven")?;
    statement.query_map([origin.as_str()], |row| row.get(0))?.collect()
}

fn insert(transaction: &Transaction<'_>, origin: &KeyName, proven: bool, finding: &Finding) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached("INSERT INTO finding (origin, proven, line) VALUES (?1, ?2, ?3)")?;
    statement.execute((origin.as_str(), proven, finding.to_string()))?;
    Ok(())
}

/// Whether two findings are about the same heads, whenever these were seen.
fn is_same(line: &str, finding: &Finding) -> bool {
    Finding::parse(line.as_bytes()).is_ok_and(|kept| kept.heads == finding.heads)
}

/// One convicts. Each is a line of at most 5 MB, and only the log's own key can make them.
const PROVEN_PER_LOG_MAX: usize = 8;
