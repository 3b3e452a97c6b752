//! Host names as requests carry them, and the set of those that mean this service.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A host and perhaps a port, as `Host`, `:authority` and an origin carry them (RFC 3986, 3.2, without user information).
///
/// Names are kept in lower case and without the dot at their end; an IPv4 address that is written as IPv6 is kept as IPv4.
/// So two that mean the same host are equal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authority {
    host: Host,
    port: Option<u16>,
}

/// The text is no host: a name of letters, digits, `-`, `_` and `.`, an IPv4 address, or an IPv6 address in brackets, each
/// perhaps with `:` and a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("is not a host name or address, with or without a port")]
pub struct NotAHost;

/// The hosts by which the service answers.
///
/// Loopback (`localhost`, 127.0.0.0/8, `[::1]`) and the address on which a connection arrived are always known, on any port:
/// forwarding changes ports, and a web page that is to be kept out gives itself away by its name, not by its port.
#[derive(Clone, Debug, Default)]
pub struct KnownHosts {
    configured: Vec<Authority>,
    certified: Vec<CertifiedName>,
}

/// A name out of a TLS certificate's subject alternative names (RFC 9525). Known on any port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertifiedName(Certified);

impl KnownHosts {
    /// `configured` are known on their port, or on any port if they have none; `certified` on any port.
    pub fn new(configured: &[Authority], certified: &[CertifiedName]) -> KnownHosts {
        KnownHosts {
            configured: configured.to_vec(),
            certified: certified.to_vec(),
        }
    }

    /// Whether a request for `asked` means this service, if its connection arrived on the address `arrived_at`.
    pub(crate) fn knows(&self, asked: &Authority, arrived_at: Option<IpAddr>) -> bool {
        asked.is_loopback()
            || arrived_at.is_some_and(|address| asked.host == Host::Address(address.to_canonical()))
            || self.configured.iter().any(|known| known.covers(asked))
            || self.certified.iter().any(|known| known.covers(&asked.host))
    }
}

impl CertifiedName {
    /// A DNS name of a certificate, `None` if it is no host name. `*.example.com` covers one label: `a.example.com`, but
    /// neither `example.com` nor `a.b.example.com`.
    pub fn dns(name: &str) -> Option<CertifiedName> {
        let (parent, wildcard) = match name.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (name, false),
        };
        match Host::from_str(parent).ok()? {
            Host::Name(parent) if wildcard => Some(CertifiedName(Certified::OneLabelUnder(parent))),
            host @ Host::Name(_) => Some(CertifiedName(Certified::Exactly(host))),
            Host::Address(_) => None,
        }
    }

    /// An address of a certificate, as its 4 or 16 bytes in network order; `None` for any other length.
    pub fn address(bytes: &[u8]) -> Option<CertifiedName> {
        let address = match bytes.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
            16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
            _ => return None,
        };
        Some(CertifiedName(Certified::Exactly(Host::Address(address.to_canonical()))))
    }

    fn covers(&self, asked: &Host) -> bool {
        match (&self.0, asked) {
            (Certified::Exactly(known), asked) => known == asked,
            (Certified::OneLabelUnder(parent), Host::Name(name)) => name
                .split_once('.')
                .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
            (Certified::OneLabelUnder(_), Host::Address(_)) => false,
        }
    }
}

impl Authority {
    fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Name(name) => name == "localhost",
            Host::Address(address) => address.is_loopback(),
        }
    }

    /// Whether this configured host means `asked`. One that is asked without a port stands for the default port of http or
    /// of https: which of the two, a proxy in front knows and we do not.
    fn covers(&self, asked: &Authority) -> bool {
        let port = match (self.port, asked.port) {
            (None, _) => true,
            (Some(known), Some(asked)) => known == asked,
            (Some(known), None) => [80, 443].contains(&known),
        };
        port && self.host == asked.host
    }
}

impl FromStr for Authority {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Authority, NotAHost> {
        let end_of_host = match text.strip_prefix('[') {
            Some(address) => address.find(']').ok_or(NotAHost)? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, port) = text.split_at(end_of_host);
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().map_err(|_| NotAHost)?),
            None if port.is_empty() => None,
            _ => return Err(NotAHost),
        };
        Ok(Authority {
            host: host.parse()?,
            port,
        })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => f.write_str(name)?,
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Host {
    /// In lower case, without the dot at its end.
    Name(String),
    /// Never an IPv4 address in IPv6 clothing.
    Address(IpAddr),
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Certified {
    Exactly(Host),
    OneLabelUnder(String),
}

impl FromStr for Host {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Host, NotAHost> {
        if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = address.parse().map_err(|_| NotAHost)?;
            return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
        }
        // The dot goes first: browsers take 127.0.0.1. for the address too, and printed it would be one.
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Ok(Host::Address(IpAddr::V4(address)));
        }
        let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if name.is_empty() || name.ends_with('.') || name.len() > NAME_BYTES_MAX || !name.bytes().all(of_a_name) {
            return Err(NotAHost);
        }
        Ok(Host::Name(name.to_ascii_lowercase()))
    }
}

