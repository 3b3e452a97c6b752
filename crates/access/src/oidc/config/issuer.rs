//! One issuer.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};

use super::audience::{self, AUDIENCE_BYTES_MAX, Defaults};
use super::preset::Preset;
use super::rule::{Rule, RuleText};
use super::source::{KeySource, KeysText};
use super::unknown::Unknown;
use super::url::{BadIssuerUrl, IssuerUrl};
use crate::oidc::algorithm::{Algorithm, BadAlgorithm};
use crate::oidc::binding::BOUND;

/// How far clocks may be apart if nothing else is said.
pub const SKEW_SECONDS_DEFAULT: u32 = 60;
/// More than that is a clock that must be set.
pub const SKEW_SECONDS_MAX: u32 = 300;
/// How long tokens may live if nothing else is said: those of CircleCI and Kubernetes live that long.
pub const LIFETIME_SECONDS_DEFAULT: u32 = 3_600;
/// A token of GitLab lives as long as its job may take; nobody should wait for a day.
pub const LIFETIME_SECONDS_MAX: u32 = 86_400;
/// A rule for every team of a large company.
pub const RULES_MAX: usize = 1_000;

/// Whose tokens are believed, and how they are checked.
#[derive(Clone, Debug)]
pub struct Issuer<G> {
    url: IssuerUrl,
    name: String,
    preset: Preset,
    algorithms: Vec<Algorithm>,
    audiences: Vec<String>,
    keys: KeySource,
    uses: Uses,
    events: Events,
    skew_seconds: u32,
    lifetime_seconds_max: u32,
    rules: Vec<Arc<Rule<G>>>,
}

/// How often a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uses {
    UntilItExpires,
    Once,
}

/// Whether events of its jobs must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    MayBeSigned,
    MustBeSigned,
}

