//! Why bytes are not a policy.

use thiserror::Error;

use super::parse::{EACH_MAX, POLICY_BYTES_MAX};
use crate::key::MalformedKey;

/// Why bytes are not a policy. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedPolicy {
    /// The policy is larger than anybody needs.
    #[error("the policy has {length} bytes, at most {POLICY_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// One of its lines is wrong.
    #[error("line {line} of the policy: {reason}")]
    Line {
        /// The line.
        line: usize,
        /// What is wrong with it.
        reason: BadPolicyLine,
    },
    /// It does not say who must vouch. That would have to be `quorum none`.
    #[error("the policy has no line `quorum`")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPolicyLine {
    /// A control byte other than tab. CRLF line ends are a frequent cause.
    #[error("the control byte {0:02x}")]
    ControlByte(u8),
    /// The line begins with another word.
    #[error("a line begins with log, witness, group, quorum or #, not {found:?}")]
    Keyword {
        /// The word.
        found: String,
    },
    /// The line ends too early.
    #[error("the {what} is missing")]
    Missing {
        /// What should come next.
        what: &'static str,
    },
    /// The line goes on where it should end.
    #[error("{found:?} is one word too many")]
    Surplus {
        /// The first word too many.
        found: String,
    },
    /// There are more logs, witnesses or groups than anybody needs.
    #[error("one {what} too many, at most {EACH_MAX} are allowed")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
    },
    /// A key cannot be used.
    #[error("{found:?}: {reason}")]
    Key {
        /// How the key begins.
        found: String,
        /// What is wrong with it.
        reason: MalformedKey,
    },
    /// The key is that of an earlier line, if under another name. Whoever holds it would count twice.
    #[error("the key of {found:?} stands in an earlier line too")]
    SameKey {
        /// How the key begins.
        found: String,
    },
    /// The name belongs to an earlier witness or group, or is `none`, which means that there is no quorum.
    #[error("the name {name:?} is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// No witness or group before this line has the name.
    #[error("no witness or group before this line is called {name:?}")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A witness or group is a member of two groups, or twice of one. It would count twice.
    #[error("{name:?} is a member of a group already")]
    MemberTwice {
        /// Its name.
        name: String,
    },
    /// The number of members that must vouch cannot be.
    #[error("of {members} members any, all or a number from 1 to {members} must vouch, not {found:?}")]
    Threshold {
        /// What stands for the number.
        found: String,
        /// How many members there are.
        members: usize,
    },
    /// There is a quorum already.
    #[error("a second quorum")]
    SecondQuorum,
    /// The last size of a key is not a number, or not in its one spelling.
    #[error("the last size of a key is a decimal below 2^63 without leading zeros, not {found:?}")]
    LastSize {
        /// What stands for it.
        found: String,
    },
    /// The last size is that of a key which no log of the policy has, or has a last size already.
    #[error("no log of the policy that is still without last size has the key {found:?}, which is written NAME+ID")]
    LastSizeOfNobody {
        /// What stands for the key.
        found: String,
    },
}
