//! What a token says, once its signature has held.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::config::ClaimPath;
use super::refused::{ClaimProblem, Refused};
use super::signature::Signed;

/// The claims of a token that its issuer signed.
#[derive(Debug)]
pub(super) struct Claims<'c>(&'c Map<String, Value>);

impl<'c> Claims<'c> {
    pub(super) fn of(claims: &'c Map<String, Value>, _: &Signed) -> Claims<'c> {
        Claims(claims)
    }

    pub(super) fn as_map(&self) -> &'c Map<String, Value> {
        self.0
    }

    /// A claim that is a text, a number or a truth value, as a text; `None` if it is not there, null, or empty, as optional claims of
    /// some systems are.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'c, str>>, Refused> {
        self.text_at(&ClaimPath::of(&[name]))
    }

    /// The same of a claim that may lie deeper.
    pub(super) fn text_at(&self, path: &ClaimPath) -> Result<Option<Cow<'c, str>>, Refused> {
        let Some(claim) = path.of_claims(self.0).filter(|claim| !claim.is_null()) else {
            return Ok(None);
        };
        let text = text(claim).ok_or_else(|| Refused::claim(path, ClaimProblem::WrongType))?;
        if text.is_empty() {
            return Ok(None);
        }
        readable(path, &text)?;
        Ok(Some(text))
    }

    /// Who it is, to its issuer (RFC 7519, 4.1.2).
    pub(super) fn subject(&self) -> Result<&'c str, Refused> {
        let subject = self
            .string("sub")?
            .ok_or_else(|| Refused::claim("sub", ClaimProblem::Missing))?;
        readable(&ClaimPath::of(&["sub"]), subject)?;
        match subject.is_empty() {
            true => Err(Refused::claim("sub", ClaimProblem::Length)),
            false => Ok(subject),
        }
    }

    /// By what the token can be told from others (RFC 7519, 4.1.7).
    pub(super) fn token_id(&self) -> Result<Option<&'c str>, Refused> {
        match self.string("jti")? {
            Some("") => Err(Refused::claim("jti", ClaimProblem::Length)),
            id => Ok(id),
        }
    }

    /// Whom it is meant for: one, or a list (RFC 7519, 4.1.3).
    pub(super) fn audience(&self) -> Result<Vec<String>, Refused> {
        let wrong = || Refused::claim("aud", ClaimProblem::WrongType);
        match self.0.get("aud") {
            None => Err(Refused::claim("aud", ClaimProblem::Missing)),
            Some(Value::String(one)) => Ok(vec![one.clone()]),
            Some(Value::Array(list)) => {
                let texts = list.iter().map(|one| one.as_str().map(str::to_owned));
                texts.collect::<Option<_>>().ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
        }
    }

    /// A time in seconds since 1970 (RFC 7519, section 2): a fraction is rounded down.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Refused> {
        let wrong = || Refused::claim(name, ClaimProblem::WrongType);
        let Some(claim) = self.0.get(name) else { return Ok(None) };
        let whole = claim.as_i64().or_else(|| {
            let seconds = claim.as_f64()?.floor();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole, and far below the limits of both"
            )]
            (seconds.abs() < 1e12).then_some(seconds as i64)
        });
        let whole = whole.filter(|seconds| seconds.unsigned_abs() <= SECONDS_MAX);
        whole.map(Some).ok_or_else(wrong)
    }

    fn string(&self, name: &str) -> Result<Option<&'c str>, Refused> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::claim(name, ClaimProblem::WrongType)),
        }
    }
}

/// A text, or a number or truth value as its text.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) if !number.is_f64() => Some(Cow::Owned(number.to_string())),
        Value::Bool(yes) => Some(Cow::Owned(yes.to_string())),
        _ => None,
    }
}

/// What goes into principals and events is for reading: of a reasonable length, and without characters that a terminal obeys.
fn readable(path: &ClaimPath, text: &str) -> Result<(), Refused> {
    if text.len() > CLAIM_BYTES_MAX {
        return Err(Refused::claim(path, ClaimProblem::Length));
    }
    match text.chars().any(char::is_control) {
        true => Err(Refused::claim(path, ClaimProblem::Control)),
        false => Ok(()),
    }
}

/// A subject of a job may have all its claims in it; a URL with refs has hundreds.
const CLAIM_BYTES_MAX: usize = 2_048;
/// The year 9999, beyond which a time cannot be written.
const SECONDS_MAX: u64 = 253_402_207_200;
