//! Findings of this program's own: what a log has shown that contradicts itself, kept in a file for whoever wants to confirm it
//! (docs/formats.md).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use indelible_merkle::Hash;
use indelible_note::{Finding, FindingKind};

use crate::data::{folder_of, replace, sync_directory};

/// Keeps a finding in `NAME.findings/`, beside the file or folder NAME that it is about. The same evidence is kept once. Durable when
/// it returns.
pub(crate) fn keep(beside: &Path, finding: &Finding) -> io::Result<PathBuf> {
    let mut folder = beside.as_os_str().to_owned();
    folder.push(".findings");
    let folder = PathBuf::from(folder);
    if !folder.is_dir() {
        fs::create_dir(&folder)?;
        sync_directory(folder_of(&folder))?;
    }
    // Named by what was shown, and not by when.
    let evidence = Hash::leaf(finding.heads.concat().as_bytes()).to_string();
    let path = folder.join(format!("{}-{}.json", name(finding.kind), &evidence[..16]));
    if !path.exists() {
        replace(&path, format!("{finding}\n").as_bytes(), 0o644)?;
    }
    Ok(path)
}

fn name(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Fork => "fork",
        FindingKind::Rollback => "rollback",
        FindingKind::Rewritten => "rewritten",
        FindingKind::Frozen => "frozen",
        FindingKind::Signature => "signature",
    }
}
