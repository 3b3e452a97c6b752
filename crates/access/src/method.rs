//! What is asked of a log.

use std::fmt;

/// What is asked of a log, by whichever door it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reading signed heads, keys, health, and what the service says of itself.
    ReadHeads,
    /// A delivery of a configured source, which answers to its own signature.
    Deliver,
    /// Reading proofs of inclusion and consistency, and the key sets by which tokens were checked.
    ReadProofs,
    /// Reading tiles and bundles: every leaf of the log, though no member of an event.
    ReadTiles,
    /// Appending opaque entries.
    Append,
    /// Submitting events.
    SubmitEvents,
    /// Reading events with their members, and evidence of them.
    ReadEvents,
    /// Finding out what an erasure would take, and erasing it.
    Erase,
    /// Placing, listing and releasing legal holds.
    Hold,
    /// Making, listing and revoking tokens.
    ManageTokens,
    /// Letting a second principal approve what was asked for.
    Approve,
    /// Reading what is configured.
    ReadConfiguration,
    /// Reading the service's metrics.
    ReadMetrics,
}

impl Method {
    /// All of them, in the order of the table.
    pub const ALL: [Method; 13] = [
        Method::ReadHeads,
        Method::Deliver,
        Method::ReadProofs,
        Method::ReadTiles,
        Method::Append,
        Method::SubmitEvents,
        Method::ReadEvents,
        Method::Erase,
        Method::Hold,
        Method::ManageTokens,
        Method::Approve,
        Method::ReadConfiguration,
        Method::ReadMetrics,
    ];

    /// As it is written in the table, in events and in errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::ReadHeads => "read-heads",
            Method::Deliver => "deliver",
            Method::ReadProofs => "read-proofs",
            Method::ReadTiles => "read-tiles",
            Method::Append => "append",
            Method::SubmitEvents => "submit-events",
            Method::ReadEvents => "read-events",
            Method::Erase => "erase",
            Method::Hold => "hold",
            Method::ManageTokens => "manage-tokens",
            Method::Approve => "approve",
            Method::ReadConfiguration => "read-configuration",
            Method::ReadMetrics => "read-metrics",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
