//! Erasing: members of events are overwritten where they are kept, and the log stays what it was.
//!
//! ```text
//!  Wanted ──► plan: which members of which events ──► holds refuse ──► tombstones, each a commit of its own ──► Eraser blanks them
//!  (by index, or by a text)    (Plan)                                   from here on nobody is given them        Follower: the tables
//! ```
//!
//! 1. [`Trail::plan_erasure`](super::Trail::plan_erasure) reads the log and says what would be erased. It changes nothing, and the text is kept nowhere.
//! 2. [`Trail::erase`](super::Trail::erase) commits it. A crash in front of the tombstone: nothing has happened. Behind it: the next
//!    start reads the tombstone, gives nobody what it names, and carries it out.
//! 3. [`Eraser`] overwrites. A crash leaves some of it overwritten; the next start does all of it again, which changes nothing.

mod carried_out;
mod commit;
mod eraser;
mod needle;
mod plan;
mod scan;
mod strings;

pub(super) use carried_out::CarriedOutFile;
pub use carried_out::{CarriedOut, CarriedOutError};
pub use commit::EraseError;
pub use eraser::Eraser;
pub use needle::{BadNeedle, NEEDLE_BYTES_MAX, Needle};
pub use plan::{Plan, SAID_MAX, Said, TooMany};
pub use scan::{PlanError, Wanted};
