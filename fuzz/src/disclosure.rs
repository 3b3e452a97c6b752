//! Disclosures: a byte that says of what and in which form, then the disclosure.

use bytes::Bytes;
use indelible_event::member::Event;
use indelible_event::{Disclosure, Salts, Sealed, TombstoneDisclosure};

use super::Verdict;
use super::trail::{EVENTS, TOMBSTONE, is_genuine, second};

/// Those of an event and of a tombstone, as bytes and as text.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let members = EVENTS[0].disclosures().iter();
    let members = members.flat_map(|one| [seed(0, one.bytes()), seed(1, one.to_text().as_bytes())]);
    let reasons = TOMBSTONE.disclosures().iter();
    let reasons = reasons.flat_map(|one| [seed(2, one.bytes()), seed(3, one.to_text().as_bytes())]);
    members.chain(reasons).collect()
}

/// A disclosure has one spelling in either form, and the member that it shows is written again as it was read; a leaf opens to its own
/// only.
pub fn check(bytes: &[u8]) -> Verdict {
    let Some((kind, rest)) = bytes.split_first() else {
        return Verdict::Refused;
    };
    let text = || str::from_utf8(rest).ok();
    let accepted = match kind % 4 {
        0 => Disclosure::parse(Bytes::copy_from_slice(rest)).ok().inspect(|one| {
            assert_eq!(one.bytes(), rest);
            member(one);
        }),
        1 => text()
            .and_then(|text| Disclosure::parse_text(text).ok())
            .inspect(|one| {
                assert_eq!(one.to_text().as_bytes(), rest);
                member(one);
            }),
        2 => {
            let read = TombstoneDisclosure::parse(Bytes::copy_from_slice(rest));
            return reason(read.ok().inspect(|one| assert_eq!(one.bytes(), rest)));
        }
        _ => {
            let read = text().and_then(|text| TombstoneDisclosure::parse_text(text).ok());
            return reason(read.inspect(|one| assert_eq!(one.to_text().as_bytes(), rest)));
        }
    };
    match accepted {
        Some(_) => Verdict::Accepted,
        None => Verdict::Refused,
    }
}

fn member(one: &Disclosure) {
    assert_eq!(&Disclosure::parse_text(&one.to_text()).expect("its own text"), one);
    for event in EVENTS.iter() {
        assert!(
            event.leaf().open(one.clone()).is_err() || is_genuine(one),
            "a leaf opens to another member"
        );
    }
    let mut event = Event::default();
    if let Some(value) = one.value() {
        assert_eq!(value.member(), one.member());
        event.set(value);
    }
    let sealed =
        Sealed::seal(&event, &Salts::from_random(&[0; Salts::BYTES]), second()).expect("a member that was read");
    let again = &sealed.disclosures()[one.member().place()];
    assert_eq!(again.value_json(), one.value_json());
}

fn reason(read: Option<TombstoneDisclosure>) -> Verdict {
    let Some(one) = read else { return Verdict::Refused };
    assert_eq!(
        TombstoneDisclosure::parse_text(&one.to_text()).expect("its own text"),
        one
    );
    let genuine = TOMBSTONE.disclosures().contains(&one);
    assert_eq!(TOMBSTONE.leaf().open(one).is_ok(), genuine);
    Verdict::Accepted
}
