//! Sets of members.

use std::fmt;

use crate::member::Member;

/// Some of the eleven members.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberSet(u16);

impl MemberSet {
    /// None of them.
    pub const NONE: MemberSet = MemberSet(0);
    /// All of them.
    pub const ALL: MemberSet = MemberSet((1 << Member::ALL.len()) - 1);

    /// Whether a member is in it.
    pub fn contains(self, member: Member) -> bool {
        self.0 & bit(member) != 0
    }

    /// The set with this member as well.
    #[must_use]
    pub fn with(self, member: Member) -> Self {
        Self(self.0 | bit(member))
    }

    /// The members that both have.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The members, in their order.
    pub fn iter(self) -> impl Iterator<Item = Member> {
        Member::ALL.into_iter().filter(move |&member| self.contains(member))
    }
}

impl FromIterator<Member> for MemberSet {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        members.into_iter().fold(MemberSet::NONE, MemberSet::with)
    }
}

impl From<Member> for MemberSet {
    fn from(member: Member) -> Self {
        Self(bit(member))
    }
}

/// The names, with commas between them.
impl fmt::Display for MemberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, member) in self.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            f.write_str(member.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for MemberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

fn bit(member: Member) -> u16 {
    1 << member.place()
}
