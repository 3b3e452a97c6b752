//! Which events are of an actor, on a target, of a verb: answered by index, from tables that hold no values.
//!
//! An event is a handful of [`Term`]s, each the HMAC of a [`Field`] and its value, and two times. A [`Query`] asks for events that
//! have one term of each of its clauses, within times, in the order of the log. The answer is indexes: whoever shows the events
//! reads them from the log, and so shows what is erased as erased.
//!
//! What cannot be asked: parts of values. Who wants text inside of members reads the log.

mod query;
mod row;
mod scan;
mod span;
mod table;
mod term;

pub use query::{Order, Page, Query};
pub use row::EventRow;
pub use table::{EventIndex, PARTITION_EVENTS};
pub use term::{Field, Term};
