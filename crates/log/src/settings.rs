//! The engine's limits, each with its unit and default.

use std::time::Duration;

/// How much the engine takes on before it slows its callers down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of entries and attachments that one commit takes from the queue; it takes at least one batch, whatever its size. 1 MiB: at the 300
    /// bytes of a usual entry 3,500 entries, a few milliseconds of work, so that giant batches cannot starve a lone writer. At most 32 MiB, so that with the largest
    /// batch, 64 MiB, it is a frame.
    pub commit_bytes_max: usize,
    /// Bytes of batches (by [`Batch::weight`](crate::Batch::weight)) that are queued or being committed; as many again may wait
    /// for room in the queue before appends are refused. 64 MiB: sixteen commits. At least 8 MiB, as the heaviest batch of entries alone has 6; one with
    /// larger attachments takes all the room there is.
    pub queue_bytes_max: usize,
    /// Bytes of batches that are committed but not yet sealed, and so held in memory. 128 MiB: some 60 batches of the sealer. More of it
    /// makes a burst faster, but not a load that lasts, and a start may have to replay it.
    pub backlog_bytes_max: u64,
    /// Backlog at which the sealer starts without waiting for quiet. 8 MiB: large batches are what makes sled fast.
    pub seal_bytes_min: u64,
    /// After this time without a commit the sealer writes whatever there is, so that all of a quiet log is sealed.
    pub seal_quiet: Duration,
    /// After this time without a commit the sequencer writes a closing record.
    pub closing_quiet: Duration,
    /// Who commits a small append that comes while nobody else commits.
    pub lone_appends: Committer,
}

/// Who runs a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committer {
    /// The sequencer's own thread. Appending never blocks its caller's thread.
    Thread,
    /// The caller, whose thread is blocked for as long as the disk takes to write and sync a sector or two: the answer is there
    /// some 100 us sooner. For a runtime that has other threads to go on with.
    Caller,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            commit_bytes_max: 1 << 20,
            queue_bytes_max: 64 << 20,
            backlog_bytes_max: 128 << 20,
            seal_bytes_min: 8 << 20,
            seal_quiet: Duration::from_secs(1),
            closing_quiet: Duration::from_millis(50),
            lone_appends: Committer::Thread,
        }
    }
}
