//! Streams that are being read by somebody whose reading is on the record. Their event is written when they end, since it has their
//! count; so that a kill of the service loses none of them, each has a small file as long as it is open, which is durable before the
//! first byte is given out. What a start finds there was open when the service ended, and gets its event then.
//!
//! The key of the event is in the file: one that was written already is not written twice.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use indelible_event::member::{Change, Claims, Outcome, OutcomeResult};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::data::{folder_of, sync_directory};

/// One that is open.
#[derive(Debug)]
pub(in crate::access) struct OpenRead {
    pub(super) key: String,
    path: PathBuf,
    file: File,
    /// Where in the file its count stands.
    count_at: u64,
}

/// One that was open when the service ended.
#[derive(Debug)]
pub(super) struct LeftOpen {
    pub(super) key: String,
    pub(super) claims: Claims,
    path: PathBuf,
}

/// The first line of the file. Behind it stands the count: 20 digits, overwritten in place.
#[derive(Deserialize, Serialize)]
struct Opened {
    key: String,
    began: Timestamp,
    claims: Claims,
}

impl OpenRead {
    /// One more, with what is to be said of it. Durable when it returns. Blocks.
    pub(super) fn open(folder: &Path, claims: Claims) -> io::Result<OpenRead> {
        let mut dice = [0; 8];
        getrandom::fill(&mut dice).map_err(io::Error::other)?;
        let name = HEXLOWER.encode(&dice);
        if !folder.exists() {
            fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
            sync_directory(folder_of(folder))?;
        }
        let path = folder.join(format!("{name}.json"));
        let key = format!("read/{name}");
        let opened = Opened {
            key: key.clone(),
            began: Timestamp::now(),
            claims,
        };
        let mut text = serde_json::to_string(&opened)?;
        text.push('\n');
        let count_at = text.len() as u64;
        text.push_str(&digits(0));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all_at(text.as_bytes(), 0)?;
        file.sync_all()?;
        sync_directory(folder)?;
        Ok(OpenRead {
            key,
            path,
            file,
            count_at,
        })
    }

    /// So many were given out by now. What a killed process has written is there afterwards; a machine that loses its power may have
    /// an older count.
    pub(in crate::access) fn count(&self, count: u64) -> io::Result<()> {
        self.file.write_all_at(digits(count).as_bytes(), self.count_at)
    }

    /// Its event is durable. Blocks.
    pub(super) fn close(self) -> io::Result<()> {
        remove(&self.path)
    }
}

impl LeftOpen {
    /// All that are in the folder. Those that were not finished were never begun to be read. Blocks.
    pub(super) fn all(folder: &Path) -> io::Result<Vec<LeftOpen>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut left = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let text = fs::read_to_string(&path)?;
            match LeftOpen::parse(&text, &path) {
                Some(one) => left.push(one),
                None => {
                    tracing::warn!(path = %path.display(), "removed what is no finished note of an open stream");
                    remove(&path)?;
                }
            }
        }
        Ok(left)
    }

    fn parse(text: &str, path: &Path) -> Option<LeftOpen> {
        let (opened, count) = text.split_once('\n')?;
        let Opened { key, began, mut claims } = serde_json::from_str(opened).ok()?;
        let count: u64 = count.trim_end().parse().ok()?;
        claims.changes = Some(vec![Change {
            field: "count".to_owned(),
            before: None,
            after: Some(count.into()),
        }]);
        claims.outcome = Some(Outcome {
            result: OutcomeResult::Unknown,
            detail: Some(format!(
                "the service ended while this was read, since {began}: so many had been given out, as far as is known"
            )),
        });
        Some(LeftOpen {
            key,
            claims,
            path: path.to_owned(),
        })
    }

    /// Its event is durable. Blocks.
    pub(super) fn close(self) -> io::Result<()> {
        remove(&self.path)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_directory(folder_of(path))
}

/// Of one length, so that a count is overwritten whole.
fn digits(count: u64) -> String {
    format!("{count:020}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_open_is_found_with_its_last_count_and_what_was_closed_is_not() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("reads");
        assert!(LeftOpen::all(&folder).unwrap().is_empty());
        let [one, other] = [(), ()].map(|()| OpenRead::open(&folder, Claims::default()).unwrap());
        assert_ne!(one.key, other.key);
        one.count(7).unwrap();
        one.count(1_234_567).unwrap();
        other.close().unwrap();
        let key = one.key.clone();
        drop(one);
        fs::write(folder.join("torn.json"), "{\"key\":\"read/").unwrap();
        let left = LeftOpen::all(&folder).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].key, key);
        assert_eq!(
            left[0].claims.changes.as_ref().unwrap()[0].after,
            Some(1_234_567.into())
        );
        assert!(!folder.join("torn.json").exists());
        left.into_iter().for_each(|one| one.close().unwrap());
        assert!(LeftOpen::all(&folder).unwrap().is_empty());
    }
}
