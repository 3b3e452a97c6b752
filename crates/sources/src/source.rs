//! A configured source, of whatever kind.

use jiff::Timestamp;

use crate::{Delivery, Received, Rejected, SourceName, github};

/// A configured source. Each kind that will come is one more variant.
#[derive(Clone, Debug)]
pub enum Source {
    /// The webhook of a repository, an organisation, an enterprise or an App of GitHub.
    GitHub(github::Hook),
}

impl Source {
    /// What it is called.
    pub fn name(&self) -> &SourceName {
        match self {
            Self::GitHub(hook) => hook.name(),
        }
    }

    /// How many bytes a body may have. Whoever reads it stops there.
    pub fn body_bytes_max(&self) -> usize {
        match self {
            Self::GitHub(_) => github::BODY_BYTES_MAX,
        }
    }

    /// Makes events of a delivery that came at `now`.
    ///
    /// # Errors
    ///
    /// The delivery is not authentic, or says what it may not.
    pub fn receive(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Received, Rejected> {
        match self {
            Self::GitHub(hook) => hook.receive(delivery, now),
        }
    }
}
