//! A running log, as the commands reach it.

use std::fs;
use std::path::{Path, PathBuf};

use indelible_client::{Client, FileHeads, MemoryHeads};
use indelible_note::{KeyName, VerifierKey};

use super::Failure;
use super::reach::ReachArgs;
use super::vkey::VkeyArg;

/// Where the log is, and what is believed of it.
#[derive(Debug, clap::Args)]
pub(super) struct RemoteArgs {
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    vkey: VkeyArg,
    #[command(flatten)]
    heads: HeadsArg,
}

/// Where the newest verified head is remembered from one command to the next.
#[derive(Debug, clap::Args)]
pub(super) struct HeadsArg {
    /// Remember the newest verified head in FILE, so that a log which takes it back is noticed the next time. Default: a file a
    /// log in the user's state directory (~/.local/state/indelible).
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
}

impl RemoteArgs {
    /// Connects. Every answer is checked against the key and against the head that is remembered.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        let keys = self.vkey.read_keys()?;
        let options = self.reach.options()?;
        let url = self.reach.url();
        let client = match self.heads.file(keys.genesis()) {
            Some(path) => Client::connect_with_keys(url, keys, FileHeads::new(path)?, options).await?,
            None => Client::connect_with_keys(url, keys, MemoryHeads::new(), options).await?,
        };
        Ok(client)
    }

    /// What is believed.
    pub(super) fn vkey(&self) -> &VkeyArg {
        &self.vkey
    }
}

impl HeadsArg {
    /// The file named, or the default one; `None`, with a word about it, where no default can be made.
    pub(super) fn file(&self, key: &VerifierKey) -> Option<PathBuf> {
        if let Some(path) = &self.heads {
            return Some(path.clone());
        }
        let folder = state_folder()?;
        match fs::create_dir_all(&folder) {
            Ok(()) => Some(folder.join(file_name(key))),
            Err(error) => {
                let shown = folder.display();
                eprintln!(
                    "indelible: cannot remember heads in {shown} ({error}); a rollback between two calls would go unseen"
                );
                None
            }
        }
    }
}

/// One file a key: its id behind the log's name.
fn file_name(key: &VerifierKey) -> String {
    format!("{}+{}.checkpoint", safe_name(key.name()), key.id())
}

/// The name of a log in letters that every file system takes.
pub(super) fn safe_name(name: &KeyName) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || ".-".contains(c) {
            c
        } else {
            '_'
        }
    };
    name.as_str().chars().map(safe).take(100).collect()
}

/// The user's.
pub(super) fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state =
        absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(Path::new(".local/state"))));
    state.map(|state| state.join("indelible"))
}
