//! Host names as requests and certificates carry them.

use std::net::IpAddr;

use indelible::net::host::{Authority, CertifiedName};

use super::Verdict;

/// Names and addresses, with ports and without.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "LOCALHOST.:7425",
        "audit.example.com",
        "10.0.0.1:1",
        "[::1]:7425",
        "[::ffff:10.0.0.1]",
        "a_b-c",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// What is printed means the same as what was read, and an address is never taken for a name.
pub fn check(bytes: &[u8]) -> Verdict {
    assert_eq!(CertifiedName::address(bytes).is_some(), [4, 16].contains(&bytes.len()));
    let Ok(text) = str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    if CertifiedName::dns(text).is_some() {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let authority: Authority = name.parse().expect("a certified name is a host");
        assert!(
            authority.to_string().parse::<IpAddr>().is_err(),
            "an address passed for a name"
        );
    }
    let Ok(authority) = text.parse::<Authority>() else {
        return Verdict::Refused;
    };
    let printed = authority.to_string();
    assert_eq!(printed.parse(), Ok(authority), "{text:?} is printed as {printed:?}");
    assert!(printed.len() <= 253 + ":65535".len());
    assert!(!printed.contains(['/', '@', ' ', '*']) && !printed.chars().any(char::is_uppercase));
    Verdict::Accepted
}
