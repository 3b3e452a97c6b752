//! Who did it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who did it, as the sender says. An unknown actor is [`ActorType::Unknown`], never a guess.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What kind of somebody it is.
    #[serde(rename = "type")]
    pub kind: ActorType,
    /// The identity that never changes, as the source has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name that people know, such as a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Groups or teams that gave the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// For whom it was done, if for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The name (never the value) of the credential that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// What the sender knows besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Map<String, Value>>,
}

/// What kind of somebody an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    /// A person.
    User,
    /// An automatic account.
    Bot,
    /// An application with its own identity.
    App,
    /// A workload's account.
    ServiceAccount,
    /// Whoever holds a token.
    Token,
    /// Nobody knows.
    Unknown,
}

impl Actor {
    /// Somebody of whom nothing is known.
    pub fn unknown() -> Actor {
        Actor {
            kind: ActorType::Unknown,
            id: None,
            name: None,
            email: None,
            groups: None,
            on_behalf_of: None,
            token_id: None,
            claims: None,
        }
    }
}

impl ActorType {
    /// The word in the JSON of a member.
    pub fn as_str(self) -> &'static str {
        match self {
            ActorType::User => "user",
            ActorType::Bot => "bot",
            ActorType::App => "app",
            ActorType::ServiceAccount => "service_account",
            ActorType::Token => "token",
            ActorType::Unknown => "unknown",
        }
    }
}
