//! Where an issuer's keys come from.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::oidc::keys::{BadPin, Pin};

/// Where an issuer's keys come from. Getting them is up to whoever runs this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// From the issuer: by its discovery document. All keys of its set are believed, or the pinned ones if there are any.
    Discovery {
        /// Empty: all.
        pinned: Vec<Pin>,
    },
    /// From a file with a key set, for networks from which the issuer cannot be reached.
    File {
        /// As it was written: a relative path is meant from the folder of the configuration.
        path: PathBuf,
        /// Empty: all.
        pinned: Vec<Pin>,
    },
}

impl KeySource {
    /// The keys that are believed; if there are none, all.
    pub fn pins(&self) -> &[Pin] {
        match self {
            KeySource::Discovery { pinned } | KeySource::File { pinned, .. } => pinned,
        }
    }

    /// The file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            KeySource::Discovery { .. } => None,
            KeySource::File { path, .. } => Some(path),
        }
    }

    pub(super) fn read(text: KeysText) -> Result<KeySource, BadKeys> {
        let (file, pinned) = match text {
            KeysText::Word(word) if word == "discovery" => (None, None),
            KeysText::Word(word) => return Err(BadKeys::Word(word)),
            KeysText::Table(KeysTable { file, pinned }) => (file, pinned),
        };
        if pinned.as_ref().is_some_and(Vec::is_empty) {
            return Err(BadKeys::NothingPinned);
        }
        let pinned = pinned.unwrap_or_default();
        let pinned = pinned.iter().map(|pin| pin.parse()).collect::<Result<Vec<_>, _>>()?;
        Ok(match file {
            None => KeySource::Discovery { pinned },
            Some(path) if path.as_os_str().is_empty() => return Err(BadKeys::NoFile),
            Some(path) => KeySource::File { path, pinned },
        })
    }
}

/// What is wrong with `keys`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadKeys {
    #[error("`keys`: {0:?} is not \"discovery\"")]
    Word(String),
    #[error("`keys`: `pinned` has no key, so that no token could be good")]
    NothingPinned,
    #[error("`keys`: `file` is empty")]
    NoFile,
    #[error("`keys`: {0}")]
    Pin(#[from] BadPin),
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "\"discovery\", { pinned = [\"sha256:…\"] }, { file = \"…\" }, or a file with pinned keys"
)]
pub(super) enum KeysText {
    Word(String),
    Table(KeysTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysTable {
    file: Option<PathBuf>,
    pinned: Option<Vec<String>>,
}

impl Default for KeysText {
    fn default() -> KeysText {
        KeysText::Word("discovery".to_owned())
    }
}
