//! How a log is, as its threads report it.

/// How the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All is well.
    Serving,
    /// The object store failed. Appends go on until the backlog is full.
    SealingStopped(String),
    /// The log is shutting down; what is queued is still committed.
    Stopping,
    /// Somebody outside knows what the log does not, and it was [halted](crate::Halt). Published data is still read, nothing is
    /// appended.
    Halted(String),
    /// The journal failed. Published data is still read, nothing is appended; a new start decides what holds.
    Failed(String),
}
