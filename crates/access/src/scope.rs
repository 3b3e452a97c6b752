//! Which events a grant is about.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Which events a grant is about: those of certain sources, and of certain actions; without either, all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "ScopeParts", into = "ScopeParts")]
pub struct Scope {
    sources: Option<BTreeSet<String>>,
    actions: Option<BTreeSet<String>>,
}

/// A scope as it is written: lists, of which an absent one means all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeParts {
    /// Names of sources, each whole, such as `github/acme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// Names of actions, each whole, such as `deployment_review.approved`, or all that begin alike, such as `deployment.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
}

/// What is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadScope {
    /// A list of nothing: whoever wrote it may have meant everything.
    #[error("a scope with an empty list of {0} covers nothing; leave it out to cover all")]
    Empty(&'static str),
    /// A name that no source or action can have.
    #[error("{0:?} is not 1 to {NAME_BYTES_MAX} bytes without control characters, with at most one `*` at its end")]
    Name(String),
    /// More than anybody can look over.
    #[error("a scope names at most {NAMES_MAX} sources and {NAMES_MAX} actions")]
    TooMany,
}

impl Scope {
    /// All events.
    pub const ALL: Scope = Scope {
        sources: None,
        actions: None,
    };

    /// Whether it covers all events.
    pub fn is_all(&self) -> bool {
        self.sources.is_none() && self.actions.is_none()
    }

    /// Whether it covers an event of `source` that is called `action`.
    pub fn covers(&self, source: &str, action: &str) -> bool {
        self.covers_source(source) && self.covers_action(action)
    }

    /// Whether it covers any event of `source`.
    pub fn covers_source(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contains(source))
    }

    fn covers_action(&self, action: &str) -> bool {
        let Some(actions) = &self.actions else { return true };
        actions.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => action.starts_with(start),
            None => pattern == action,
        })
    }

    /// Whether it covers nothing that `other` does not.
    pub fn is_within(&self, other: &Scope) -> bool {
        let sources = match (&self.sources, &other.sources) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(others)) => mine.is_subset(others),
        };
        let actions = match (&self.actions, &other.actions) {
            (_, None) => true,
            (None, Some(_)) => false,
            // A pattern is covered by one that covers its own beginning.
            (Some(mine), Some(_)) => mine.iter().all(|pattern| match pattern.strip_suffix('*') {
                Some(start) => other.covers_every(start),
                None => other.covers_action(pattern),
            }),
        };
        sources && actions
    }

    fn covers_every(&self, start: &str) -> bool {
        let patterns = self.actions.iter().flatten();
        patterns
            .filter_map(|pattern| pattern.strip_suffix('*'))
            .any(|covering| start.starts_with(covering))
    }

    /// The sources, if it does not cover all.
    pub fn sources(&self) -> Option<&BTreeSet<String>> {
        self.sources.as_ref()
    }
}

impl TryFrom<ScopeParts> for Scope {
    type Error = BadScope;

    fn try_from(parts: ScopeParts) -> Result<Scope, BadScope> {
        let set = |what, names: Option<Vec<String>>, may_end: bool| {
            let Some(names) = names else { return Ok(None) };
            if names.is_empty() {
                return Err(BadScope::Empty(what));
            }
            if names.len() > NAMES_MAX {
                return Err(BadScope::TooMany);
            }
            for name in &names {
                let stem = name.strip_suffix('*').filter(|_| may_end).unwrap_or(name);
                let plain = !stem.contains('*') && !name.chars().any(char::is_control);
                if !plain || !(1..=NAME_BYTES_MAX).contains(&name.len()) {
                    return Err(BadScope::Name(name.chars().take(NAME_BYTES_MAX).collect()));
                }
            }
            Ok(Some(names.into_iter().collect()))
        };
        Ok(Scope {
            sources: set("sources", parts.sources, false)?,
            actions: set("actions", parts.actions, true)?,
        })
    }
}

impl From<Scope> for ScopeParts {
    fn from(scope: Scope) -> ScopeParts {
        let list = |set: BTreeSet<String>| set.into_iter().collect();
        ScopeParts {
            sources: scope.sources.map(list),
            actions: scope.actions.map(list),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("everything");
        }
        let list = |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let sources = self.sources.as_ref().map(|set| format!("sources={}", list(set)));
        let actions = self.actions.as_ref().map(|set| format!("actions={}", list(set)));
        let parts: Vec<String> = sources.into_iter().chain(actions).collect();
        f.write_str(&parts.join(" "))
    }
}

/// As long as the name of a source may be.
const NAME_BYTES_MAX: usize = 512;

const NAMES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(sources: Option<&[&str]>, actions: Option<&[&str]>) -> Scope {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let parts = ScopeParts {
            sources: sources.map(list),
            actions: actions.map(list),
        };
        Scope::try_from(parts).unwrap()
    }

    #[test]
    fn covers_what_it_names() {
        let one = scope(Some(&["github/acme"]), Some(&["push", "deployment.*"]));
        assert!(one.covers("github/acme", "push"));
        assert!(one.covers("github/acme", "deployment.created"));
        for (source, action) in [
            ("github/acme2", "push"),
            ("github", "push"),
            ("github/acme", "push.x"),
            ("github/acme", "deployments"),
        ] {
            assert!(!one.covers(source, action), "{source} {action}");
        }
    }

    #[test]
    fn nothing_is_within_less() {
        let all = Scope::ALL;
        let acme = scope(Some(&["github/acme"]), None);
        let both = scope(Some(&["github/acme", "gitlab/x"]), None);
        let pushes = scope(Some(&["github/acme"]), Some(&["push"]));
        let stars = scope(None, Some(&["deployment.*"]));
        let narrower = scope(None, Some(&["deployment.status.*", "deployment.made"]));
        for (inner, outer) in [
            (&acme, &all),
            (&acme, &both),
            (&pushes, &acme),
            (&narrower, &stars),
            (&stars, &all),
        ] {
            assert!(inner.is_within(outer), "{inner} in {outer}");
            assert!(inner.is_within(inner));
            assert!(!outer.is_within(inner), "{outer} in {inner}");
        }
        assert!(!scope(None, Some(&["*"])).is_within(&stars));
        assert!(!scope(None, Some(&["deploy*"])).is_within(&stars));
    }

    #[test]
    fn a_list_of_nothing_is_refused() {
        for text in [
            r#"{"sources":[]}"#,
            r#"{"actions":[""]}"#,
            r#"{"actions":["a*b"]}"#,
            r#"{"sources":["a*"]}"#,
            r#"{"kinds":["a"]}"#,
        ] {
            assert!(serde_json::from_str::<Scope>(text).is_err(), "{text}");
        }
        assert_eq!(serde_json::from_str::<Scope>("{}").unwrap(), Scope::ALL);
    }
}
