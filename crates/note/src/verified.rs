//! The mark of a check that succeeded.

use std::ops::Deref;

/// A value whose signature was checked with a key that the caller trusts, or made with the caller's own key.
///
/// Nothing outside this crate can make one. What exactly was checked is said by the function that returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// To be called at the end of a check, with what was checked.
    pub(crate) fn after_check(value: T) -> Self {
        Self(value)
    }

    /// Gives the value and drops the mark.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
