//! `admin.jsonl`: what was done to a log that has no room for events of its own.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use serde_json::Value;

use super::DataDir;
use super::files::read_if_there;

/// All acts that were recorded. A line that is no JSON was not finished, and is passed over.
pub fn acts(data: &DataDir) -> io::Result<Vec<Value>> {
    let text = read_if_there(&data.admin())?.unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// Appends a line, and syncs it.
pub fn record(data: &DataDir, act: &Value) -> io::Result<()> {
    let path = data.admin();
    let new = !path.exists();
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
    file.write_all(format!("{act}\n").as_bytes())?;
    file.sync_data()?;
    if new {
        File::open(data.path())?.sync_all()?;
    }
    Ok(())
}
