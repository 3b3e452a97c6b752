//! Who sends a request: by the token in its head, else by the certificate of its connection, else nobody.

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use indelible_access::token;

use super::gate::Gate;
use super::refusal::Refusal;
use super::session::Session;

/// Who it is. Tokens are read from this header alone: an address lands in logs and histories, a body in the event.
pub(super) fn identify(gate: &Gate, headers: &HeaderMap) -> Result<Arc<Session>, Refusal> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Ok(gate.nobody());
    };
    if sent.next().is_some() {
        return Err(unauthenticated("two Authorization headers"));
    }
    let text = value
        .to_str()
        .map_err(|_| unauthenticated("the Authorization header is not ASCII"))?;
    let (scheme, credentials) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated("the Authorization header must be a Bearer token"));
    }
    let credentials = credentials.trim();
    if credentials.len() > TOKEN_BYTES_MAX {
        return Err(unauthenticated("the token is too long to be one"));
    }
    if gate.is_open() {
        // Whoever has a token is not to be refused where everybody may do everything.
        return Ok(gate.nobody());
    }
    if credentials.starts_with(token::PREFIX) {
        return gate.by_token(credentials);
    }
    Err(unauthenticated(
        "this is no token of a log, and no identity token of an issuer that is configured",
    ))
}

fn unauthenticated(why: &str) -> Refusal {
    Refusal::Unauthenticated(why.to_owned())
}

/// An identity token of GitHub has some 2 KiB, one of an issuer that lists groups more.
const TOKEN_BYTES_MAX: usize = 16 << 10;
