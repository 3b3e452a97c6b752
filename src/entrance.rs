//! The way into a log for entries that are only bytes. A log of events has none: what enters it by another door than the
//! [trail](crate::trail) would be no event, found by nobody and submitted by nobody.

use indelible_log::{Appender, Log};

use crate::trail::Trail;

/// Where opaque entries go in, by whichever method they come.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// Here.
    Open(Appender),
    /// Nowhere: the log takes events.
    Events,
}

/// An opaque entry was sent to a log of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this log takes events, not opaque entries: indelible.v1.AuditTrail/Submit takes them, or POST /v1/events; a log of opaque \
     entries is made by indelible init --kind opaque"
)]
pub struct TakesEvents;

impl Entrance {
    /// The entrance of a log, which has a trail if it is one of events.
    pub fn of(log: &Log, trail: Option<&Trail>) -> Entrance {
        match trail {
            None => Entrance::Open(log.appender()),
            Some(_) => Entrance::Events,
        }
    }

    /// What takes the entries.
    ///
    /// # Errors
    ///
    /// If nothing does.
    pub fn appender(&self) -> Result<&Appender, TakesEvents> {
        match self {
            Entrance::Open(appender) => Ok(appender),
            Entrance::Events => Err(TakesEvents),
        }
    }
}
