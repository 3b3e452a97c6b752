//! Paths of tiles and entry bundles (C2SP tlog-tiles).

use indelible_merkle::TilePath;

use super::Verdict;

/// The path of every kind that there is.
pub fn seeds() -> Vec<Vec<u8>> {
    let paths = [
        "tile/0/000",
        "tile/63/x001/x234/067.p/255",
        "tile/entries/x001/000.p/1",
        "tile/entries/255",
    ];
    paths.map(|path| path.as_bytes().to_vec()).to_vec()
}

/// A path has one spelling, and leads nowhere outside of the folder that it is read in.
pub fn check(bytes: &[u8]) -> Verdict {
    let Some(path) = str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse::<TilePath>().ok())
    else {
        return Verdict::Refused;
    };
    assert_eq!(path.to_string().as_bytes(), bytes);
    assert!(bytes.starts_with(b"tile/") && bytes.len() < 60);
    assert!(
        !bytes
            .windows(2)
            .any(|pair| [b"..", b"//"].contains(&pair.try_into().expect("two")))
    );
    assert!((1..=256).contains(&path.width()));
    assert!(!path.is_within(0) && (!path.to_full().is_within(u64::MAX) || path.is_within(u64::MAX)));
    Verdict::Accepted
}
