//! What it was done to, and what is different now.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Something that it was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What kind of thing it is, such as `repository` or `environment`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The identity that never changes, as the source has it.
    pub id: String,
    /// The name that people know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of what it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// A field that is different now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its name.
    pub field: String,
    /// What it was; absent if the source does not say, `null` if it says that there was nothing.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is now; absent if the source does not say, `null` if it says that there is nothing.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Tells a `null` that is there from a field that is not.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(field).map(Some)
}
