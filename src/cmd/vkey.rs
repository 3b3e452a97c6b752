//! The one thing that a client trusts.

use std::path::Path;

use indelible_note::{KeyChain, VerifierKey};

use super::files::read_at_most;

/// The log's public key, as an argument.
#[derive(Debug, clap::Args)]
pub(super) struct VkeyArg {
    /// The log's public key: its text, or a file that holds it, or one that `key show --output` has written. Get it from somewhere
    /// else than from the server.
    #[arg(
        long,
        value_name = "VKEY|FILE",
        default_value = "./indelible-data/log.vkey",
        env = "INDELIBLE_VKEY"
    )]
    vkey: String,
}

impl VkeyArg {
    /// The key; of a file with the keys of a log that changed its key, all of them.
    pub(super) fn read_keys(&self) -> Result<KeyChain, String> {
        read_keys(&self.vkey)
    }
}

/// The key that a text is, or that is in a file of this name; or the keys of a log that changed its key, if the file has those.
pub(super) fn read_keys(vkey: &str) -> Result<KeyChain, String> {
    let path = Path::new(vkey);
    if vkey.parse::<VerifierKey>().is_ok() || !path.exists() {
        return read_vkey(vkey).map(KeyChain::of);
    }
    let bytes = read_at_most(path, KEYS_BYTES_MAX).map_err(|error| error.to_string())?;
    match bytes.windows(2).any(|pair| pair == b"\n\n") {
        true => KeyChain::parse_unrooted(&bytes)
            .map_err(|error| format!("--vkey: {} holds no keys of a log: {error}", path.display())),
        false => read_vkey(vkey).map(KeyChain::of),
    }
}

/// Takes a text for a key if it is one, else for the name of a file with one.
pub(super) fn read_vkey(vkey: &str) -> Result<VerifierKey, String> {
    let path = Path::new(vkey);
    match vkey.parse::<VerifierKey>() {
        Ok(key) => Ok(key),
        Err(error) if !path.exists() => Err(format!("--vkey: {vkey:?} is neither a public key ({error}) nor a file")),
        Err(_) => {
            let bytes = read_at_most(path, VKEY_BYTES_MAX).map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&bytes);
            text.trim_end()
                .parse()
                .map_err(|error| format!("--vkey: {} holds no public key: {error}", path.display()))
        }
    }
}

/// A name and some hundred bytes.
const VKEY_BYTES_MAX: usize = 4_096;
/// As many as the keys of a log have at most.
const KEYS_BYTES_MAX: usize = 1_000_000;
