//! The leaf of an event has one spelling.

use bytes::Bytes;
use indelible_event::{AnyLeaf, Leaf, MalformedLeaf, UnreadableLeaf, member::Event};

use crate::sample::{bytes, event, full_event, sealed};

fn leaf() -> String {
    String::from_utf8(sealed(&event()).leaf().text().to_vec()).unwrap()
}

#[track_caller]
fn refused(text: &str) -> MalformedLeaf {
    Leaf::parse(bytes(text)).unwrap_err()
}

#[test]
fn every_leaf_has_as_many_bytes() {
    for event in [Event::default(), event(), full_event()] {
        assert_eq!(sealed(&event).leaf().text().len(), Leaf::BYTES);
    }
}

#[test]
fn no_other_spelling_is_read() {
    let leaf = leaf();
    let parsed = Leaf::parse(bytes(&leaf)).unwrap();
    assert_eq!(parsed.text(), &leaf);
    let digests = parsed.digests();
    let digest = |place: usize| digests[place].as_str();
    for bad in [
        String::new(),
        "{}".into(),
        leaf.replace("sha-256", "sha-512"),
        leaf.replace("event.v1", "event.v2"),
        leaf.replace(",\"type\"", ", \"type\""),
        format!(" {leaf}"),
        format!("{leaf} "),
        format!("{leaf}\n"),
        leaf.replace("}", ",\"z\":1}"),
        leaf.replace("{\"_sd\"", "{\"Z\":1,\"_sd\""),
        // Ten and twelve digests.
        leaf.replace(&format!(",\"{}\"", digest(10)), ""),
        leaf.replace("],", &format!(",\"{}\"],", "z".repeat(43))),
        // Not in order; the same twice.
        leaf.replace(digest(3), "!")
            .replace(digest(4), digest(3))
            .replace('!', digest(4)),
        leaf.replace(digest(3), digest(4)),
        // Spare bits that are not zero; a letter of the other base64; a digest too short.
        leaf.replace(digest(10), &format!("{}B", "z".repeat(42))),
        leaf.replace(digest(10), &format!("{}+A", "z".repeat(41))),
        leaf.replace(digest(10), &"z".repeat(42)),
    ] {
        refused(&bad);
    }
    for time in [
        "2026-11-22T10:00:00.0Z",
        "2026-11-22t10:00:00z",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00:60Z",
        "2026-11-22T24:00:00Z",
        "2026-13-22T10:00:00Z",
        "2026-11-22T10:00:0Z",
        "1969-11-22T10:00:00Z",
        "2026-11-22T1:00:00-2Z",
    ] {
        let bad = leaf.replace("2026-11-22T10:00:00Z", time);
        assert!(refused(&bad).expected.contains("second") || time.len() != 20, "{time}");
    }
}

#[test]
fn errors_say_where() {
    let error = refused(&leaf().replace("sha-256", "sha-512"));
    assert_eq!((error.at, error.expected), (513, "],\"_sd_alg\":\"sha-256\","));
}

#[test]
fn leaves_are_told_apart_by_their_type() {
    assert_eq!(AnyLeaf::parse(Bytes::new()), Err(UnreadableLeaf::Type));
    let unknown = leaf().replace("event.v1", "event.v2");
    assert_eq!(AnyLeaf::parse(bytes(&unknown)), Err(UnreadableLeaf::Type));
    let spoilt = leaf().replace("sha-256", "sha-512");
    assert!(matches!(AnyLeaf::parse(bytes(&spoilt)), Err(UnreadableLeaf::Event(_))));
    assert!(matches!(
        AnyLeaf::parse(bytes("{\"type\":\"indelible.tombstone.v1\"}")),
        Err(UnreadableLeaf::Type)
    ));
}

#[test]
fn every_flipped_bit_is_another_leaf_or_none() {
    let leaf = leaf();
    let hash = Leaf::parse(bytes(&leaf)).unwrap().hash();
    for at in 0..leaf.len() {
        for bit in 0..8 {
            let mut flipped = leaf.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = Leaf::parse(flipped.into()) {
                assert_ne!(other.hash(), hash);
            }
        }
    }
}
