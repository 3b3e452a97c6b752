//! The acts of a log, read back at the start: what is in force is what the record says.

use std::io;

use indelible_access::{Act, Registry};
use indelible_log::AttachedError;

use super::{ACT_TYPE, METHOD};
use crate::data::{DataDir, acts};
use crate::trail::{ACCESS_SOURCE, Found, OfSourceError, Trail};

/// Why it is not known who may do what.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file of a log's administration.
    #[error("cannot read {place}: {error}")]
    File {
        /// The file.
        place: String,
        /// Why not.
        error: io::Error,
    },
    /// The events of the log.
    #[error(transparent)]
    Trail(#[from] OfSourceError),
    /// The log.
    #[error(transparent)]
    Read(#[from] AttachedError),
    /// An act cannot be read, by which a token may be revoked.
    #[error("event {index} changes who may do what, and its bytes are gone or cannot be read")]
    Act {
        /// Its index.
        index: u64,
    },
}

/// What the acts in `admin.jsonl` and in the log come to, and those of the file that the log does not have yet. Blocks.
///
/// # Errors
///
/// See [`ReplayError`].
pub fn replay(data: &DataDir, trail: Option<&Trail>) -> Result<(Registry, Vec<Act>), ReplayError> {
    let mut registry = Registry::default();
    let mut in_log = Vec::new();
    if let Some(trail) = trail {
        trail.each_of_source(ACCESS_SOURCE, |index, found| {
            if let Some(act) = act(index, found)? {
                in_log.push(act.clone());
                registry.apply(act);
            }
            Ok::<_, ReplayError>(())
        })?;
    }
    let lines = acts(data).map_err(|error| ReplayError::File {
        place: data.admin().display().to_string(),
        error,
    })?;
    let mut only_here = Vec::new();
    for act in lines.iter().filter_map(|line| line.get("access")) {
        // A line that another version wrote says something else.
        let Ok(act) = serde_json::from_value::<Act>(act.clone()) else {
            continue;
        };
        if !in_log.contains(&act) {
            only_here.push(act.clone());
            registry.apply(act);
        }
    }
    Ok((registry, only_here))
}

/// The act of an event, if this service has made it: nobody else sets its `submitter`.
fn act(index: u64, found: &Found) -> Result<Option<Act>, ReplayError> {
    let (Some(event), Found::Event { raw, .. }) = (found.event(), found) else {
        return Ok(None);
    };
    let ours = event
        .submitter
        .as_ref()
        .is_some_and(|submitter| submitter.method == METHOD);
    let is_act = event.raw.as_ref().is_some_and(|raw| raw.content_type == ACT_TYPE);
    if !ours || !is_act {
        return Ok(None);
    }
    let bytes = raw.as_ref().ok_or(ReplayError::Act { index })?;
    serde_json::from_slice(bytes)
        .map(Some)
        .map_err(|_| ReplayError::Act { index })
}
