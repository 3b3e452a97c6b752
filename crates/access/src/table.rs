//! The table of who may do what: the only place that says so.

use std::fmt;

use crate::{Method, Role};

/// How far a role reaches with a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    No,
    /// Whatever the scope of the grant: what is asked for is of no source.
    Yes,
    /// Within the scope of the grant.
    Scoped,
    /// Only if the grant has no scope: what is asked for concerns all sources.
    Whole,
}

/// Whether a method needs a role at all.
pub fn is_public(method: Method) -> bool {
    match method {
        // Heads are what everybody holds against the log; a delivery answers to its signature.
        Method::ReadHeads | Method::Deliver => true,
        Method::ReadProofs
        | Method::ReadTiles
        | Method::Append
        | Method::SubmitEvents
        | Method::ReadEvents
        | Method::Erase
        | Method::Hold
        | Method::ManageTokens
        | Method::Approve
        | Method::ReadConfiguration
        | Method::ReadMetrics => false,
    }
}

/// How far `role` reaches with `method`, of those that are not public.
pub fn reach(role: Role, method: Method) -> Reach {
    use Method as M;
    use Reach::{No, Scoped, Whole, Yes};
    match (method, role) {
        (M::ReadHeads | M::Deliver, _) => Yes,
        (M::ReadProofs, Role::Reader | Role::Auditor | Role::Monitor | Role::Admin) => Yes,
        // Every leaf of the log is in the tiles, so that no scope can be kept.
        (M::ReadTiles, Role::Auditor | Role::Monitor | Role::Admin) => Whole,
        // Opaque entries are of no source.
        (M::Append, Role::Submitter | Role::Admin) => Whole,
        (M::SubmitEvents, Role::Submitter | Role::Admin) => Scoped,
        (M::ReadEvents, Role::Reader | Role::Auditor | Role::Admin) => Scoped,
        // A person is in the events of all sources, and so is what is held for a court.
        (M::Erase | M::Hold, Role::PrivacyOfficer | Role::Admin) => Whole,
        // What exactly may be granted, `may_grant` says.
        (M::ManageTokens, Role::Operator | Role::Admin) => Yes,
        // Whoever approves must be able to do the same, which is checked where it is known what it is.
        (M::Approve, Role::PrivacyOfficer | Role::Admin) => Whole,
        (M::ReadConfiguration, Role::Operator | Role::Admin) => Yes,
        (M::ReadMetrics, Role::Monitor | Role::Operator | Role::Admin) => Yes,
        (
            M::ReadProofs
            | M::ReadTiles
            | M::Append
            | M::SubmitEvents
            | M::ReadEvents
            | M::Erase
            | M::Hold
            | M::ManageTokens
            | M::Approve
            | M::ReadConfiguration
            | M::ReadMetrics,
            _,
        ) => No,
    }
}

/// The table as text: a row a method, a column a role.
#[derive(Clone, Copy, Debug)]
pub struct Table;

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<19}", "method")?;
        for role in Role::ALL {
            write!(f, "{role:<16}")?;
        }
        writeln!(f)?;
        for method in Method::ALL {
            write!(f, "{method:<19}")?;
            for role in Role::ALL {
                let cell = match (is_public(method), reach(role, method)) {
                    (true, _) => "public",
                    (_, Reach::No) => "-",
                    (_, Reach::Yes) => "yes",
                    (_, Reach::Scoped) => "scope",
                    (_, Reach::Whole) => "whole",
                };
                write!(f, "{cell:<16}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
