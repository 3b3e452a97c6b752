//! W3C Trace Context, level 1: the header `traceparent`.

use std::fmt;

use http::HeaderMap;

/// The trace that a request belongs to, and whose span caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceContext {
    pub(super) trace: TraceId,
    pub(super) parent: [u8; 8],
    /// Whether the caller records it.
    pub(super) sampled: bool,
}

/// A trace's name: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceId(pub(super) [u8; 16]);

impl TraceContext {
    /// The one that the head of a request names. One that cannot be read is as good as none (2.2.4: the receiver then begins a trace).
    pub(super) fn of(headers: &HeaderMap) -> Option<TraceContext> {
        let mut values = headers.get_all("traceparent").iter();
        let value = values.next()?;
        match values.next() {
            None => TraceContext::parse(value.as_bytes()),
            Some(_) => None,
        }
    }

    /// version "-" trace-id "-" parent-id "-" trace-flags (3.2). Later versions may have more behind another "-".
    fn parse(value: &[u8]) -> Option<TraceContext> {
        let (known, rest) = value.split_at_checked(LENGTH)?;
        let version = lower_hex::<1>(&known[..2])?[0];
        let ends_well = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|next| *next == b'-'),
        };
        if !ends_well || [2, 35, 52].iter().any(|dash| known[*dash] != b'-') {
            return None;
        }
        let trace = lower_hex(&known[3..35]).filter(|id: &[u8; 16]| *id != [0; 16])?;
        let parent = lower_hex(&known[36..52]).filter(|id: &[u8; 8]| *id != [0; 8])?;
        let flags = lower_hex::<1>(&known[53..])?[0];
        Some(TraceContext {
            trace: TraceId(trace),
            parent,
            sampled: flags & 1 == 1,
        })
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

fn lower_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let bytes = data_encoding::HEXLOWER.decode(digits).ok()?;
    bytes.try_into().ok()
}

const LENGTH: usize = 55;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_the_standard_writes_it() {
        let read = TraceContext::parse(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
        assert_eq!(read.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(read.parent, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert!(read.sampled);
        let later = b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-will-be";
        assert!(!TraceContext::parse(later).unwrap().sampled);
    }

    #[test]
    fn what_is_none_is_none() {
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-0001",
            "00-xbf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(wrong.as_bytes()), None, "{wrong}");
        }
        let mut two = HeaderMap::new();
        for _ in 0..2 {
            let value = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
            two.append("traceparent", value.parse().unwrap());
        }
        assert_eq!(TraceContext::of(&two), None, "two are none");
    }
}
