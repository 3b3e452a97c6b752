//! Makes the object store, or one volume of it, anew beside the old one, and puts it in its place when it is right.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_log::{Rebuilt, StartError, rebuild_with};
use indelible_store::objects::{ObjectsError, SledObjects};

use super::{AtRest, DataDir};

/// What was put in place.
#[derive(Debug)]
pub struct Replaced {
    /// What was made.
    pub rebuilt: Rebuilt,
    /// Where it lies now.
    pub place: PathBuf,
    /// Where what had lain there is now, if there was anything.
    pub aside: Option<PathBuf>,
}

/// Why nothing was made anew. What was there is where it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such volume to be made anew.
    #[error(
        "there is no volume {volume}: the object store ends with volume {last}, and what comes behind is made by `serve`"
    )]
    NoVolume {
        /// The number that was given.
        volume: u64,
        /// The newest volume there is.
        last: u64,
    },
    /// The journal does not hold.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The new store could not be made.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// A directory could not be moved or read.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Makes the store anew from the journal: all of it, or one volume. What was erased is overwritten in the journal first. The old one is moved aside only when the new one is whole
/// and has the root that the log has signed last.
pub fn rebuild(
    data: &DataDir,
    log: &AtRest,
    volume: Option<u64>,
    tell: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Replaced, RebuildError> {
    let making = beside(&data.tree(), ".new");
    // What an interrupted rebuild left has nothing that the journal has not.
    match fs::remove_dir_all(&making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(&making)(error)),
        _ => {}
    }
    if let Some(volume) = volume {
        let last = last_volume(&data.tree())?;
        if volume > last {
            return Err(RebuildError::NoVolume { volume, last });
        }
    }
    let objects = Arc::new(SledObjects::create(&making, log.objects_options())?);
    let tombstones = log
        .tombstones()
        .map(|known| known as Arc<dyn indelible_log::Tombstones>);
    let rebuilt = rebuild_with(tombstones, &log.journal, objects.clone(), log.vkey(), volume, tell);
    // Closes it: sled's files are moved only when nobody has them open.
    drop(objects);
    let rebuilt = rebuilt.inspect_err(|_| drop(fs::remove_dir_all(&making)))?;

    let name = volume.map(|number| format!("{number:04}"));
    let (made, place) = match &name {
        None => (making.clone(), data.tree()),
        Some(name) => (making.join(name), data.tree().join(name)),
    };
    let aside = set_aside(&place)?;
    // A crash here leaves no store, or a hole in it: the next start says so, and the next rebuild makes it anew.
    fs::rename(&made, &place).map_err(|error| {
        // The old one is better than none.
        aside.iter().for_each(|aside| drop(fs::rename(aside, &place)));
        io(&made)(error)
    })?;
    sync(place.parent().unwrap_or(Path::new(".")))?;
    if name.is_some() {
        fs::remove_dir(&making).map_err(io(&making))?;
    }
    Ok(Replaced { rebuilt, place, aside })
}

/// The greatest number of a volume in the directory, broken or not.
fn last_volume(tree: &Path) -> Result<u64, RebuildError> {
    let mut last = 0;
    for entry in fs::read_dir(tree).map_err(io(tree))? {
        let name = entry.map_err(io(tree))?.file_name();
        last = last.max(name.to_str().and_then(|name| name.parse().ok()).unwrap_or(0));
    }
    Ok(last)
}

/// Gives what lies at `path` the first free of the names `….broken-1`, `….broken-2`, …
fn set_aside(path: &Path) -> Result<Option<PathBuf>, RebuildError> {
    if !path.exists() {
        return Ok(None);
    }
    let free = (1u64..)
        .map(|number| beside(path, &format!(".broken-{number}")))
        .find(|aside| !aside.exists());
    let aside = free.expect("a directory has fewer than 2^64 names");
    fs::rename(path, &aside).map_err(io(path))?;
    Ok(Some(aside))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn sync(directory: &Path) -> Result<(), RebuildError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(io(directory))
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> RebuildError {
    move |error| RebuildError::Io {
        path: path.to_owned(),
        error,
    }
}
