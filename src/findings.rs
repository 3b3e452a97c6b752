//! Findings as files (docs/formats.md): a line of JSON each, in a folder, for ever. No file is ever overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use indelible_merkle::Hash;
use indelible_note::{Finding, PosixTime};

use crate::data::{folder_of, sync_directory};

/// A folder of findings.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Absolute.
    folder: PathBuf,
}

impl Findings {
    /// The folder, which is made if it does not exist, and the folders above it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: &Path) -> io::Result<Findings> {
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            sync_directory(folder_of(folder))?;
        }
        Ok(Findings {
            folder: folder.canonicalize()?,
        })
    }

    /// The folder `NAME.findings`, beside the file or folder NAME that the findings are about.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn beside(place: &Path) -> io::Result<Findings> {
        let mut folder = place.as_os_str().to_owned();
        folder.push(".findings");
        Findings::open(Path::new(&folder))
    }

    /// Where it is; absolute.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a finding into a file of its own, named by the time. Whole and durable when this returns.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&self, finding: &Finding, now: PosixTime) -> io::Result<PathBuf> {
        let line = format!("{finding}\n");
        let id = Hash::leaf(line.as_bytes()).to_string();
        let name = format!("{now}-{}-{}", finding.kind.as_str(), &id[..8]);
        for number in 0..SAME_NAME_MAX {
            let path = match number {
                0 => self.folder.join(format!("{name}.json")),
                _ => self.folder.join(format!("{name}-{number}.json")),
            };
            if create(&path, &line)? {
                return Ok(path);
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Keeps a finding, once for the heads that it shows: if such a file is there, it is told. Whole and durable when this returns.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn keep(&self, finding: &Finding) -> io::Result<PathBuf> {
        // By what was shown, and not by when.
        let evidence = Hash::leaf(finding.heads.concat().as_bytes()).to_string();
        let name = format!("{}-{}.json", finding.kind.as_str(), &evidence[..16]);
        let path = self.folder.join(name);
        create(&path, &format!("{finding}\n"))?;
        Ok(path)
    }
}

/// Makes a file with this content, if there is none of its name; tells whether it did. It has another name until it is whole.
fn create(path: &Path, line: &str) -> io::Result<bool> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file: File = options.write(true).create(true).truncate(true).mode(0o644).open(&new)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    // A link is made only if there is nothing of its name; a rename would replace what is there.
    let made = match fs::hard_link(&new, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        linked => linked.map(|()| true)?,
    };
    fs::remove_file(&new)?;
    sync_directory(folder_of(path))?;
    Ok(made)
}

/// The name has the second, the kind and a hash of the content: the same one is written twice only after a crash.
const SAME_NAME_MAX: u32 = 100;

#[cfg(test)]
mod tests {
    use indelible_note::{FindingKind, SigningKey};

    use super::*;

    fn finding(now: PosixTime) -> Finding {
        Finding {
            kind: FindingKind::Signature,
            key: SigningKey::from_seed("test.example/log".parse().unwrap(), [1; 32]).verifier(),
            heads: vec!["a note\n".to_owned()],
            hashes: Vec::new(),
            seen: vec![now, now],
        }
    }

    fn time(secs: u64) -> PosixTime {
        PosixTime::from_secs(secs).unwrap()
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let findings = Findings::open(&folder.path().join("a/b")).unwrap();
        let now = time(1_767_139_200);
        let first = findings.write(&finding(now), now).unwrap();
        fs::write(&first, "changed").unwrap();
        let second = findings.write(&finding(now), now).unwrap();
        assert_eq!(fs::read_to_string(&first).unwrap(), "changed");
        let written = fs::read(&second).unwrap();
        assert!(written.ends_with(b"}\n"));
        assert_eq!(Finding::parse(&written), Ok(finding(now)));
        assert_eq!(fs::read_dir(folder.path().join("a/b")).unwrap().count(), 2);
    }

    #[test]
    fn the_same_evidence_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let findings = Findings::beside(&folder.path().join("copy")).unwrap();
        let first = findings.keep(&finding(time(1))).unwrap();
        assert_eq!(findings.keep(&finding(time(2))).unwrap(), first);
        assert_eq!(Finding::parse(&fs::read(&first).unwrap()), Ok(finding(time(1))));
        assert_eq!(fs::read_dir(folder.path().join("copy.findings")).unwrap().count(), 1);
    }
}