/// What is wrong with an issuer. The operator's to correct.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadIssuer {
    /// A key is missing, unknown, or has a value that cannot be used.
    #[error("{0}")]
    Key(String),
    /// The name cannot stand in a principal.
    #[error("`name`: {0:?} is not 1 to {NAME_BYTES_MAX} of a-z, 0-9 and `-`, the first of them no `-`")]
    Name(String),
    /// The URL cannot be an issuer's.
    #[error("`url`: {0}")]
    Url(#[from] BadIssuerUrl),
    /// The algorithm is not one for an issuer.
    #[error("`algorithms`: {0}")]
    Algorithm(#[from] BadAlgorithm),
    /// Nothing could be signed.
    #[error("`algorithms` must say with which of RS256, ES256, … this issuer signs")]
    NoAlgorithm,
    /// Tokens for anybody would do.
    #[error("`audiences` must name at least one: the URL of this log is a good one")]
    NoAudience,
    /// An audience is empty or too long.
    #[error("`audiences`: each has 1 to {AUDIENCE_BYTES_MAX} bytes")]
    AudienceLength,
    /// Others accept tokens for that audience, and could use them here.
    #[error(
        "`audiences`: {0:?} is what others accept, too, so that any of them could use the tokens it gets here; choose one of this log's \
         own, such as its URL, or set `allow_default_audience = true`"
    )]
    DefaultAudience(String),
    /// It is what a job makes of an audience, by the key that it has.
    #[error(
        "`audiences`: {0:?} has {BOUND:?} in it, behind which a job names its own key; leave out what begins there"
    )]
    BoundAudience(String),
    /// A rule cannot be used.
    #[error("rule {rule:?}: {reason}")]
    Rule {
        /// Which.
        rule: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl<G> Issuer<G> {
    /// Its URL, as it stands in tokens.
    pub fn url(&self) -> &IssuerUrl {
        &self.url
    }

    /// What it is called here: stands in principals, so a name is for ever.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which CI system it is.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Where its keys come from.
    pub fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// Its rules.
    pub fn rules(&self) -> &[Arc<Rule<G>>] {
        &self.rules
    }

    /// Whom its tokens may be meant for.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// Whether a token of it is good for one use, so that nobody may keep what [`verify`](crate::oidc::verify) said of it.
    pub fn is_single_use(&self) -> bool {
        self.uses == Uses::Once
    }

    /// Whether events of whoever presents its tokens must be signed by the key that the token is bound to.
    pub fn requires_signature(&self) -> bool {
        self.events == Events::MustBeSigned
    }

    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn skew_seconds(&self) -> i64 {
        i64::from(self.skew_seconds)
    }

    pub(crate) fn lifetime_seconds_max(&self) -> i64 {
        i64::from(self.lifetime_seconds_max)
    }

    fn read(text: IssuerText<G>) -> Result<Issuer<G>, BadIssuer> {
        let key = BadIssuer::Key;
        text.unknown.refuse(&ISSUER_KEYS).map_err(key)?;
        let missing = |name: &str| BadIssuer::Key(format!("`{name}` is missing"));
        let name = text.name.ok_or_else(|| missing("name"))?;
        if !is_name(&name) {
            return Err(BadIssuer::Name(name));
        }
        let url = IssuerUrl::parse(&text.url.ok_or_else(|| missing("url"))?)?;
        let preset = text.preset.ok_or_else(|| missing("preset"))?;
        let algorithms = match (text.algorithms, preset.algorithms()) {
            (Some(named), _) => named.iter().map(|name| name.parse()).collect::<Result<Vec<_>, _>>()?,
            (None, Some(known)) => known.to_vec(),
            (None, None) => Vec::new(),
        };
        if algorithms.is_empty() {
            return Err(BadIssuer::NoAlgorithm);
        }
        let defaults = match text.allow_default_audience {
            true => Defaults::Allowed,
            false => Defaults::Refused,
        };
        audience::check(&text.audiences, preset, &url, defaults)?;
        let within = |name: &str, given: Option<u32>, default, min, max| {
            let value = given.unwrap_or(default);
            match (min..=max).contains(&value) {
                true => Ok(value),
                false => Err(BadIssuer::Key(format!(
                    "`{name}` must be from {min} to {max}, not {value}"
                ))),
            }
        };
        let skew_seconds = within(
            "skew_seconds",
            text.skew_seconds,
            SKEW_SECONDS_DEFAULT,
            0,
            SKEW_SECONDS_MAX,
        )?;
        let lifetime_seconds_max = within(
            "lifetime_seconds_max",
            text.lifetime_seconds_max,
            LIFETIME_SECONDS_DEFAULT,
            1,
            LIFETIME_SECONDS_MAX,
        )?;
        if text.rule.is_empty() {
            return Err(BadIssuer::Key(
                "`[[issuer.rule]]` is missing: without one no token is good for anything".into(),
            ));
        }
        if text.rule.len() > RULES_MAX {
            return Err(BadIssuer::Key(format!("it has more than {RULES_MAX} rules")));
        }
        let rules = text.rule.into_iter().map(|rule| Rule::read(rule, preset).map(Arc::new));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let mut names: Vec<_> = rules.iter().map(|rule| rule.name()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(BadIssuer::Rule {
                rule: twice[0].to_owned(),
                reason: "another one is called so, too".to_owned(),
            });
        }
        Ok(Issuer {
            url,
            name,
            preset,
            algorithms,
            audiences: text.audiences,
            keys: KeySource::read(text.keys).map_err(|error| BadIssuer::Key(error.to_string()))?,
            uses: match text.single_use {
                true => Uses::Once,
                false => Uses::UntilItExpires,
            },
            events: match text.require_signature {
                true => Events::MustBeSigned,
                false => Events::MayBeSigned,
            },
            skew_seconds,
            lifetime_seconds_max,
            rules,
        })
    }
}

impl<'de, G: DeserializeOwned> Deserialize<'de> for Issuer<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Issuer<G>, D::Error> {
        let text = IssuerText::deserialize(deserializer)?;
        let name = text.name.clone();
        Issuer::read(text).map_err(|error| match name {
            Some(name) => D::Error::custom(format_args!("issuer {name:?}: {error}")),
            None => D::Error::custom(error),
        })
    }
}

/// An issuer as a configuration writes it.
#[derive(Deserialize)]
#[serde(bound = "G: DeserializeOwned")]
struct IssuerText<G> {
    url: Option<String>,
    name: Option<String>,
    preset: Option<Preset>,
    algorithms: Option<Vec<String>>,
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default)]
    allow_default_audience: bool,
    #[serde(default)]
    keys: KeysText,
    #[serde(default)]
    single_use: bool,
    #[serde(default)]
    require_signature: bool,
    skew_seconds: Option<u32>,
    lifetime_seconds_max: Option<u32>,
    #[serde(default = "Vec::new")]
    rule: Vec<RuleText<G>>,
    #[serde(flatten)]
    unknown: Unknown,
}

fn is_name(name: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(letters) && !name.starts_with('-')
}

const ISSUER_KEYS: [&str; 12] = [
    "url",
    "name",
    "preset",
    "algorithms",
    "audiences",
    "allow_default_audience",
    "keys",
    "single_use",
    "require_signature",
    "skew_seconds",
    "lifetime_seconds_max",
    "rule",
];
/// It stands in every principal of the issuer.
const NAME_BYTES_MAX: usize = 32;
