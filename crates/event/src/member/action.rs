//! What was done.

use serde::{Deserialize, Serialize};

/// What was done, in the source's own word and in one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The source's own name for it, such as `deployment_review.approved`.
    pub name: String,
    /// What that comes to.
    pub verb: Verb,
    /// The class of OCSF, such as `6003`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// What an action comes to, whatever its source calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Something is there that was not.
    Create,
    /// Something is different.
    Update,
    /// Something is gone.
    Delete,
    /// Something was read or used.
    Access,
    /// A pipeline, job or command ran, or was asked to.
    Execute,
    /// Somebody let it pass.
    Approve,
    /// Somebody or something refused it.
    Deny,
    /// Somebody came in.
    Login,
    /// None of these.
    Other,
}

impl Verb {
    /// The word in the JSON of a member.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Access => "access",
            Verb::Execute => "execute",
            Verb::Approve => "approve",
            Verb::Deny => "deny",
            Verb::Login => "login",
            Verb::Other => "other",
        }
    }
}
