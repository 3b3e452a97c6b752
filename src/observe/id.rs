//! The id of a request.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;

/// Names one request of this process: 16 hexadecimal digits. As the id of its span it is never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(NonZeroU64);

/// Gives ids. No two of a process are the same, and those of two processes hardly ever.
#[derive(Debug)]
pub(super) struct Ids {
    seed: u64,
    next: AtomicU64,
}

tokio::task_local! {
    pub(super) static CURRENT: RequestId;
}

/// The id of the request that is being answered here; `None` where none is, and in tasks and threads that one has started.
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(|id| *id).ok()
}

impl RequestId {
    pub(super) fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("hexadecimal digits are a header's value")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Ids {
    /// Begins anywhere. Without random bytes at the first number: ids are names, not secrets.
    pub(super) fn new() -> Ids {
        let mut seed = [0; 8];
        let _ = getrandom::fill(&mut seed);
        Ids {
            seed: u64::from_be_bytes(seed),
            next: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self) -> RequestId {
        loop {
            let number = self.seed.wrapping_add(self.next.fetch_add(1, Ordering::Relaxed));
            if let Some(id) = NonZeroU64::new(mixed(number)) {
                return RequestId(id);
            }
        }
    }

    /// What this process calls the traces that begin with it.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014), the last step of SplitMix64. A bijection, so that
/// numbers which differ stay different.
fn mixed(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_have_sixteen_digits() {
        let ids = Ids::new();
        let given: HashSet<String> = (0..10_000).map(|_| ids.next().to_string()).collect();
        assert_eq!(given.len(), 10_000);
        assert!(given.iter().all(|id| id.len() == 16));
    }

    #[tokio::test]
    async fn only_where_a_request_is_answered_there_is_an_id() {
        assert_eq!(current(), None);
        let id = Ids::new().next();
        assert_eq!(CURRENT.scope(id, async { current() }).await, Some(id));
    }
}
