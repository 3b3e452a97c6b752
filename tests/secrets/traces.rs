//! Looking for secrets, or parts of them: as they are, and in base64 in any alignment and either alphabet.

use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::planted::Planted;

pub(crate) struct Traces {
    forms: AhoCorasick,
    /// Of what each form is.
    kinds: Vec<&'static str>,
}

impl Traces {
    pub(crate) fn of(secrets: &[Planted]) -> Traces {
        let parts = secrets.iter().flat_map(|one| {
            let parts = parts(&one.secret);
            parts.into_iter().map(|part| (one.kind, part))
        });
        Traces::of_parts(parts)
    }

    pub(crate) fn of_text(text: &str) -> Traces {
        Traces::of_parts([("text", text.to_owned())])
    }

    fn of_parts(parts: impl IntoIterator<Item = (&'static str, String)>) -> Traces {
        let forms = parts
            .into_iter()
            .flat_map(|(kind, part)| forms(part.as_bytes()).into_iter().map(move |form| (kind, form)));
        let (kinds, forms): (Vec<_>, Vec<_>) = forms.unzip();
        let forms = AhoCorasick::new(forms).unwrap();
        Traces { forms, kinds }
    }

    /// The kinds that are found in bytes.
    pub(crate) fn in_bytes(&self, bytes: &[u8]) -> Vec<&'static str> {
        let mut found: Vec<&str> = self
            .forms
            .find_overlapping_iter(bytes)
            .map(|hit| self.kinds[hit.pattern().as_usize()])
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The files that have any, with the kinds.
    pub(crate) fn in_folder(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.extend(
                        self.in_bytes(&fs::read(&path).unwrap())
                            .into_iter()
                            .map(|kind| format!("{}: {kind}", path.display())),
                    ),
                }
            }
        }
        found
    }
}

/// Twelve letters of a secret are too many to be left of it, wherever in it they stand.
fn parts(secret: &str) -> Vec<String> {
    let last = secret.len().saturating_sub(PART);
    let mut starts: Vec<usize> = (0..last).step_by(PART / 2).collect();
    starts.push(last);
    starts
        .iter()
        .map(|start| secret[*start..secret.len().min(start + PART)].to_owned())
        .collect()
}

/// The bytes; and of their base64 those letters that do not depend on what stands around it.
fn forms(part: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![part.to_vec()];
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(part);
            let encoded = engine.encode(&bytes);
            forms.push(encoded.as_bytes()[(before * 8).div_ceil(6)..bytes.len() * 8 / 6].to_vec());
        }
    }
    forms
}

const PART: usize = 12;
