//! The three layers of a configuration, each laid over the one before.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Place};
use super::field::{Draft, Field, Value};
use super::table::FIELDS;

/// Lays the content of a file over the draft. Its keys must all be known.
pub(super) fn file(text: &str, file: &Path, draft: &mut Draft) -> Result<(), ConfigError> {
    let at = |offset: usize| Place::Line(file.into(), text[..offset].matches('\n').count() + 1);
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        at: at(error.span().map_or(0, |span| span.start)),
        message: error.message().lines().collect::<Vec<_>>().join(", "),
    })?;
    // In the order of the file, so that the error is the one that a reader from above would find first.
    let mut pairs: Vec<_> = table.into_inner().into_iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let folder = file.parent().unwrap_or(Path::new(""));
    for (key, value) in pairs {
        let at = at(key.span().start);
        let field = find(key.get_ref()).map_err(|nearest| ConfigError::UnknownKey {
            at: at.clone(),
            key: key.get_ref().to_string(),
            nearest,
        })?;
        draft.set(field, &read(value.into_inner()), at, folder)?;
    }
    Ok(())
}

/// Lays the variables that name a field over the draft.
pub(super) fn environment(variables: &BTreeMap<String, String>, draft: &mut Draft) -> Result<(), ConfigError> {
    for field in &FIELDS {
        let name = field.variable();
        if let Some(text) = variables.get(&name) {
            draft.set(field, &field.read(text), Place::Variable(name), Path::new(""))?;
        }
    }
    Ok(())
}

/// Lays the command line's choices over the draft.
///
/// # Panics
///
/// If a name is no field's: that would be a mistake in the command line's definition, not in its use.
pub(super) fn overrides(overrides: &[(&'static str, String)], draft: &mut Draft) -> Result<(), ConfigError> {
    for (name, text) in overrides {
        let field = find(name).unwrap_or_else(|_| panic!("`{name}` is no field of the configuration"));
        draft.set(field, &field.read(text), Place::Flag(field.name), Path::new(""))?;
    }
    Ok(())
}

/// The field of that name, or else the name that is nearest to it.
fn find(name: &str) -> Result<&'static Field, Option<&'static str>> {
    if let Some(field) = FIELDS.iter().find(|field| field.name == name) {
        return Ok(field);
    }
    let likeness = |field: &Field| strsim::jaro_winkler(field.name, &name.to_ascii_lowercase());
    let nearest = FIELDS.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(nearest
        .filter(|field| likeness(field) > LIKENESS_MIN)
        .map(|field| field.name))
}

fn read(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(on) => Value::Switch(on),
        DeValue::Integer(integer) if integer.radix() == 10 => Value::Number(integer.as_str().into()),
        DeValue::Integer(_) => Value::Other("an integer that is not decimal"),
        DeValue::Array(items) => {
            let texts = items.into_iter().map(Spanned::into_inner).map(|item| match item {
                DeValue::String(text) => Some(Cow::into_owned(text)),
                _ => None,
            });
            texts
                .collect::<Option<_>>()
                .map_or(Value::Other("a list of other than strings"), Value::List)
        }
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Table(_) => Value::Other("a table"),
    }
}

/// By trial: `listn`, `host`, `queue_mb`, `tls-cert` and `timeout` find their field, `port` and `colour` find none.
const LIKENESS_MIN: f64 = 0.75;
