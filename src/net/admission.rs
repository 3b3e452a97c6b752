//! Whether a request may have been written by a foreign web page: the decision, without any I/O.
//!
//! A log on loopback or inside a company is reachable by every browser there, and so by the pages those browsers show. Three
//! marks of a request that no page can forge say whose page it was:
//!
//! * **`Host` and `:authority`**: a page at `evil.example` whose DNS answer changes to 127.0.0.1 (*DNS rebinding*) is of the
//!   same origin as we are to its browser, but it still asks for `evil.example`. So an unknown host is refused.
//! * **`Origin`** (RFC 6454): sent with whatever may write. One that is not a known host is foreign, and so is `null`.
//! * **`Sec-Fetch-Site`** (W3C Fetch Metadata): only `same-origin` and `none` (typed into the address bar, a bookmark) pass.
//!   `cross-site` is foreign. `same-site` is refused too: a sibling host of the same company, or another port of this
//!   machine, is somebody else's page.
//!
//! Programs other than browsers send none of the last two and reach the log by a known host, so they pass.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::{Authority as UriAuthority, Uri};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::host::{Authority, KnownHosts};

/// Why a request is not let in. The sender's fault, or that of a `hosts` list that lacks a name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Neither `Host` nor `:authority`: RFC 9112 (3.2) requires one.
    #[error("the request names no host")]
    NoHost,
    /// The request is for another host, or for what is no host at all.
    #[error("the host {0:?} is not known here; if it means this log, list it in `hosts` in indelible.toml")]
    UnknownHost(String),
    /// The request was written by a page of another origin.
    #[error("the origin {0:?} is foreign; if its pages belong to this log, list its host in `hosts` in indelible.toml")]
    ForeignOrigin(String),
    /// The browser says that the page that wrote the request is not ours.
    #[error("`Sec-Fetch-Site: {0}` is refused: only `same-origin` and `none` are let in")]
    ForeignSite(String),
}

impl Refusal {
    /// 400 where the request breaks HTTP, else 403, which gRPC clients read as PERMISSION_DENIED.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::NoHost => StatusCode::BAD_REQUEST,
            Refusal::UnknownHost(_) | Refusal::ForeignOrigin(_) | Refusal::ForeignSite(_) => StatusCode::FORBIDDEN,
        }
    }
}

/// Lets a request in, or says why not.
///
/// `uri` is the request's target: over HTTP/2 it carries `:authority`. `arrived_at` is the local address of the connection.
/// Every host and every origin that the request names must be known: one good header excuses no bad one.
pub fn admit(uri: &Uri, headers: &HeaderMap, known: &KnownHosts, arrived_at: Option<IpAddr>) -> Result<(), Refusal> {
    let authority = uri.authority().map(UriAuthority::as_str).map(str::as_bytes);
    let hosts = authority
        .into_iter()
        .chain(headers.get_all(HOST).iter().map(HeaderValue::as_bytes));
    let mut named = false;
    for host in hosts {
        named = true;
        parse(host)
            .filter(|host| known.knows(host, arrived_at))
            .ok_or_else(|| Refusal::UnknownHost(printable(host)))?;
    }
    if !named {
        return Err(Refusal::NoHost);
    }
    for origin in headers.get_all(ORIGIN) {
        origin_host(origin.as_bytes())
            .filter(|host| known.knows(host, arrived_at))
            .ok_or_else(|| Refusal::ForeignOrigin(printable(origin.as_bytes())))?;
    }
    for site in headers.get_all("sec-fetch-site") {
        if site != "same-origin" && site != "none" {
            return Err(Refusal::ForeignSite(printable(site.as_bytes())));
        }
    }
    Ok(())
}

fn parse(host: &[u8]) -> Option<Authority> {
    std::str::from_utf8(host).ok()?.parse().ok()
}

/// The host of a serialised origin (RFC 6454, 6.2). `null` has none, and neither have the pages of extensions and files.
fn origin_host(origin: &[u8]) -> Option<Authority> {
    parse(
        origin
            .strip_prefix(b"http://")
            .or_else(|| origin.strip_prefix(b"https://"))?,
    )
}

/// What a stranger sent, short enough for a log line. The error messages escape it.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED_BYTES_MAX)]).into_owned()
}

