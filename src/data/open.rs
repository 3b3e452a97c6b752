//! Opens a log that exists, step by step, and starts it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indelible_index::{IndexError, LeafIndex};
use indelible_log::{Committer, Description, Erasing, Kind, Log, Settings, StartError, keys};
use indelible_store::journal::{FileJournal, Journal, JournalError, Opened, Options as JournalOptions};
use indelible_store::objects::{ObjectsError, Options as ObjectsOptions, SledObjects};

use super::{DataDir, InForceError, Lock, LockError, key_in_force};
use crate::config::{Config, ConfigError};
use crate::metrics::{Commits, Timed};
use crate::trail::{CarriedOut, CarriedOutError, Tombstones, Trail, TrailError};

/// A log that runs, and what belongs to it.
#[derive(Debug)]
pub struct OpenLog {
    /// The engine.
    pub log: Log,
    /// The configuration that it runs with.
    pub config: Config,
    /// Leaf hash to index, if that is configured.
    pub leaves: Option<Arc<LeafIndex>>,
    /// The audit trail, if the log is one of events.
    pub trail: Option<Trail>,
    /// Its commits, counted.
    pub commits: Arc<Commits>,
    /// What opening the journal had to cut off.
    pub opened: Opened,
    /// Held until the log has ended.
    pub lock: Lock,
}

/// Why the log does not run.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no log.
    #[error("there is no log in {0}\n\nindelible init --origin ci.example.com/audit --data {0}")]
    Missing(PathBuf),
    /// Another process has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration file could not be read.
    #[error("{path}: {error}")]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The log's key.
    #[error(transparent)]
    Key(#[from] InForceError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The object store.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// What is stored does not hold.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The leaf index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// What makes an audit trail of the log.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// Which tombstones there are.
    #[error(transparent)]
    CarriedOut(#[from] CarriedOutError),
}

/// Reads the directory's configuration, over it the environment, over that `overrides`.
pub fn configure(
    data: &DataDir,
    environment: &BTreeMap<String, String>,
    overrides: &[(&'static str, String)],
) -> Result<Config, OpenError> {
    let path = data.config();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && data.journal().exists() => String::new(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Missing(data.path().to_owned()));
        }
        Err(error) => return Err(OpenError::ConfigFile { path, error }),
    };
    Ok(Config::parse(&text, &path, environment, overrides)?)
}

/// Locks the directory, recovers what it holds, and starts the log. Blocks for as long as the disk takes: a start reads one
/// journal segment's headers, a page of tiles, and what was not sealed.
pub fn open(data: &DataDir, config: Config) -> Result<OpenLog, OpenError> {
    if !data.journal().is_dir() {
        return Err(OpenError::Missing(data.path().to_owned()));
    }
    let lock = Lock::take(data)?;
    let mib = |mib: u32| u64::from(mib) << 20;
    let (journal, opened) = FileJournal::open(
        &data.journal(),
        JournalOptions {
            segment_bytes: mib(config.segment_mib),
        },
    )?;
    let description = Description::of(&journal.genesis().description).map_err(StartError::from)?;
    let key = key_in_force(data, &config, &keys(&journal).map_err(StartError::from)?)?;
    let options = ObjectsOptions {
        volume_entries: description.volume_entries,
        cache_bytes: mib(config.cache_mib),
        ..ObjectsOptions::default()
    };
    let objects = SledObjects::open(&data.tree(), options)?;
    let settings = Settings {
        commit_bytes_max: in_memory(u64::from(config.commit_kib) << 10),
        queue_bytes_max: in_memory(mib(config.queue_mib)),
        backlog_bytes_max: mib(config.backlog_mib),
        lone_appends: lone_appends(),
        ..Settings::default()
    };
    let tombstones = Arc::new(Tombstones::default());
    let name = description.vkey.to_string();
    let carried_out = CarriedOut::load(data, &name);
    let erasing = (description.kind == Kind::Events).then(|| Erasing {
        tombstones: tombstones.clone(),
        carried_out: carried_out.size(),
    });
    let commits = Arc::new(Commits::new());
    let log = Log::start_with(
        erasing.as_ref(),
        Arc::new(Timed::new(journal, commits.clone())),
        Arc::new(objects),
        key,
        &settings,
    )?;
    let trail = match description.kind {
        Kind::Events => {
            // An event is shown with the tombstone that erased it, also if that was carried out long ago.
            carried_out.tell(data, &log.reader(), &tombstones)?;
            let raw_kept = in_memory(u64::from(config.raw_kept_kib) << 10);
            Some(Trail::open(data, &log, &name, tombstones, raw_kept)?)
        }
        Kind::Opaque => None,
    };
    let leaves = match config.leaf_index {
        // The log is the one that its genesis names, whatever key signs for it now.
        true => Some(Arc::new(LeafIndex::open(&data.state(), &name)?)),
        false => None,
    };
    Ok(OpenLog {
        log,
        config,
        leaves,
        trail,
        commits,
        opened,
        lock,
    })
}

/// The file that remembers the log's newest head.
pub fn checkpoint_file(data: &DataDir, config: &Config) -> PathBuf {
    config.checkpoint_file.clone().unwrap_or_else(|| data.checkpoint())
}

/// The file of the log's private key.
pub fn key_path(data: &DataDir, config: &Config) -> PathBuf {
    config.log_key.as_deref().map_or_else(|| data.log_key(), Path::to_owned)
}

/// A lone append is quickest in its caller's thread, if the runtime, which has a thread a core, has another one to go on with.
fn lone_appends() -> Committer {
    match std::thread::available_parallelism() {
        Ok(cores) if cores.get() > 1 => Committer::Caller,
        _ => Committer::Thread,
    }
}

fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).expect("the configuration's limits fit the memory of any machine")
}
