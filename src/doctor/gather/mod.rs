//! Finds the facts out. Reads, and asks; writes nothing and locks nothing.

mod certificate;
mod disk;
mod files;
mod holder;
mod journal;
mod limits;
mod network;
mod tables;

use std::collections::BTreeMap;

use indelible_client::HttpOptions;
use indelible_note::KeyChain;
use jiff::Timestamp;

use super::facts::{Facts, Holder};
use crate::config::Config;
use crate::data::{DataDir, configure, journal_keys};
use crate::sources::SourcesFolder;
use crate::task::blocking;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The data directory.
    pub data: DataDir,
    /// The environment that the configuration is read with.
    pub environment: BTreeMap<String, String>,
    /// Where the service is; without, where the configuration says, if it runs.
    pub url: Option<String>,
    /// How it is reached: by whom it is vouched for, and the certificate to be shown.
    pub http: HttpOptions,
}

/// Finds out all of it. What can be asked over the network takes at most some seconds.
pub async fn gather(asked: Asked) -> Facts {
    let (local, asked) = blocking(move || (Local::look(&asked), asked)).await;
    let Local { mut facts, keys } = local;
    let fallback = Config::default();
    let config = facts.config.as_ref().unwrap_or(&fallback);
    let served = matches!(facts.holder, Holder::Process(_));
    let service = network::service(&asked, config, served);
    let witnesses = network::witnesses(&asked.data, config, keys.as_ref());
    let (service, witnesses) = tokio::join!(service, witnesses);
    (facts.service, facts.witnesses) = (service, witnesses);
    facts
}

/// What can be known without asking anybody else.
struct Local {
    facts: Facts,
    keys: Option<KeyChain>,
}

impl Local {
    fn look(asked: &Asked) -> Local {
        let data = &asked.data;
        let config = configure(data, &asked.environment, &[]).map_err(|error| error.to_string());
        let fallback = Config::default();
        let usable = config.as_ref().unwrap_or(&fallback);
        let keys = journal_keys(&data.journal()).map_err(|error| error.to_string());
        let holder = holder::of(data);
        let journal = match &keys {
            Ok(keys) => journal::end(data, keys, holder == Holder::Nobody),
            Err(error) => Err(error.clone()),
        };
        let facts = Facts {
            now: Timestamp::now().as_second(),
            key: files::key(data, usable, keys.as_ref().ok()),
            private_files: files::private(data),
            directory_mode: files::directory_mode(data),
            memory: files::memory(data, usable, keys.as_ref().ok()),
            disk: disk::of(data),
            followers: tables::all(data, usable),
            witnesses: None,
            certificate: usable.tls.as_ref().map(|tls| certificate::of(tls, &usable.hosts)),
            sources: (SourcesFolder::at(data.sources()).load())
                .map(|all| all.len())
                .map_err(|error| error.to_string()),
            limits: limits::of(&holder),
            service: None,
            journal,
            holder,
            config,
        };
        Local { facts, keys: keys.ok() }
    }
}
