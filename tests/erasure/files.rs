//! Every byte of every file.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::bed::Bed;

pub(crate) const NONE: Vec<PathBuf> = Vec::new();

impl Bed {
    /// In which files of the data directory a text stands, as it is, escaped, or in base64 in any of the three alignments.
    pub(crate) fn files_with(&self, text: &str) -> Vec<PathBuf> {
        self.files_in("log", text)
    }

    pub(crate) fn files_in(&self, folder: &str, text: &str) -> Vec<PathBuf> {
        let forms = forms(text);
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                // While the log runs, files go.
                let Ok(bytes) = std::fs::read(&path) else { continue };
                if forms.iter().any(|form| memchr::memmem::find(&bytes, form).is_some()) {
                    found.push(path);
                }
            }
        }
        found
    }
}

/// The text, its escapes, and its base64 without those letters that depend on what stands around it.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = ["@", "\\u0040", "%40"]
        .iter()
        .map(|at| text.replace('@', at).into_bytes())
        .collect();
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for before in 0..3_usize {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(text.as_bytes());
            let whole = bytes.len() / 3 * 3;
            let encoded = engine.encode(&bytes[..whole]);
            let skipped = if before == 0 { 0 } else { 4 };
            forms.push(encoded.as_bytes()[skipped..].to_vec());
        }
    }
    forms
}
