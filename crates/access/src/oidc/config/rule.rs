//! What tokens of an issuer may do.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::condition::{ClaimPath, Condition, ConditionsText};
use super::issuer::BadIssuer;
use super::preset::Preset;
use super::unknown::Unknown;

/// Which tokens, and what they may do: `G` is what the rule's owner understands by that.
#[derive(Clone, Debug)]
pub struct Rule<G> {
    name: String,
    conditions: Vec<Condition>,
    grant: G,
}

impl<G> Rule<G> {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What tokens of which that holds may do.
    pub fn grant(&self) -> &G {
        &self.grant
    }

    pub(crate) fn holds(&self, claims: &Map<String, Value>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(claims))
    }

    /// Whether it says anything of that claim.
    pub(crate) fn asks_for(&self, claim: &str) -> bool {
        let claim = ClaimPath::of(&[claim]);
        self.conditions.iter().any(|condition| condition.is_about(&claim))
    }

    pub(super) fn read(text: RuleText<G>, preset: Preset) -> Result<Rule<G>, BadIssuer> {
        let name = text.name.unwrap_or_default();
        let bad = |reason: String| BadIssuer::Rule {
            rule: name.clone(),
            reason,
        };
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return Err(bad(format!("every rule needs a `name` of 1 to {NAME_BYTES_MAX} bytes")));
        }
        text.unknown.refuse(&RULE_KEYS).map_err(&bad)?;
        let when = text.when.ok_or_else(|| bad("`when` is missing".to_owned()))?;
        let grant = text.grant.ok_or_else(|| bad("`grant` is missing".to_owned()))?;
        if when.len() > CONDITIONS_MAX {
            return Err(bad(format!("it has more than {CONDITIONS_MAX} conditions")));
        }
        let conditions = Condition::read_all(when).map_err(|error| bad(error.to_string()))?;
        let ids: Vec<_> = preset
            .identifiers()
            .iter()
            .map(|identifier| identifier.path())
            .collect();
        let bound = |id| conditions.iter().any(|condition| condition.binds(id));
        if !ids.iter().any(bound) {
            let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
            return Err(bad(format!(
                "it must ask for exactly one {}, or for some that are written out: names can be given up and taken by others",
                ids.join(" or ")
            )));
        }
        Ok(Rule {
            name,
            conditions,
            grant,
        })
    }
}

/// A rule as a configuration writes it.
#[derive(Deserialize)]
#[serde(bound = "G: DeserializeOwned")]
pub(super) struct RuleText<G> {
    name: Option<String>,
    when: Option<ConditionsText>,
    grant: Option<G>,
    #[serde(flatten)]
    unknown: Unknown,
}

const RULE_KEYS: [&str; 3] = ["name", "when", "grant"];
/// It stands in events and in messages.
const NAME_BYTES_MAX: usize = 64;
/// Twice as many as the claims of any CI system.
const CONDITIONS_MAX: usize = 64;
