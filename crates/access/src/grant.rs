//! A role, within a scope.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Role, Scope};

/// A role, within a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What somebody is to the log.
    pub role: Role,
    /// For which events.
    #[serde(default, skip_serializing_if = "Scope::is_all")]
    pub scope: Scope,
}

impl Grant {
    /// A role for all events.
    pub fn whole(role: Role) -> Grant {
        Grant {
            role,
            scope: Scope::ALL,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope.is_all() {
            true => write!(f, "{}", self.role),
            false => write!(f, "{} ({})", self.role, self.scope),
        }
    }
}
