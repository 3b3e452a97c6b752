//! Keeps sled's panics inside: damage makes it panic in places where an error was due.

use std::any::Any;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::objects::ObjectsError;

#[cfg(not(panic = "unwind"))]
compile_error!("sled panics on a damaged volume: only with panic = \"unwind\" can the store say so and go on");

/// Runs work on the volume at `path`, and makes an error of everything that sled can throw.
///
/// Unwind safety is asserted, not proven: after a panic the caller uses the volume for reads at most, each under this
/// guard again, and every value is checked against its checksum.
pub(super) fn contain<T>(
    path: &Path,
    act: &'static str,
    work: impl FnOnce() -> ::sled::Result<T>,
) -> Result<T, ObjectsError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(::sled::Error::Io(source))) if !DAMAGE.contains(&source.kind()) => Err(ObjectsError::Io {
            act,
            path: path.to_owned(),
            source,
        }),
        Ok(Err(error)) => Err(broken(path, error.to_string())),
        Err(panic) => Err(broken(path, format!("sled panicked: {}", words(panic.as_ref())))),
    }
}

pub(super) fn broken(path: &Path, reason: impl Into<String>) -> ObjectsError {
    ObjectsError::VolumeBroken {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
}

/// I/O errors that speak of what is in the file, not of the disk.
const DAMAGE: [ErrorKind; 3] = [
    ErrorKind::UnexpectedEof,
    ErrorKind::InvalidData,
    ErrorKind::InvalidInput,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_and_errors_become_a_broken_volume() {
        let reason = |work: fn() -> ::sled::Result<()>| match contain(Path::new("v"), "open", work) {
            Err(ObjectsError::VolumeBroken { reason, .. }) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(|| panic!("at {}", 7)), "sled panicked: at 7");
        assert_eq!(reason(|| panic!("plain")), "sled panicked: plain");
        assert!(reason(|| Err(::sled::Error::Unsupported("odd".to_owned()))).contains("odd"));
        assert!(reason(|| Err(::sled::Error::Io(ErrorKind::UnexpectedEof.into()))).contains("IO error"));
    }

    #[test]
    fn a_full_disk_is_not_damage() {
        let full = contain::<()>(Path::new("v"), "open", || {
            Err(::sled::Error::Io(ErrorKind::StorageFull.into()))
        });
        assert!(matches!(full, Err(ObjectsError::Io { act: "open", .. })), "{full:?}");
    }
}
