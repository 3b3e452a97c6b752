//! Keys of a configuration that nobody reads: refused, and the one that was perhaps meant is named.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is left over of a table when everything that is known was taken out of it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Unknown(BTreeMap<String, IgnoredAny>);

impl Unknown {
    /// The first key that is there, with a word on the nearest that is known.
    pub(super) fn refuse(&self, known: &[&'static str]) -> Result<(), String> {
        let Some(key) = self.0.keys().next() else { return Ok(()) };
        let likeness = |name: &str| strsim::jaro_winkler(name, &key.to_ascii_lowercase());
        let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let nearest = nearest.filter(|name| likeness(name) > LIKENESS_MIN);
        let hint = nearest
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        Err(format!("unknown key `{key}`{hint}"))
    }
}

/// Below that, a guess is more often wrong than right.
const LIKENESS_MIN: f64 = 0.8;
