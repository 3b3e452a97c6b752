//! The description of a log in its genesis frame.

use indelible_log::{Description, Kind};

use super::Verdict;
use super::sample::VKEY;

/// That of a new log.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![Description::new(Kind::Opaque, VKEY.clone()).to_string().into_bytes()]
}

/// A description has one text.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(description) = Description::of(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(description.to_string().as_bytes(), bytes);
    assert_eq!(&description.origin, description.vkey.name());
    assert!(description.volume_entries > 0 && description.volume_entries.is_multiple_of(256));
    Verdict::Accepted
}
