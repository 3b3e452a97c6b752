//! The guard against foreign web pages: a request's target, and behind it a header a line.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use indelible::net::admission::admit;
use indelible::net::host::{CertifiedName, KnownHosts};

use super::Verdict;

/// Requests of programs and of pages of our own.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "/\nhost: localhost:7425",
        "http://audit.corp/x\norigin: https://audit.corp\nsec-fetch-site: same-origin",
        "https://a.ci.example.com:99/\nhost: A.ci.example.com.",
        "/\nhost: [::ffff:127.0.0.1]\norigin: http://10.0.0.5:1\nsec-fetch-site: none",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Only what names this service everywhere is let in; whether it does is told here in another way than the guard tells it.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Ok(uri) = Uri::try_from(lines.next().unwrap_or_default()) else {
        return Verdict::Refused;
    };
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), value) {
            headers.append(name, value);
        }
    }
    let known = KnownHosts::new(
        &["audit.corp".parse().expect("a host")],
        &[CertifiedName::dns("*.ci.example.com").expect("a name")],
    );
    match admit(&uri, &headers, &known, Some(ARRIVED_AT)) {
        Ok(()) => {
            let asked = headers.get_all("host").iter().map(HeaderValue::as_bytes);
            let hosts: Vec<&[u8]> = uri
                .authority()
                .map(|host| host.as_str().as_bytes())
                .into_iter()
                .chain(asked)
                .collect();
            assert!(!hosts.is_empty());
            hosts
                .into_iter()
                .for_each(|host| assert!(is_ours(host), "{host:?} was let in"));
            for origin in headers.get_all("origin") {
                let (scheme, host) = origin.to_str().expect("ASCII").split_once("://").expect("a scheme");
                assert!(
                    ["http", "https"].contains(&scheme) && is_ours(host.as_bytes()),
                    "{origin:?} was let in"
                );
            }
            for site in headers.get_all("sec-fetch-site") {
                assert!(site == "none" || site == "same-origin");
            }
            Verdict::Accepted
        }
        Err(refusal) => {
            assert!(refusal.to_string().len() < 2000, "a refusal repeats what it refuses");
            Verdict::Refused
        }
    }
}

fn is_ours(authority: &[u8]) -> bool {
    let authority = str::from_utf8(authority).expect("ASCII").to_ascii_lowercase();
    let port = authority
        .rfind(':')
        .filter(|colon| authority[colon + 1..].bytes().all(|b| b.is_ascii_digit()));
    let host = match port {
        Some(colon) if !authority.ends_with(']') => &authority[..colon],
        _ => &authority[..],
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.to_canonical().is_loopback() || address.to_canonical() == ARRIVED_AT;
    }
    let label = host.strip_suffix(".ci.example.com");
    ["localhost", "audit.corp"].contains(&host) || label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
}

const ARRIVED_AT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5));
