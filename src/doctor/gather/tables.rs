//! How far the tables are that are filled from the log, read beside their writer.

use std::path::Path;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};

use crate::config::Config;
use crate::data::DataDir;

pub(super) fn all(data: &DataDir, config: &Config) -> Vec<(&'static str, Result<u64, String>)> {
    let leaves = config.leaf_index.then(|| ("leaf index", data.state(), "leaf_index"));
    let events = [
        ("idempotency keys", data.keys(), "standing"),
        ("search", data.events(), "standing"),
    ];
    let tables = leaves.into_iter().chain(events);
    let there = tables.filter(|(_, path, _)| path.exists());
    there.map(|(name, path, table)| (name, size(&path, table))).collect()
}

fn size(path: &Path, table: &str) -> Result<u64, String> {
    let read = || -> rusqlite::Result<u64> {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        // Without a writer there is nothing beside the file, and nothing is to be made there.
        let rests = match Path::new(&wal).exists() {
            true => "",
            false => "&immutable=1",
        };
        let name = utf8_percent_encode(&path.to_string_lossy(), NON_ALPHANUMERIC).to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(format!("file:{name}?mode=ro{rests}"), flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.query_row(&format!("SELECT indexed_size FROM {table}"), [], |row| row.get(0))
    };
    read().map_err(|error| format!("{}: {error}", path.display()))
}

const PATIENCE: Duration = Duration::from_secs(2);
