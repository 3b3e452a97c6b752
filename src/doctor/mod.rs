//! Looks at a data directory and its surroundings, and says what is wrong and what to do about it.
//!
//! It only reads, takes no lock and changes nothing, so that it can be asked while the log is served and while it is not.
//!
//! | folder | what is in it |
//! |---|---|
//! | `facts` | what can be known, without an opinion |
//! | `gather` | finding it out: files, /proc, the network, two clocks |
//! | `judge` | what it means and what to do: no I/O |
//! | `check` | a judgement |

mod check;
mod facts;
mod gather;
mod judge;

pub use self::check::{Check, Health, Report};
pub use self::facts::Facts;
pub use self::gather::{Asked, gather};
pub use self::judge::judge;
