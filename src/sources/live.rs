//! The sources of a running service. They change while it runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indelible_sources::Source;
use tokio::sync::watch;

use super::folder::{SourcesError, SourcesFolder, Stamp};

/// A configured source, and what became of its deliveries since the start.
#[derive(Debug)]
pub struct Configured {
    /// The source.
    pub source: Source,
    /// What became of its deliveries.
    pub counts: Arc<Counts>,
}

/// What a delivery comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A new event.
    Stored,
    /// It was there.
    Repeated,
    /// Another body came under a key that was used: stored under a key of its own.
    Conflict,
    /// The configuration leaves it out.
    Ignored,
    /// It was not signed, or not rightly.
    NotAuthentic,
    /// It was signed, and spoke of somebody else.
    NotPermitted,
    /// It was refused for another reason of its own.
    Refused,
    /// It could not be stored: the sender was asked to come again.
    NotStored,
}

/// How many deliveries of a source came to what, since the start.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; 8]);

impl Counts {
    /// Counts one; how many there are now.
    pub fn add(&self, what: Counted) -> u64 {
        self.0[what as usize].fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many there are.
    pub fn count(&self, what: Counted) -> u64 {
        self.0[what as usize].load(Ordering::Relaxed)
    }
}

/// The sources that are configured now.
///
/// The folder is looked at when one is asked for, at most once a second. Files that cannot be used change nothing: what was configured
/// before goes on, and the operator's journal says why.
#[derive(Debug)]
pub struct Sources {
    folder: SourcesFolder,
    state: Mutex<State>,
    names: watch::Sender<Vec<String>>,
}

#[derive(Debug)]
struct State {
    looked_at: Instant,
    /// Of the files that were read last, whether or not they could be used.
    stamp: Stamp,
    by_name: BTreeMap<String, Arc<Configured>>,
}

impl Sources {
    /// Reads the folder.
    ///
    /// # Errors
    ///
    /// If a file in it cannot be used.
    pub fn open(folder: SourcesFolder) -> Result<Sources, SourcesError> {
        // Looked at before it is read: what changes meanwhile is read again.
        let stamp = folder.stamp()?;
        let by_name = read(&folder, &BTreeMap::new())?;
        let names = watch::channel(by_name.keys().cloned().collect()).0;
        let state = Mutex::new(State {
            looked_at: Instant::now(),
            stamp,
            by_name,
        });
        Ok(Sources { folder, state, names })
    }

    /// The names of those that are configured; changes whenever their files were read anew.
    pub fn names(&self) -> watch::Receiver<Vec<String>> {
        self.names.subscribe()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).by_name.len()
    }

    /// The names of those that are configured, with what became of their deliveries.
    pub fn counts(&self) -> Vec<(String, Arc<Counts>)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let named = state.by_name.iter();
        named
            .map(|(name, known)| (name.clone(), known.counts.clone()))
            .collect()
    }

    /// The source of that name. Costs a look into the folder once a second, some 20 µs.
    pub fn find(&self, name: &str) -> Option<Arc<Configured>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked_at.elapsed() >= LOOK_EVERY {
            state.looked_at = Instant::now();
            self.look(&mut state);
        }
        state.by_name.get(name).cloned()
    }

    fn look(&self, state: &mut State) {
        let changed = self.folder.stamp().and_then(|stamp| {
            if stamp == state.stamp {
                return Ok(None);
            }
            state.stamp = stamp;
            read(&self.folder, &state.by_name).map(Some)
        });
        match changed {
            Ok(None) => {}
            Ok(Some(by_name)) => {
                tracing::info!(sources = by_name.len(), "the sources were read anew");
                self.names.send_replace(by_name.keys().cloned().collect());
                state.by_name = by_name;
            }
            Err(error) => tracing::error!(%error, "the sources cannot be read anew; those from before go on"),
        }
    }
}

/// What the files say, counted on from what was counted before.
fn read(
    folder: &SourcesFolder,
    before: &BTreeMap<String, Arc<Configured>>,
) -> Result<BTreeMap<String, Arc<Configured>>, SourcesError> {
    let configured = folder.load()?.into_iter().map(|(_, file)| {
        let name = file.configuration.name.to_string();
        let counts = before.get(&name).map(|known| known.counts.clone()).unwrap_or_default();
        let source = file.source();
        (name, Arc::new(Configured { source, counts }))
    });
    Ok(configured.collect())
}

/// A change of a secret waits no longer than this.
const LOOK_EVERY: Duration = Duration::from_secs(1);
