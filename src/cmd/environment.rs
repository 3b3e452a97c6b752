//! The environment, as configuration is read from it.

use std::collections::BTreeMap;

/// All variables that are text; no field of the configuration is anything else.
pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
