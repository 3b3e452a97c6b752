//! The tables, and whether a file has them.

use std::path::Path;

use indelible_note::CosignerKey;
use rusqlite::{Connection, TransactionBehavior};

use super::StateError;

/// Writes the format down together with the tables, so that a crash leaves an empty file or a whole state.
pub(super) fn create(connection: &mut Connection, cosigner: &CosignerKey) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    for table in TABLES {
        transaction.execute(table, [])?;
    }
    transaction.execute("INSERT INTO witness (one, vkey) VALUES (1, ?1)", [cosigner.to_string()])?;
    transaction.commit()
}

/// Refuses a file that is not the whole state of this witness. Reads every page of it.
pub(super) fn check(connection: &Connection, path: &Path, cosigner: &CosignerKey) -> Result<(), StateError> {
    let sqlite = |error| StateError::sqlite("read", path, error);
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let application_id = number("application_id").map_err(sqlite)?;
    if application_id != APPLICATION_ID {
        let found = format!("its application id is {application_id:#010x}, not {APPLICATION_ID:#010x}");
        let path = path.to_owned();
        return Err(StateError::NotAState { path, found });
    }
    let found = number("user_version").map_err(sqlite)?;
    if found != FORMAT {
        let (path, ours) = (path.to_owned(), FORMAT);
        return Err(StateError::OtherFormat { path, found, ours });
    }
    let damaged = |problem| StateError::Damaged {
        path: path.to_owned(),
        problem,
    };
    let report: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(sqlite)?;
    if report != "ok" {
        return Err(damaged(report));
    }
    if tables(connection).map_err(sqlite)? != TABLES {
        return Err(damaged("its tables are not those of this format".to_owned()));
    }
    let vkeys = vkeys(connection).map_err(sqlite)?;
    match vkeys.as_slice() {
        [found] if *found == cosigner.to_string() => Ok(()),
        [found] => Err(StateError::OtherKey {
            path: path.to_owned(),
            found: found.clone(),
            ours: cosigner.to_string(),
        }),
        _ => Err(damaged("it does not say whose it is".to_owned())),
    }
}

/// What made each table, in the order in which they were made.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn vkeys(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT vkey FROM witness")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// "Indw".
const APPLICATION_ID: u32 = 0x496e_6477;

const FORMAT: u32 = 1;

/// `log.path` is where the note is published, `finding.line` a finding as `verify` reads it.
const TABLES: [&str; 4] = [
    "CREATE TABLE witness (
         one INTEGER PRIMARY KEY CHECK (one = 1),
         vkey TEXT NOT NULL,
         latest_time INTEGER
     ) STRICT",
    "CREATE TABLE log (
         origin TEXT PRIMARY KEY,
         path TEXT NOT NULL UNIQUE,
         size INTEGER,
         root BLOB,
         note TEXT,
         CHECK ((size IS NULL) = (note IS NULL) AND (root IS NULL) = (note IS NULL))
     ) STRICT",
    "CREATE TABLE log_key (
         vkey TEXT PRIMARY KEY,
         origin TEXT NOT NULL REFERENCES log
     ) STRICT",
    "CREATE TABLE finding (
         number INTEGER PRIMARY KEY,
         origin TEXT NOT NULL REFERENCES log,
         proven INTEGER NOT NULL,
         line TEXT NOT NULL
     ) STRICT",
];
