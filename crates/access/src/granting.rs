//! Who may give what to whom.

use crate::{Grant, Role};

/// Why somebody may not grant something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MayNotGrant {
    /// The role is not theirs to give.
    #[error("{role} is granted by admin only; an operator grants submitter and monitor")]
    Role {
        /// The role that was to be granted.
        role: Role,
    },
    /// It would reach further than they do.
    #[error("nobody grants beyond their own scope: {wanted} is not within it")]
    Scope {
        /// What was to be granted.
        wanted: Grant,
    },
}

/// Whether somebody with the grants `own` may grant `wanted`. Operators grant submitter and monitor within their own scope, admins every
/// role within theirs.
///
/// # Errors
///
/// If no grant of `own` allows it: the role's error unless only the scope was in the way.
pub fn may_grant(own: &[Grant], wanted: &Grant) -> Result<(), MayNotGrant> {
    let mut refused = MayNotGrant::Role { role: wanted.role };
    for grant in own {
        let gives = match grant.role {
            Role::Admin => true,
            Role::Operator => matches!(wanted.role, Role::Submitter | Role::Monitor),
            Role::Submitter | Role::Reader | Role::Auditor | Role::Monitor | Role::PrivacyOfficer => false,
        };
        if gives {
            if wanted.scope.is_within(&grant.scope) {
                return Ok(());
            }
            refused = MayNotGrant::Scope { wanted: wanted.clone() };
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scope, ScopeParts};

    fn within(role: Role, source: &str) -> Grant {
        let parts = ScopeParts {
            sources: Some(vec![source.to_owned()]),
            actions: None,
        };
        Grant {
            role,
            scope: Scope::try_from(parts).unwrap(),
        }
    }

    #[test]
    fn every_pair_of_roles() {
        for own in Role::ALL {
            for wanted in Role::ALL {
                let may = may_grant(&[Grant::whole(own)], &Grant::whole(wanted)).is_ok();
                let should = match own {
                    Role::Admin => true,
                    Role::Operator => [Role::Submitter, Role::Monitor].contains(&wanted),
                    _ => false,
                };
                assert_eq!(may, should, "{own} grants {wanted}");
            }
        }
    }

    #[test]
    fn never_beyond_the_own_scope() {
        for role in [Role::Operator, Role::Admin] {
            let own = [within(role, "github/acme")];
            assert_eq!(may_grant(&own, &within(Role::Submitter, "github/acme")), Ok(()));
            for wanted in [within(Role::Submitter, "gitlab/x"), Grant::whole(Role::Submitter)] {
                assert_eq!(
                    may_grant(&own, &wanted),
                    Err(MayNotGrant::Scope { wanted: wanted.clone() })
                );
            }
        }
        // Two grants do not add up to one that neither is.
        let own = [within(Role::Operator, "a"), within(Role::Submitter, "b")];
        assert!(may_grant(&own, &within(Role::Submitter, "b")).is_err());
    }
}
