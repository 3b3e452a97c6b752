//! Files that commands read, bounded.

use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use indelible_merkle::ENTRY_MAX;

/// The content of a file; one with more than `bytes_max` is an error, and is not read further.
pub(super) fn read_at_most(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let bytes = up_to(&mut File::open(path).map_err(named)?, bytes_max + 1).map_err(named)?;
    match bytes.len() > bytes_max {
        true => Err(named(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than {bytes_max} bytes"),
        ))),
        false => Ok(bytes),
    }
}

/// The entry in a file, or on stdin for `-`: at most one byte more than an entry may have, so that the caller can refuse it.
pub(super) fn read_entry(path: &Path) -> io::Result<Vec<u8>> {
    match path == Path::new("-") {
        true => up_to(&mut io::stdin().lock(), ENTRY_MAX + 1),
        false => {
            let mut file = File::open(path)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            up_to(&mut file, ENTRY_MAX + 1)
        }
    }
}

/// Puts a file in its place: whoever reads it finds the old content or the new one, whole. Durable when it returns.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut new = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(named)?;
    new.write_all(content)
        .and_then(|()| new.as_file().sync_all())
        .map_err(named)?;
    new.persist(path).map_err(|error| named(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(named)
}

fn up_to(source: &mut impl Read, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(bytes_max as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
