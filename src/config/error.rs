//! What can be wrong with a configuration. All of it is the operator's to correct, so every message says where.

use std::fmt;
use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("{at}: {message}")]
    Syntax {
        /// Where reading stopped.
        at: Place,
        /// What the TOML parser says, in one line.
        message: String,
    },
    /// There is no field of that name.
    #[error("{at}: unknown key `{key}`{}", hint(.nearest))]
    UnknownKey {
        /// Where it stands.
        at: Place,
        /// The key.
        key: String,
        /// The field that was perhaps meant.
        nearest: Option<&'static str>,
    },
    /// The value is of another type.
    #[error("{at}: `{field}` must be {want}, not {got}")]
    Type {
        /// Where it stands.
        at: Place,
        /// The field.
        field: &'static str,
        /// What the field takes.
        want: &'static str,
        /// What it was given.
        got: String,
    },
    /// The number is outside the field's bounds.
    #[error("{at}: `{field}` must be from {min} to {max}, not {value}")]
    Range {
        /// Where it stands.
        at: Place,
        /// The field.
        field: &'static str,
        /// The number as it was written.
        value: String,
        /// The least that is allowed.
        min: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// Of two fields that only make sense together, one is missing.
    #[error("{at}: `{given}` is set without `{missing}`")]
    Half {
        /// Where the one that is there stands.
        at: Place,
        /// The one that is there.
        given: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// A line of a file, counted from 1.
    Line(PathBuf, usize),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line, by its field.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(file, line) => write!(f, "{}:{line}", file.display()),
            Place::Variable(name) => f.write_str(name),
            Place::Flag(field) => write!(f, "--{}", field.replace('_', "-")),
        }
    }
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}
