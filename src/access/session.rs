//! What is known of somebody while they are here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indelible_access::{Authenticated, Bucket, Exhausted, Principal, Rate};
use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::file::Limits;
use crate::room::messages::PrincipalRoom;

/// Somebody who has said who they are, and until when that holds.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) principal: Arc<Principal>,
    pub(super) meter: Option<Arc<Meter>>,
    ends: Option<Timestamp>,
    over: CancellationToken,
}

/// What one principal has asked for lately, by however many connections.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    began: Instant,
    requests: Mutex<Bucket>,
    bytes: Mutex<Bucket>,
    in_flight: AtomicUsize,
    /// For large messages of gRPC.
    pub(super) room: PrincipalRoom,
}

/// One request under way. Dropped when its answer is.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Meter>);

/// A principal is at one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OverLimit {
    #[error("more than {} requests a second ({} at once)", .0.per_second, .0.burst)]
    Requests(Rate, Exhausted),
    #[error("more than {} bytes a second ({} at once)", .0.per_second, .0.burst)]
    Bytes(Rate, Exhausted),
    #[error("{0} requests are under way already")]
    InFlight(usize),
}

impl Session {
    pub(super) fn new(principal: Arc<Principal>, meter: Option<Arc<Meter>>, ends: Option<Timestamp>) -> Session {
        Session {
            principal,
            meter,
            ends,
            over: CancellationToken::new(),
        }
    }

    /// Ends it: what is under way is broken off, and nothing new begins.
    pub(super) fn end(&self) {
        self.over.cancel();
    }

    /// Whether nothing may be given to it any more.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled() || self.ends.is_some_and(|ends| ends <= Timestamp::now())
    }

    /// Resolves when nothing may be given to it any more.
    pub(super) async fn ends(&self) {
        loop {
            let left = self.ends.map(|ends| ends.duration_since(Timestamp::now()));
            let left = match left.map(Duration::try_from) {
                None => Duration::MAX,
                Some(Ok(left)) if !left.is_zero() => left,
                Some(_) => return,
            };
            tokio::select! {
                () = self.over.cancelled() => return,
                // The clock may be set meanwhile, and a timer would not notice.
                () = sleep(left.min(LOOK_EVERY)) => {}
            }
        }
    }

    /// How somebody is told that it is over.
    pub(super) fn words(&self) -> &'static str {
        match self.principal.authenticated {
            Authenticated::Certificate => "the client's certificate has expired",
            Authenticated::Oidc => "the identity token has expired",
            _ => "the token was revoked or has expired",
        }
    }
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Meter {
        Meter {
            limits,
            began: Instant::now(),
            requests: Mutex::default(),
            bytes: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            room: PrincipalRoom::of_principal(),
        }
    }

    /// Lets a request in, if the principal is below its limits.
    pub(super) fn enter(self: &Arc<Meter>) -> Result<InFlight, OverLimit> {
        let now = self.began.elapsed();
        let before = self.in_flight.fetch_add(1, Ordering::AcqRel);
        // Given back when it is dropped, refused or not.
        let entered = InFlight(self.clone());
        if before >= self.limits.in_flight {
            return Err(OverLimit::InFlight(before));
        }
        if let Some(rate) = self.limits.bytes {
            let mut bucket = self.bytes.lock().expect(NO_PANIC);
            bucket.take(0, rate, now).map_err(|over| OverLimit::Bytes(rate, over))?;
        }
        if let Some(rate) = self.limits.requests {
            let mut bucket = self.requests.lock().expect(NO_PANIC);
            bucket
                .take(1, rate, now)
                .map_err(|over| OverLimit::Requests(rate, over))?;
        }
        Ok(entered)
    }
}

impl InFlight {
    /// Counts bytes that have come, and says how long to wait before more are read.
    pub(super) fn charge(&self, bytes: usize) -> Duration {
        let Some(rate) = self.0.limits.bytes else {
            return Duration::ZERO;
        };
        let now = self.0.began.elapsed();
        let mut bucket = self.0.bytes.lock().expect(NO_PANIC);
        bucket.charge(bytes as u64, rate, now);
        bucket.debt(rate, now)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl OverLimit {
    /// When to come back.
    pub(super) fn retry_after(self) -> Duration {
        match self {
            OverLimit::Requests(_, over) | OverLimit::Bytes(_, over) => over.retry_after,
            OverLimit::InFlight(_) => SOON,
        }
    }
}

const NO_PANIC: &str = "nobody panics while a bucket is filled";

/// Streams that are not cut short wake this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What is under way ends within this, if it is an append.
const SOON: Duration = Duration::from_millis(100);
