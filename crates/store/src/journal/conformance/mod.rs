//! What every home of a journal must do, as a suite: a home passes if [`check_all`] returns.
//!
//! The functions panic with a message, so that they are called from tests. They use neither files nor clocks of their own.

mod attachments;
mod frames;
mod limits;
mod values;

pub use self::attachments::{
    check_attachments, check_blanking, check_blanking_in_front_of_a_key_change, check_reading_together,
    check_refused_blanking,
};
pub use self::frames::{
    check_append_and_replay, check_empty, check_frames_without_entries, check_refusal_of_what_does_not_extend,
};
pub use self::limits::{check_large_frames, check_limits};
use super::{Genesis, Journal};

/// A place where journals live.
pub trait Home {
    /// What the home is a home of.
    type Journal: Journal;

    /// Makes a journal that shares nothing with those made before.
    fn create(&self, genesis: &Genesis) -> Self::Journal;

    /// Lets go of a journal and opens it again. Where nothing outlives the process it is the same journal.
    fn reopen(&self, journal: Self::Journal) -> Self::Journal;
}

/// The whole suite.
pub fn check_all(home: &impl Home) {
    check_empty(home);
    check_append_and_replay(home);
    check_refusal_of_what_does_not_extend(home);
    check_frames_without_entries(home);
    check_attachments(home);
    check_reading_together(home);
    check_blanking(home);
    check_refused_blanking(home);
    check_blanking_in_front_of_a_key_change(home);
    check_limits(home);
    check_large_frames(home);
}
