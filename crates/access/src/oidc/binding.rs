//! The key that a token is bound to: whoever has it can sign what the token alone cannot vouch for.
//!
//! A job makes a key and has its CI system put the key's thumbprint (RFC 7638) into the token: as `cnf.jkt` (RFC 7800, RFC 9449), or,
//! where a job can choose nothing but the audience, behind that, as `https://log.example/acme#jkt=<thumbprint>`. The fragment of a URL
//! says nothing to whom it leads (RFC 3986, 3.5), so that nobody else's audience is written so; and a token that is meant for such an
//! audience is meant for the one in front of the suffix.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::claims::Claims;
use super::config::Issuer;
use super::keys::Thumbprint;
use super::refused::{ClaimProblem, Refused, Shown};

/// What stands between an audience and the thumbprint of a job's key.
pub const BOUND: &str = "#jkt=";

/// The key that a token is bound to. Only [`verify`](super::verify) makes one: the issuer has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundKey {
    thumbprint: Thumbprint,
    by: Binding,
}

/// Where a token names its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In `cnf.jkt`: the issuer knows what it says.
    Confirmation,
    /// Behind the audience that the job has asked for.
    Audience,
}

impl BoundKey {
    /// By either way; if by both, it must be one key.
    pub(super) fn of(claims: &Claims<'_>, audience: &Audience) -> Result<Option<BoundKey>, Refused> {
        let mut found: Option<BoundKey> = None;
        let confirmed = confirmed(claims)?.map(|thumbprint| (thumbprint, Binding::Confirmation));
        let asked = audience.keys.iter().map(|thumbprint| (*thumbprint, Binding::Audience));
        for (thumbprint, by) in confirmed.into_iter().chain(asked) {
            match &found {
                Some(found) if found.thumbprint != thumbprint => return Err(Refused::TwoKeys),
                Some(_) => {}
                None => found = Some(BoundKey { thumbprint, by }),
            }
        }
        Ok(found)
    }

    /// Which key.
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// Where the token names it.
    pub fn by(&self) -> Binding {
        self.by
    }

    /// As it stands in the member `submitter` of an event.
    pub(super) fn verified(&self) -> Value {
        json!({"by": self.by.as_str(), "thumbprint": self.thumbprint.to_string()})
    }
}

impl Binding {
    /// The word in an event.
    pub fn as_str(self) -> &'static str {
        match self {
            Binding::Confirmation => "cnf",
            Binding::Audience => "audience",
        }
    }
}

/// Whom a token is meant for: every one is configured.
#[derive(Debug)]
pub(super) struct Audience {
    /// As they stand in the token.
    texts: Vec<String>,
    /// The keys behind them.
    keys: Vec<Thumbprint>,
}

impl Audience {
    /// Every one must be ours: whoever else a token is meant for could pass it on.
    pub(super) fn check<G>(claims: &Claims<'_>, issuer: &Issuer<G>) -> Result<Audience, Refused> {
        let texts = claims.audience()?;
        let ours = |one: &String| {
            let (bare, key) = parted(one);
            let known = issuer.audiences().iter().any(|audience| audience == bare);
            let key = key.map(Thumbprint::parse);
            // What is no thumbprint makes it an audience that nobody has configured.
            (known && key != Some(None)).then_some(key.flatten())
        };
        let keys: Option<Vec<Option<Thumbprint>>> = texts.iter().map(ours).collect();
        match keys.filter(|keys| !keys.is_empty()) {
            Some(keys) => Ok(Audience {
                keys: keys.into_iter().flatten().collect(),
                texts,
            }),
            None => Err(Refused::Audience {
                issuer: issuer.name().to_owned(),
                got: texts.iter().take(AUDIENCES_SHOWN).map(|one| Shown::new(one)).collect(),
            }),
        }
    }

    /// The claims as rules ask for them: they know the audience, and not the keys of jobs.
    pub(super) fn bare_in<'c>(&self, claims: &'c Map<String, Value>) -> Cow<'c, Map<String, Value>> {
        if self.keys.is_empty() {
            return Cow::Borrowed(claims);
        }
        let mut bare = claims.clone();
        if let Some(audience) = bare.get_mut("aud") {
            let each = match audience {
                Value::Array(list) => list.as_mut_slice(),
                one => std::slice::from_mut(one),
            };
            for text in each {
                if let Value::String(text) = text {
                    text.truncate(parted(text).0.len());
                }
            }
        }
        Cow::Owned(bare)
    }

    /// As they stand in the token.
    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

fn parted(audience: &str) -> (&str, Option<&str>) {
    match audience.split_once(BOUND) {
        Some((bare, key)) => (bare, Some(key)),
        None => (audience, None),
    }
}

/// The key in `cnf` (RFC 7800, 3.1; RFC 9449, 6.1). Other ways to confirm are not understood here, and are left alone as 3.1 says.
fn confirmed(claims: &Claims<'_>) -> Result<Option<Thumbprint>, Refused> {
    let jkt = match claims.as_map().get("cnf") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(cnf)) => cnf.get("jkt"),
        Some(_) => return Err(Refused::claim("cnf", ClaimProblem::WrongType)),
    };
    let Some(jkt) = jkt else { return Ok(None) };
    let thumbprint = jkt.as_str().and_then(Thumbprint::parse);
    let wrong = || Refused::claim("/cnf/jkt", ClaimProblem::WrongType);
    thumbprint.map(Some).ok_or_else(wrong)
}

/// What somebody reads of a list that is wrong.
const AUDIENCES_SHOWN: usize = 4;