/// RFC 1035 allows 255 bytes on the wire: 253 as text, without the root's dot.
const NAME_BYTES_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_read_and_printed() {
        for (text, printed) in [
            ("localhost", "localhost"),
            ("LOCALHOST.:7425", "localhost:7425"),
            ("Audit.Example.COM:443", "audit.example.com:443"),
            ("my_service-1", "my_service-1"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("127.0.0.1.:1", "127.0.0.1:1"),
            ("[::1]:7425", "[::1]:7425"),
            ("[::ffff:10.0.0.1]", "10.0.0.1"),
        ] {
            assert_eq!(text.parse::<Authority>().unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        let long = "a".repeat(254);
        for text in [
            "",
            ":",
            ":80",
            ".",
            "a..",
            "1.2.3.4..",
            "a:",
            "a:b",
            "a:+1",
            "a:65536",
            "a:1:2",
            "a b",
            "a/b",
            "user@localhost",
            "*.a",
            "ü",
            "[::1",
            "[::1]x",
            "[::1]80",
            "[127.0.0.1]",
            "::1",
            "[]",
            "http://localhost",
            "a,b",
            &long,
        ] {
            assert_eq!(text.parse::<Authority>(), Err(NotAHost), "{text}");
        }
    }

    #[test]
    fn hosts_are_known_by_table() {
        let configured: Vec<Authority> = ["audit.corp", "proxy.corp:8443", "web.corp:443"]
            .iter()
            .map(|host| host.parse().unwrap())
            .collect();
        let certified: Vec<CertifiedName> = ["log.example.com", "*.ci.example.com", "Ci.Example.NET."]
            .into_iter()
            .filter_map(CertifiedName::dns)
            .collect();
        let certified = [certified, vec![CertifiedName::address(&[10, 9, 8, 7]).unwrap()]].concat();
        let known = KnownHosts::new(&configured, &certified);
        let arrived_at = Some("::ffff:192.168.1.5".parse().unwrap());
        for (asked, expected) in [
            ("localhost", true),
            ("LocalHost:1", true),
            ("localhost.", true),
            ("127.0.0.1:7425", true),
            ("127.9.9.9", true),
            ("127.0.0.1.", true),
            ("[::1]:99", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost.evil.example", false),
            ("a.localhost", false),
            ("128.0.0.1", false),
            ("[::2]", false),
            ("192.168.1.5:7425", true),
            ("192.168.1.6", false),
            ("audit.corp", true),
            ("audit.corp:9", true),
            ("x.audit.corp", false),
            ("proxy.corp:8443", true),
            ("proxy.corp", false),
            ("proxy.corp:443", false),
            ("web.corp", true),
            ("web.corp:443", true),
            ("web.corp:80", false),
            ("log.example.com:1", true),
            ("a.ci.example.com", true),
            ("ci.example.com", false),
            ("a.b.ci.example.com", false),
            (".ci.example.com", false),
            ("ci.example.net", true),
            ("10.9.8.7", true),
            ("0.0.0.0", false),
        ] {
            assert_eq!(known.knows(&asked.parse().unwrap(), arrived_at), expected, "{asked}");
        }
        assert!(
            !known.knows(&"192.168.1.5".parse().unwrap(), None),
            "no address without a connection"
        );
    }

    #[test]
    fn a_certificate_may_hold_what_is_no_name() {
        for name in [
            "",
            "*",
            "*.",
            "a b",
            "10.0.0.1",
            "*.10.0.0.1",
            "10.0.0.1.",
            "*.*.example.com",
            "a.*.example.com",
            "fo*.example.com",
        ] {
            assert_eq!(CertifiedName::dns(name), None, "{name}");
        }
        for length in [0, 3, 5, 15, 17] {
            assert_eq!(CertifiedName::address(&vec![1; length]), None, "{length} bytes");
        }
        assert!(CertifiedName::address(&[0; 16]).is_some());
    }
}
