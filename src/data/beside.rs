//! Folders of files that never change.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::files::{folder_of, replace, sync_directory};

/// Copies the files of a folder that the other one does not have, for their owner alone. A folder that is not there is one of none.
/// Durable when it returns. What began and did not end has a name that ends in `.new`, and is left out.
pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let files = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        files => files?,
    };
    DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    sync_directory(folder_of(to))?;
    for file in files {
        let file = file?;
        let target = to.join(file.file_name());
        let begun = file.path().extension().is_some_and(|extension| extension == "new");
        if begun || !file.file_type()?.is_file() || target.try_exists()? {
            continue;
        }
        replace(&target, &fs::read(file.path())?, 0o600)?;
    }
    Ok(())
}
