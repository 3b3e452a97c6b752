//! A log of one event, for tests.

use indelible_event::member::{Action, Claims, Delivery, Event, Occurred, OccurredFrom, Verb};
use indelible_event::{EvidenceLine, EvidenceTrust, EvidenceVerifier, Salts, Sealed, Second};
use indelible_merkle::TreeHead;
use indelible_note::{KeyChain, Receipt, SigningKey, sign_checkpoint};
use jiff::Timestamp;

/// A name that clears the screen, by an escape of one byte and of two, and turns what follows around.
pub(in crate::cmd) const HOSTILE: &str = "\u{1b}[2J\u{9b}1m\u{202e}kcatta";

/// An event whose action has a hostile name.
pub(in crate::cmd) fn hostile_event() -> Event {
    Event {
        claims: Claims {
            action: Some(Action {
                name: HOSTILE.to_owned(),
                verb: Verb::Other,
                class: None,
            }),
            occurred: Some(Occurred {
                at: now(),
                from: OccurredFrom::Receipt,
            }),
            ..Claims::default()
        },
        delivery: Some(Delivery {
            source: "s".to_owned(),
            key: None,
            received: now(),
        }),
        ..Event::default()
    }
}

/// The line of an event in a log that has no other, and a verifier that trusts that log.
pub(in crate::cmd) fn line(event: &Event) -> (EvidenceLine, EvidenceVerifier) {
    let key = SigningKey::from_seed("test.example/log".parse().unwrap(), [7; 32]);
    let salts = Salts::from_random(&std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let sealed = Sealed::seal(event, &salts, Second::of(now())).unwrap();
    let head = TreeHead {
        size: 1,
        root: sealed.leaf().hash(),
    };
    let checkpoint = sign_checkpoint(head, &key).into_inner();
    let (leaf, disclosures) = sealed.into_parts();
    let line = EvidenceLine::Event {
        leaf,
        receipt: Receipt::new(0, Vec::new(), checkpoint),
        disclosures: disclosures.into(),
        raw: None,
    };
    let trust = EvidenceTrust::Keys(KeyChain::of(key.verifier()));
    (line, EvidenceVerifier::new(trust))
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}
