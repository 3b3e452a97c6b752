//! Parameters of a query, read strictly: a condition that is not understood and left out would give a wrong answer.

use std::collections::BTreeMap;

use http::Uri;

use crate::http::problem::Problem;

/// The parameters of a request, each known and there once.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads those of a URI.
    pub(super) fn read(uri: &Uri, known: &[(&str, &str)]) -> Result<Parameters, Problem> {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if !known.iter().any(|(known, _)| *known == name) {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                let shown: String = name.chars().take(SHOWN_MAX).collect();
                return Err(Problem::malformed(format!("{shown:?} is not known; there are {names}")));
            }
            if value.is_empty() || value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(Problem::malformed(format!("`{name}` is empty, or not UTF-8")));
            }
            let name = name.into_owned();
            if all.insert(name.clone(), value.into_owned()).is_some() {
                return Err(Problem::malformed(format!("`{name}` stands there twice")));
            }
        }
        Ok(Parameters(all))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value, read by `read`; else a problem that says what it must be.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let value = self.text(name).map(|text| read(text).ok_or(()));
        value
            .transpose()
            .map_err(|()| Problem::malformed(format!("`{name}` must be {what}")))
    }
}

/// A number in its one spelling.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok())?
}

const SHOWN_MAX: usize = 32;
