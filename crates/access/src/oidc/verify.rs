//! The check of a token: the only place that makes an [`Identity`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::binding::{Audience, BoundKey};
use super::claims::Claims;
use super::config::{Issuer, Issuers, Preset, Rule};
use super::identity::Identity;
use super::keys::{Key, KeySet};
use super::normal::{NormalForm, SSH_RERUN};
use super::refused::{ClaimProblem, Refused, Shown};
use super::replay::{Replay, Use};
use super::signature::{self, Signed};
use super::token::Unverified;

/// Checks a token with the keys of its issuer, at that time. A token of an issuer whose tokens are good for one use is used up by it.
///
/// It costs one verification of a signature and a look at each rule of the issuer; `indelible bench --only authorised` measures a token
/// that is known from before.
///
/// # Errors
///
/// If anything about the token is not as it should be, or no rule is for it.
pub fn verify<G>(
    token: &Unverified<'_>,
    issuers: &Issuers<G>,
    keys: &KeySet,
    replay: &Replay,
    now: Timestamp,
) -> Result<Identity<G>, Refused> {
    // OpenID Connect Core 1.0, 3.1.3.7: 2. The issuer must be exactly one that is known.
    let unknown = || Refused::unknown_issuer(token.issuer());
    let issuer = issuers.by_url(token.issuer()).ok_or_else(unknown)?;
    if keys.issuer() != issuer.url() {
        return Err(Refused::OtherIssuersKeys {
            issuer: issuer.name().to_owned(),
        });
    }
    // 6, 7. The signature, by an algorithm that this issuer is known to use (RFC 8725, 3.1), with a key that is one for it.
    let (key, signed) = check_signature(token, issuer, keys)?;
    let claims = Claims::of(token.claims(), &signed);
    // 9, 10. The times.
    let times = Times::check(&claims, issuer, now)?;
    // 3. The audience.
    let audience = Audience::check(&claims, issuer)?;
    let bound = BoundKey::of(&claims, &audience)?;
    let rules = rules_for(&claims, &audience, issuer)?;
    let normal = NormalForm::of(issuer.preset(), issuer.url(), &claims)?;
    let mut identifiers = Vec::new();
    for identifier in issuer.preset().identifiers() {
        if let Some(text) = claims.text_at(&identifier.path())? {
            identifiers.push((identifier.label, text.into_owned()));
        }
    }
    // A rule asked for one of them exactly, so there is one.
    let missing = || Refused::claim(issuer.preset().identifiers()[0].path(), ClaimProblem::Missing);
    let (label, id) = identifiers.first().ok_or_else(missing)?;
    let principal = format!("oidc:{}:{label}={id}", issuer.name());
    let token_id = claims.token_id()?;
    if issuer.is_single_use() {
        let use_ = Use {
            issuer: issuer.url().as_str(),
            token: token_id.unwrap_or(token.signed()),
            issued_after: times.issued_at.as_second() - issuer.skew_seconds(),
            until: times.expires_at.as_second() + issuer.skew_seconds(),
        };
        replay.take(use_, issuer.name(), now)?;
    }
    Ok(Identity {
        principal,
        preset: issuer.preset(),
        rules,
        normal,
        identifiers: identifiers.into_iter().collect(),
        audience: audience.into_texts(),
        bound,
        requires_signature: issuer.requires_signature(),
        token_id: token_id.map(str::to_owned),
        token_sha256: token.sha256(),
        key_id: key.id.clone(),
        key_thumbprint: key.thumbprint,
        jwks_sha256: keys.sha256(),
        issued_at: times.issued_at,
        expires_at: times.expires_at,
        good_until: times.expires_at + SignedDuration::from_secs(issuer.skew_seconds()),
    })
}

/// The rules that are for it. Somebody can log in to a job of CircleCI that was started again with SSH, and take its token: such a token
/// is for rules only that speak of it.
fn rules_for<G>(claims: &Claims<'_>, audience: &Audience, issuer: &Issuer<G>) -> Result<Vec<Arc<Rule<G>>>, Refused> {
    let asked = audience.bare_in(claims.as_map());
    let mut rules: Vec<_> = issuer
        .rules()
        .iter()
        .filter(|rule| rule.holds(&asked))
        .cloned()
        .collect();
    if rules.is_empty() {
        return Err(Refused::NoRule {
            issuer: issuer.name().to_owned(),
        });
    }
    if issuer.preset() == Preset::CircleCi && claims.text(SSH_RERUN)?.as_deref() == Some("true") {
        rules.retain(|rule| rule.asks_for(SSH_RERUN));
        if rules.is_empty() {
            return Err(Refused::SshRerun);
        }
    }
    Ok(rules)
}

fn check_signature<'k, G>(
    token: &Unverified<'_>,
    issuer: &Issuer<G>,
    keys: &'k KeySet,
) -> Result<(&'k Key, Signed), Refused> {
    let algorithm = token.header().algorithm;
    let (name, key_id) = (issuer.name().to_owned(), Shown::new(token.key_id()));
    if !issuer.allows(algorithm) {
        return Err(Refused::AlgorithmNotAllowed {
            issuer: name,
            algorithm,
        });
    }
    if !keys.has(token.key_id()) {
        return Err(Refused::UnknownKey { issuer: name, key_id });
    }
    let signature = token.signature()?;
    let mut suitable = keys.suitable(token.key_id(), algorithm).peekable();
    if suitable.peek().is_none() {
        return Err(Refused::KeyUnfit {
            issuer: name,
            key_id,
            algorithm,
        });
    }
    let check = |key: &'k Key| {
        let signed = signature::check(algorithm, &key.material, token.signed().as_bytes(), &signature);
        signed.map(|signed| (key, signed))
    };
    suitable
        .find_map(check)
        .ok_or(Refused::Signature { issuer: name, key_id })
}

/// From when until when a token is good.
struct Times {
    issued_at: Timestamp,
    expires_at: Timestamp,
}

impl Times {
    /// RFC 7519, 4.1.4 to 4.1.6. `exp` and `iat` must be there, `nbf` need not.
    fn check<G>(claims: &Claims<'_>, issuer: &Issuer<G>, now: Timestamp) -> Result<Times, Refused> {
        let time = |name: &str| {
            claims
                .time(name)?
                .ok_or_else(|| Refused::claim(name, ClaimProblem::Missing))
        };
        let stamp = |name: &str, seconds: i64| {
            Timestamp::from_second(seconds).map_err(|_| Refused::claim(name, ClaimProblem::WrongType))
        };
        let (exp, iat) = (time("exp")?, time("iat")?);
        let (expires_at, issued_at) = (stamp("exp", exp)?, stamp("iat", iat)?);
        let (now, skew) = (now.as_second(), issuer.skew_seconds());
        if now >= exp + skew {
            return Err(Refused::Expired { at: expires_at });
        }
        if let Some(nbf) = claims.time("nbf")?
            && now < nbf - skew
        {
            return Err(Refused::NotYetValid {
                from: stamp("nbf", nbf)?,
            });
        }
        if iat > now + skew {
            return Err(Refused::IssuedInTheFuture { at: issued_at });
        }
        let (seconds, seconds_max) = (exp - iat, issuer.lifetime_seconds_max());
        if !(1..=seconds_max).contains(&seconds) {
            return Err(Refused::LivesTooLong {
                issuer: issuer.name().to_owned(),
                seconds,
                seconds_max,
            });
        }
        Ok(Times { issued_at, expires_at })
    }
}
