//! What was judged, of what, and how.

use std::fmt;

use serde_json::{Value, json};

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Of what.
    pub subject: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found: a sentence.
    pub found: String,
    /// What to do about it.
    pub todo: Option<String>,
}

/// How something is. The worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work, or will not much longer, or is not safe.
    Bad,
}

/// All judgements, in the order in which they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report(pub Vec<Check>);

impl Check {
    pub(super) fn ok(subject: &'static str, found: impl Into<String>) -> Check {
        Check {
            subject,
            health: Health::Ok,
            found: found.into(),
            todo: None,
        }
    }

    pub(super) fn warn(subject: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Check {
        Check {
            subject,
            health: Health::Warn,
            found: found.into(),
            todo: Some(todo.into()),
        }
    }

    pub(super) fn bad(subject: &'static str, found: impl Into<String>, todo: impl Into<String>) -> Check {
        Check {
            subject,
            health: Health::Bad,
            found: found.into(),
            todo: Some(todo.into()),
        }
    }

    /// As JSON: `{"check", "health", "found", "todo"}`.
    pub fn to_json(&self) -> Value {
        json!({
            "check": self.subject,
            "health": self.health.as_str(),
            "found": self.found,
            "todo": self.todo,
        })
    }
}

impl Health {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Warn => "warn",
            Health::Bad => "bad",
        }
    }
}

impl Report {
    /// That of the worst.
    pub fn health(&self) -> Health {
        self.0.iter().map(|check| check.health).max().unwrap_or(Health::Ok)
    }
}

/// A line, and what to do on the next one.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4} {:<12} {}", self.health.as_str(), self.subject, self.found)?;
        match &self.todo {
            Some(todo) => write!(f, "\n                  → {todo}"),
            None => Ok(()),
        }
    }
}
