//! Whose word is taken for events and their proofs.

use std::path::{Path, PathBuf};

use indelible_event::{EvidenceHeader, EvidenceTrust};

use crate::cmd::Failure;
use crate::cmd::verify::read_policy;
use crate::cmd::vkey::VkeyArg;

/// A log by its key, or by a policy.
#[derive(Debug, clap::Args)]
pub(in crate::cmd) struct EvidenceTrustArgs {
    #[command(flatten)]
    vkey: VkeyArg,
    /// Which logs are trusted and which witnesses must vouch: a tlog-policy file. If it names no log, the one with the key of --vkey
    /// is.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl EvidenceTrustArgs {
    /// What is believed.
    pub(in crate::cmd) fn read(&self) -> Result<EvidenceTrust, Failure> {
        read_trust(&self.vkey, self.policy.as_deref())
    }
}

/// What is believed: a policy, else a key.
pub(in crate::cmd) fn read_trust(vkey: &VkeyArg, policy: Option<&Path>) -> Result<EvidenceTrust, Failure> {
    Ok(match policy {
        Some(policy) => EvidenceTrust::Policy(read_policy(policy, vkey)?),
        None => EvidenceTrust::Keys(vkey.read_keys()?),
    })
}

/// The first line of evidence that was checked under this trust.
pub(in crate::cmd) fn header(trust: &EvidenceTrust) -> Result<EvidenceHeader, Failure> {
    let vkey = match trust {
        EvidenceTrust::Keys(keys) => keys.current().clone(),
        EvidenceTrust::Policy(policy) => match policy.logs().last() {
            Some(log) => log.key().clone(),
            None => return Err("the policy names no log".into()),
        },
    };
    // What the reader trusts he has from elsewhere: the policy under which it was checked here would be one more hint.
    Ok(EvidenceHeader { vkey, policy: None })
}
