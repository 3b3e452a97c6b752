//! The witnesses as they are configured.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indelible_client::{HttpError, HttpOptions, http_client};
use indelible_note::{MalformedPolicy, Policy, VerifierKey};

use super::ask::Door;
use super::rounds::Pace;
use crate::config::Config;

/// The log's witnesses.
#[derive(Debug)]
pub struct Witnesses {
    pub(super) policy: Policy,
    /// In the order of the policy.
    pub(super) doors: Vec<Door>,
    pub(super) pace: Pace,
    /// How long an append waits for them, if it does.
    pub(super) wait: Duration,
    /// Whether each must be asked before the log is served.
    pub(super) required: bool,
}

/// Why the log does not run with these witnesses.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The policy file cannot be read.
    #[error("the policy of the witnesses, {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is no policy.
    #[error("the policy of the witnesses, {path}: {error}")]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: Box<MalformedPolicy>,
    },
    /// It names nobody whom the log could ask.
    #[error("the policy of the witnesses, {path}, names no witness")]
    Nobody {
        /// The file.
        path: PathBuf,
    },
    /// It names a witness, but not where it is.
    #[error(
        "the policy of the witnesses, {path}: the witness {witness} has no URL to submit to, http:// or https:// and a host, behind \
         its key"
    )]
    NoUrl {
        /// The file.
        path: PathBuf,
        /// What the policy calls the witness.
        witness: String,
    },
    /// It is about other logs.
    #[error(
        "the policy of the witnesses, {path}, names logs, but not this one: {key}\n\n\
         indelible key show --data DIR --policy   (prints the lines for it, also after its key was changed)"
    )]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// The key of this log.
        key: Box<VerifierKey>,
    },
    /// Requests cannot be made.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A witness knows a larger tree.
    #[error(
        "the witness {witness} has cosigned a tree of {known} entries, but the log in the directory has {found}: it is an older copy, \
         or another log signs with its key\n\n{STRIKE_OUT}"
    )]
    Ahead {
        /// What the policy calls the witness.
        witness: String,
        /// The size of the tree that it cosigned last.
        known: u64,
        /// The size of the log.
        found: u64,
    },
    /// A witness knows another tree.
    #[error(
        "the witness {witness} has cosigned another history of this log than the directory has: of {found} entries, it answers \
         {answer}\n\n{STRIKE_OUT}"
    )]
    OtherHistory {
        /// What the policy calls the witness.
        witness: String,
        /// The size of the log.
        found: u64,
        /// The status and the words of its answer.
        answer: String,
    },
    /// A witness could not be asked, and must be.
    #[error(
        "the witness {witness} could not be asked which head it knows, and `witness_required_at_start` is set: {reason}"
    )]
    Unasked {
        /// What the policy calls the witness.
        witness: String,
        /// What happened.
        reason: String,
    },
}

impl WitnessError {
    /// Whether witness and log contradict each other, as against could not be compared.
    pub fn is_refuted(&self) -> bool {
        match self {
            WitnessError::Ahead { .. } | WitnessError::OtherHistory { .. } => true,
            WitnessError::File { .. }
            | WitnessError::Policy { .. }
            | WitnessError::Nobody { .. }
            | WitnessError::NoUrl { .. }
            | WitnessError::OtherLog { .. }
            | WitnessError::Http(_)
            | WitnessError::Unasked { .. } => false,
        }
    }
}

impl Witnesses {
    /// Reads the policy file, if one is configured, for the log with this key.
    pub fn load(config: &Config, key: &VerifierKey) -> Result<Option<Witnesses>, WitnessError> {
        let Some(path) = &config.witness_policy else {
            return Ok(None);
        };
        let policy = read(path)?;
        let path = || path.clone();
        if policy.witnesses().is_empty() {
            return Err(WitnessError::Nobody { path: path() });
        }
        if !policy.logs().is_empty() && policy.logs().iter().all(|log| log.key() != key) {
            let key = Box::new(key.clone());
            return Err(WitnessError::OtherLog { path: path(), key });
        }
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let timeout = seconds(config.witness_timeout_seconds);
        let http = http_client(&HttpOptions {
            connect_timeout: timeout,
            timeout,
            ..HttpOptions::default()
        })?;
        let doors = policy.witnesses().iter().map(|witness| {
            Door::new(http.clone(), witness).ok_or_else(|| WitnessError::NoUrl {
                path: path(),
                witness: witness.name().to_owned(),
            })
        });
        Ok(Some(Witnesses {
            doors: doors.collect::<Result<_, _>>()?,
            policy,
            pace: Pace {
                interval: Duration::from_millis(u64::from(config.witness_interval_ms)),
                timeout,
                refresh: seconds(config.witness_refresh_seconds),
                patience: seconds(config.witness_patience_seconds),
                without_quorum: config.without_quorum,
            },
            wait: seconds(config.witness_wait_seconds),
            required: config.witness_required_at_start,
        }))
    }
}

fn read(path: &Path) -> Result<Policy, WitnessError> {
    let bytes = std::fs::read(path).map_err(|error| WitnessError::File {
        path: path.to_owned(),
        error,
    })?;
    Policy::parse(&bytes).map_err(|error| WitnessError::Policy {
        path: path.to_owned(),
        error: Box::new(error),
    })
}

/// A witness keeps no consent, and never cosigns this history.
const STRIKE_OUT: &str = "find the newest copy of the log, and who else has its key. If there is none, this history has no future \
                          with that witness: docs/witnessing.md, \"A witness knows another history\"";
