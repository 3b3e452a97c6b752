//! Which log that is published as tiles is meant, and whose word is taken for it.

use std::path::PathBuf;

use indelible_client::TrustedLog;
use indelible_note::Policy;

use super::Failure;
use super::files::read_at_most;
use super::vkey::read_keys;

/// A log by its key, by a policy, or by both.
#[derive(Debug, clap::Args)]
pub(super) struct TrustArgs {
    /// The log's public key: its text, or a file that holds it, or one that `key show --output` has written. Get it from somewhere
    /// else than from the log.
    #[arg(
        long,
        value_name = "VKEY|FILE",
        env = "INDELIBLE_VKEY",
        required_unless_present = "policy"
    )]
    vkey: Option<String>,
    /// A policy (C2SP tlog-policy) with the log's keys, their last sizes, and the witnesses that must vouch for it. If it names no
    /// log, or several, --vkey says which.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl TrustArgs {
    /// The log.
    pub(super) fn read(&self) -> Result<TrustedLog, Failure> {
        let keys = self.vkey.as_deref().map(read_keys).transpose()?;
        match (&self.policy, keys) {
            (None, Some(keys)) => Ok(TrustedLog::by_keys(keys)),
            (None, None) => Err("name the log's key by --vkey, or a policy by --policy".into()),
            (Some(path), keys) => {
                let at = |error: &dyn std::error::Error| format!("{}: {error}", path.display());
                let policy = Policy::parse(&read_at_most(path, POLICY_BYTES_MAX)?).map_err(|error| at(&error))?;
                Ok(TrustedLog::by_policy(policy, keys).map_err(|error| at(&error))?)
            }
        }
    }
}

/// As much as a policy may have, and one more, so that it is the parser that refuses it.
const POLICY_BYTES_MAX: usize = 1_000_001;