/// Longer than any name that DNS knows (253 bytes) with its scheme and port would be cut, and only then.
const QUOTED_BYTES_MAX: usize = 272;

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: (&str, &str) = ("host", "localhost:7425");

    /// What becomes of a request for `target` with these headers, at a log that is known as audit.corp.
    fn check(target: &str, headers: &[(&'static str, &str)]) -> Result<(), Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let known = KnownHosts::new(&["audit.corp".parse().unwrap()], &[]);
        admit(
            &target.parse().unwrap(),
            &map,
            &known,
            Some("10.0.0.5".parse().unwrap()),
        )
    }

    #[test]
    fn who_is_let_in() {
        for (target, headers) in [
            ("/", vec![OURS]),
            ("/", vec![("host", "10.0.0.5:7425")]),
            ("/", vec![("host", "AUDIT.corp")]),
            ("http://localhost:7425/", vec![]),
            ("https://audit.corp/", vec![("host", "audit.corp")]),
            ("/", vec![OURS, ("origin", "http://localhost:7425")]),
            ("/", vec![OURS, ("origin", "https://audit.corp")]),
            ("/", vec![OURS, ("origin", "http://[::1]:7425")]),
            ("/", vec![OURS, ("sec-fetch-site", "same-origin")]),
            ("/", vec![OURS, ("sec-fetch-site", "none")]),
        ] {
            assert_eq!(check(target, &headers), Ok(()), "{target} {headers:?}");
        }
    }

    #[test]
    fn who_is_not() {
        let host = |text: &str| Refusal::UnknownHost(text.into());
        let origin = |text: &str| Refusal::ForeignOrigin(text.into());
        let site = |text: &str| Refusal::ForeignSite(text.into());
        for (target, headers, expected) in [
            ("/", vec![], Refusal::NoHost),
            ("/", vec![("host", "")], host("")),
            ("/", vec![("host", "evil.example")], host("evil.example")),
            ("/", vec![("host", "10.0.0.6")], host("10.0.0.6")),
            (
                "/",
                vec![("host", "localhost@evil.example")],
                host("localhost@evil.example"),
            ),
            ("/", vec![("host", "caf\u{e9}")], host("caf\u{e9}")),
            // Both of them count, whatever the order.
            ("/", vec![OURS, ("host", "evil.example")], host("evil.example")),
            ("http://evil.example/", vec![OURS], host("evil.example")),
            (
                "http://localhost/",
                vec![("host", "evil.example")],
                host("evil.example"),
            ),
            ("http://user@localhost/", vec![], host("user@localhost")),
            ("/", vec![OURS, ("origin", "null")], origin("null")),
            ("/", vec![OURS, ("origin", "")], origin("")),
            ("/", vec![OURS, ("origin", "localhost:7425")], origin("localhost:7425")),
            (
                "/",
                vec![OURS, ("origin", "https://evil.example")],
                origin("https://evil.example"),
            ),
            (
                "/",
                vec![OURS, ("origin", "http://localhost.evil.example")],
                origin("http://localhost.evil.example"),
            ),
            (
                "/",
                vec![OURS, ("origin", "http://localhost/")],
                origin("http://localhost/"),
            ),
            (
                "/",
                vec![OURS, ("origin", "file://localhost")],
                origin("file://localhost"),
            ),
            (
                "/",
                vec![OURS, ("origin", "chrome-extension://localhost")],
                origin("chrome-extension://localhost"),
            ),
            (
                "/",
                vec![OURS, ("origin", "http://localhost"), ("origin", "http://e.example")],
                origin("http://e.example"),
            ),
            ("/", vec![OURS, ("sec-fetch-site", "cross-site")], site("cross-site")),
            ("/", vec![OURS, ("sec-fetch-site", "same-site")], site("same-site")),
            ("/", vec![OURS, ("sec-fetch-site", "")], site("")),
            (
                "/",
                vec![OURS, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
                site("cross-site"),
            ),
        ] {
            assert_eq!(check(target, &headers), Err(expected), "{target} {headers:?}");
        }
    }

    #[test]
    fn a_long_host_is_quoted_in_part() {
        let refusal = check("/", &[("host", &"x".repeat(9_000))]).unwrap_err();
        assert!(refusal.to_string().len() < 400, "{refusal}");
    }
}
