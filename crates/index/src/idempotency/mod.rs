//! An event that is sent twice becomes one leaf (EVENTS.md 2).
//!
//! An event is told by its [`Identity`]: the HMAC of its source and the sender's key. Whether two events of one identity say
//! the same is told by their [`ContentMac`]s. Three parts, from the oldest entries of the log to the newest submission:
//!
//! ```text
//! index 0                       table's size              desk's oldest            newest submission
//!   │  KeyTable (SQLite), filters in │                           │                        │
//!   │  front of it: 12 bits a key    │                           │                        │
//!   ├───────────────────────────────┤                           │                        │
//!                        │    Desk (memory): in flight, or published and not known to be in the table; bounded
//!                        └────────────────────────────────────────────────────────────────┘
//! ```
//!
//! They overlap, never gape: the [`Desk`] lets go of a key only when it is told that the table has it, and it takes an answer of
//! the table for "nobody has this key" only if that answer covers all that the desk has let go of. Both are
//! pure rules of [`Desk`]; [`Idempotency`] is the shell around them.

mod desk;
mod filter;
mod identity;
mod shell;
mod table;

pub use desk::{Begun, Desk, PENDING_MAX, Sought, Tabled, Ticket};
pub use identity::{Content, ContentMac, Identity};
pub use shell::{Behind, Idempotency};
pub use table::{KeyRow, KeyTable, PARTITION_KEYS};
