//! Findings as files: a line of JSON each, in a folder, for ever.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use indelible_merkle::Hash;
use indelible_note::{Finding, PosixTime};

use super::state::kind_name;
use super::store::{StoreError, io_error, make};
use crate::data::sync_directory;

/// The folder of the findings.
#[derive(Clone, Debug)]
pub struct Findings {
    folder: PathBuf,
}

impl Findings {
    /// The folder, which is made if it does not exist.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: &Path) -> Result<Findings, StoreError> {
        make(folder).map_err(io_error(folder))?;
        let folder = folder.canonicalize().map_err(io_error(folder))?;
        Ok(Findings { folder })
    }

    /// Writes a finding into a file of its own and tells its path, which is absolute. Whole and durable when this returns; no
    /// file is ever overwritten.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&self, finding: &Finding, now: PosixTime) -> Result<PathBuf, StoreError> {
        let line = format!("{finding}\n");
        let id = Hash::leaf(line.as_bytes()).to_string();
        let name = format!("{now}-{}-{}", kind_name(finding.kind), &id[..8]);
        let new = self.folder.join(format!("{name}.new"));
        write_synced(&new, &line).map_err(io_error(&new))?;
        for number in 0..SAME_NAME_MAX {
            let path = match number {
                0 => self.folder.join(format!("{name}.json")),
                _ => self.folder.join(format!("{name}-{number}.json")),
            };
            // A link is made only if there is nothing of its name; a rename would replace what is there.
            match fs::hard_link(&new, &path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                linked => linked.map_err(io_error(&path))?,
            }
            fs::remove_file(&new).map_err(io_error(&new))?;
            sync_directory(&self.folder).map_err(io_error(&self.folder))?;
            return Ok(path);
        }
        Err(io_error(&self.folder)(ErrorKind::AlreadyExists.into()))
    }
}

fn write_synced(path: &Path, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file: File = options.write(true).create(true).truncate(true).mode(0o644).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// The name has the second, the kind and a hash of the content: the same one is written twice only after a crash.
const SAME_NAME_MAX: u32 = 100;

#[cfg(test)]
mod tests {
    use indelible_note::{FindingKind, SigningKey};

    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let findings = Findings::open(&folder.path().join("a/b")).unwrap();
        let now = PosixTime::from_secs(1_767_139_200).unwrap();
        let finding = Finding {
            kind: FindingKind::Signature,
            key: SigningKey::from_seed("test.example/log".parse().unwrap(), [1; 32]).verifier(),
            heads: vec!["a note\n".to_owned()],
            hashes: Vec::new(),
            seen: vec![now, now],
        };
        let first = findings.write(&finding, now).unwrap();
        fs::write(&first, "changed").unwrap();
        let second = findings.write(&finding, now).unwrap();
        assert_eq!(fs::read_to_string(&first).unwrap(), "changed");
        let written = fs::read(&second).unwrap();
        assert!(written.ends_with(b"}\n"));
        assert_eq!(Finding::parse(&written), Ok(finding));
        assert_eq!(fs::read_dir(folder.path().join("a/b")).unwrap().count(), 2);
    }
}
