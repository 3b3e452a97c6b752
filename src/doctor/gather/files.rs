//! Keys, secrets and what is remembered.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use indelible_note::KeyChain;

use super::super::facts::{Key, KeyState, Memory};
use crate::config::Config;
use crate::data::{DataDir, checkpoint_file, key_path, read_if_there, read_key};

pub(super) fn key(data: &DataDir, config: &Config, keys: Option<&KeyChain>) -> Key {
    let path = key_path(data, config);
    let state = match (read_key(&path), keys) {
        (Err(error), _) => Err(error.to_string()),
        (Ok(_), None) => Err("it cannot be compared with the log, whose journal cannot be read".to_owned()),
        (Ok(key), Some(keys)) => Ok(match key.verifier() {
            key if key == *keys.current() => KeyState::InForce,
            key if keys.terms().iter().any(|term| *term.key() == key) => KeyState::Retired,
            _ => KeyState::Foreign,
        }),
    };
    Key { path, state }
}

/// Files that only their owner should read, besides the private key.
pub(super) fn private(data: &DataDir) -> Vec<(PathBuf, u32)> {
    let sources = fs::read_dir(data.sources()).into_iter().flatten().flatten();
    let paths = [data.dedupe_key()].into_iter().chain(sources.map(|entry| entry.path()));
    paths.filter_map(|path| Some((path.clone(), mode(&path)?))).collect()
}

pub(super) fn directory_mode(data: &DataDir) -> Result<u32, String> {
    let found = fs::metadata(data.path());
    let found = found.map_err(|error| format!("{}: {error}", data.path().display()))?;
    match found.is_dir() {
        true => Ok(found.mode() & 0o777),
        false => Err(format!("{} is no directory", data.path().display())),
    }
}

pub(super) fn memory(data: &DataDir, config: &Config, keys: Option<&KeyChain>) -> Memory {
    let path = checkpoint_file(data, config);
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let size = match (read_if_there(&path), keys) {
        (Err(error), _) => Err(said(&error)),
        (Ok(None), _) => Ok(None),
        (Ok(Some(_)), None) => Err(said(
            &"it cannot be compared with the log, whose journal cannot be read",
        )),
        (Ok(Some(note)), Some(keys)) => match keys.open_checkpoint(&note) {
            Ok(head) => Ok(Some(head.head().size)),
            Err(error) => Err(said(&format!("holds no head of this log: {error}"))),
        },
    };
    let others = config.memories.len() + usize::from(config.witness_policy.is_some());
    Memory { path, size, others }
}

pub(super) fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|found| found.mode() & 0o777)
}
