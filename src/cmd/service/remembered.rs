//! The newest head that was verified, remembered from one command to the next: a log that takes it back, or has another past than
//! it had, is noticed.

use indelible_client::{Client, FileHeads};
use indelible_event::EvidenceTrust;
use indelible_note::{KeyChain, SignedCheckpoint};

use crate::cmd::Failure;
use crate::cmd::reach::ReachArgs;
use crate::cmd::remote::HeadsArg;

/// What is remembered of one log.
#[derive(Debug)]
pub(in crate::cmd) struct Remembered {
    /// `None` where nothing can be remembered.
    client: Option<Client>,
    /// The head that was held against it last: most entries of one answer stand under one head.
    last: Option<SignedCheckpoint>,
}

impl Remembered {
    /// Loads what is remembered of the log that is trusted. Asks nothing yet.
    pub(super) async fn load(
        reach: &ReachArgs,
        heads: &HeadsArg,
        trust: &EvidenceTrust,
    ) -> Result<Remembered, Failure> {
        let options = reach.options()?;
        let client = match keys(trust) {
            Some(keys) => match heads.file(keys.genesis()) {
                Some(path) => Some(Client::on_demand(reach.url(), keys, FileHeads::new(path)?, options).await?),
                None => None,
            },
            None => {
                eprintln!(
                    "indelible: the policy does not say which one log is meant; heads are not held against those from before"
                );
                None
            }
        };
        Ok(Remembered { client, last: None })
    }

    /// Makes sure that a head, which the caller has verified, belongs to one history with what is remembered, and remembers the
    /// newer of the two.
    pub(in crate::cmd) async fn check(&mut self, head: &SignedCheckpoint) -> Result<(), Failure> {
        let Some(client) = &self.client else { return Ok(()) };
        if self.last.as_ref() != Some(head) {
            client.accept(head).await?;
            self.last = Some(head.clone());
        }
        Ok(())
    }
}

/// The keys of the log, if there is one log with one key, or with keys that follow each other.
fn keys(trust: &EvidenceTrust) -> Option<KeyChain> {
    match trust {
        EvidenceTrust::Keys(keys) => Some(keys.clone()),
        EvidenceTrust::Policy(policy) => match policy.logs() {
            [log] => Some(KeyChain::of(log.key().clone())),
            _ => None,
        },
    }
}
