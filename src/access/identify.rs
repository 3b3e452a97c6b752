//! Who sends a request: by the token in its head, else by the certificate of its connection, else nobody.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap};
use indelible_access::token;

use super::gate::Gate;
use super::refusal::Refusal;
use super::session::Session;
use crate::net::PeerCertificate;

/// What a request brings to say who sends it.
pub(super) enum Sent<'r> {
    Nothing,
    Certificate(Arc<PeerCertificate>),
    /// A token of the log.
    Token(&'r str),
    /// Something else, which can only be the token of an issuer.
    Identity(&'r str),
}

/// What it brings. Tokens are read from this header alone: an address lands in logs and histories, a body in the event.
pub(super) fn sent<'r>(headers: &'r HeaderMap, extensions: &Extensions) -> Result<Sent<'r>, Refusal> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        let certificate = extensions.get::<Arc<PeerCertificate>>();
        return Ok(certificate.cloned().map_or(Sent::Nothing, Sent::Certificate));
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
    Ok(match credentials.starts_with(token::PREFIX) {
        true => Sent::Token(credentials),
        false => Sent::Identity(credentials),
    })
}

/// Who it is.
pub(super) async fn identify(
    gate: &Gate,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Arc<Session>, Refusal> {
    let sent = sent(headers, extensions)?;
    if gate.is_open() {
        // Whoever says who they are is not to be refused where everybody may do everything.
        return Ok(gate.nobody());
    }
    match sent {
        Sent::Nothing => Ok(gate.nobody()),
        Sent::Certificate(certificate) => gate.by_certificate(&certificate),
        Sent::Token(token) => gate.by_token(token),
        Sent::Identity(token) => gate.by_identity(token).await,
    }
}

fn unauthenticated(why: &str) -> Refusal {
    Refusal::Unauthenticated(why.to_owned())
}

/// An identity token of GitHub has some 2 KiB, one of an issuer that lists groups more.
const TOKEN_BYTES_MAX: usize = 16 << 10;
