//! Followers read the log like anybody else, from a cursor that is saved with the effect. What they build can be thrown away
//! and is built again.

mod leaf_index;
mod witnesses;

pub use leaf_index::fill;
pub use witnesses::{Alarm, Asked, Follower, Quorum, Served, Standing, Vouched, WitnessError, Witnesses};
