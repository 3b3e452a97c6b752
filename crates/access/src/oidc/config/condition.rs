//! A claim and what it must be.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::pattern::{Pattern, PatternText};

/// One condition of a rule.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    claim: ClaimPath,
    any_of: Vec<Pattern>,
}

/// What is no condition. The operator's to correct.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadCondition {
    /// The name of the claim is none.
    #[error("`{0}` is neither the name of a claim nor a JSON Pointer (RFC 6901)")]
    Claim(String),
    /// Nothing would meet it, or everything without a value.
    #[error("`{0}` is held against nothing")]
    Empty(String),
    /// There are more of one than anybody needs.
    #[error("`{0}` is held against more than {PATTERNS_MAX} values")]
    TooMany(String),
    /// The glob cannot be used.
    #[error("`{claim}`: the glob {glob:?} is too long")]
    Glob {
        /// Of which claim.
        claim: String,
        /// The glob.
        glob: String,
    },
}

/// Where a claim stands: the names on the way to it. Its text is the name itself, or a JSON Pointer for one that lies deeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimPath(Vec<String>);

impl Condition {
    /// Whether a token meets it. One without the claim does not.
    pub(super) fn holds(&self, claims: &Map<String, Value>) -> bool {
        let claim = self.claim.of_claims(claims);
        claim.is_some_and(|claim| self.any_of.iter().any(|pattern| pattern.matches(claim)))
    }

    /// Whether it lets through one value of that claim, or some that are written out.
    pub(super) fn binds(&self, claim: &ClaimPath) -> bool {
        self.claim == *claim && self.any_of.iter().all(|pattern| matches!(pattern, Pattern::Exact(_)))
    }

    pub(super) fn is_about(&self, claim: &ClaimPath) -> bool {
        self.claim == *claim
    }

    pub(super) fn read_all(text: ConditionsText) -> Result<Vec<Condition>, BadCondition> {
        let read = |(claim, any_of): (String, OneOrMany)| {
            let path = claim.parse()?;
            let any_of = match any_of {
                OneOrMany::One(pattern) => vec![pattern],
                OneOrMany::Many(patterns) => patterns,
            };
            if any_of.is_empty() {
                return Err(BadCondition::Empty(claim));
            }
            if any_of.len() > PATTERNS_MAX {
                return Err(BadCondition::TooMany(claim));
            }
            let any_of = any_of.into_iter().map(|pattern| Pattern::read(pattern, &claim));
            Ok(Condition {
                claim: path,
                any_of: any_of.collect::<Result<_, _>>()?,
            })
        };
        text.into_iter().map(read).collect()
    }
}

impl ClaimPath {
    pub(crate) fn of(names: &[&str]) -> ClaimPath {
        ClaimPath(names.iter().map(|name| (*name).to_owned()).collect())
    }

    pub(crate) fn of_claims<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        let (first, rest) = self.0.split_first()?;
        let step = |value: &'c Value, name: &String| value.as_object()?.get(name);
        rest.iter().try_fold(claims.get(first)?, step)
    }
}

impl std::str::FromStr for ClaimPath {
    type Err = BadCondition;

    fn from_str(text: &str) -> Result<ClaimPath, BadCondition> {
        let bad = || BadCondition::Claim(text.to_owned());
        let names: Vec<String> = match text.strip_prefix('/') {
            None => vec![text.to_owned()],
            Some(pointer) => {
                let unescape = |name: &str| {
                    let whole = name.replace("~1", "").replace("~0", "");
                    (!whole.contains('~')).then(|| name.replace("~1", "/").replace("~0", "~"))
                };
                pointer
                    .split('/')
                    .map(unescape)
                    .collect::<Option<_>>()
                    .ok_or_else(bad)?
            }
        };
        match names.iter().any(String::is_empty) {
            true => Err(bad()),
            false => Ok(ClaimPath(names)),
        }
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [name] if !name.starts_with('/') => f.write_str(name),
            names => names
                .iter()
                .try_for_each(|name| write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))),
        }
    }
}

/// Claims by their names or pointers.
pub(super) type ConditionsText = BTreeMap<String, OneOrMany>;

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a text, an integer, true or false, { glob = \"…\" }, { contains = \"…\" }, or a list of such, any of which will do"
)]
pub(super) enum OneOrMany {
    One(PatternText),
    Many(Vec<PatternText>),
}

/// The repositories of a team.
const PATTERNS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_a_name_or_a_pointer() {
        let claims = json!({"a": {"b/c": {"~": 1}}, "oidc.circleci.com/org-id": 2, "l": [3]});
        let claims = claims.as_object().unwrap();
        let found = |path: &str| path.parse::<ClaimPath>().unwrap().of_claims(claims).cloned();
        assert_eq!(found("/a/b~1c/~0"), Some(json!(1)));
        assert_eq!(found("oidc.circleci.com/org-id"), Some(json!(2)));
        assert_eq!(found("/oidc.circleci.com~1org-id"), Some(json!(2)));
        for nothing in ["a/b", "/a/b", "/l/0", "x", "/a/b~1c/~0/x"] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
        for bad in ["", "/", "/a/", "//a", "/a~", "/a~2b"] {
            assert_eq!(bad.parse::<ClaimPath>(), Err(BadCondition::Claim(bad.to_owned())));
        }
        for path in ["sub", "/kubernetes.io/serviceaccount/uid", "oidc.circleci.com/org-id"] {
            assert_eq!(path.parse::<ClaimPath>().unwrap().to_string(), path);
        }
    }
}
