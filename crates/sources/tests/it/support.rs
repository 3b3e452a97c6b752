//! A hook, and deliveries that are signed for it.

use std::collections::BTreeSet;

use indelible_sources::{
    Delivery, Incoming, Received, Rejected, Secret, Secrets, Source,
    github::{Configuration, Hook, Permitted, sign},
};
use jiff::Timestamp;

/// The time at which everything comes in.
pub(crate) const NOW: &str = "2026-11-22T10:00:00Z";
pub(crate) const SECRET: &str = "It's a Secret to Everybody";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

pub(crate) fn configuration<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Configuration {
    let accounts = accounts.into_iter().map(|account| account.parse().unwrap()).collect();
    Configuration {
        name: "github/acme".parse().unwrap(),
        secrets: Secrets {
            current: secret(SECRET),
            previous: None,
        },
        permitted: Permitted::new(accounts).unwrap(),
        hook_id: None,
        unwanted: BTreeSet::new(),
    }
}

/// A hook that may speak of these.
pub(crate) fn hook<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Source {
    Source::GitHub(Hook::new(configuration(accounts)).unwrap())
}

/// Sends a signed body with a name of an event.
pub(crate) fn send(source: &Source, event: &str, body: &[u8]) -> Result<Received, Rejected> {
    let signature = sign(&secret(SECRET), body);
    let headers = [
        ("content-type", &b"application/json"[..]),
        ("x-github-event", event.as_bytes()),
        ("x-github-delivery", b"72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ("x-hub-signature-256", signature.as_bytes()),
    ];
    source.receive(
        &Delivery {
            method: "POST",
            headers: &headers,
            body,
        },
        now(),
    )
}

/// The one event of a signed delivery.
pub(crate) fn event(source: &Source, event: &str, body: &[u8]) -> Incoming {
    only(send(source, event, body).unwrap())
}

pub(crate) fn only(received: Received) -> Incoming {
    match received {
        Received::Events(events) => <[Incoming; 1]>::try_from(events).unwrap().into_iter().next().unwrap(),
        Received::Ignored(reason) => panic!("{reason:?}"),
    }
}
