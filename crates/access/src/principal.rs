//! Who asks, and the answer.

use std::fmt;

use serde_json::{Map, Value};

use crate::signed::{NotSigned, Signing};
use crate::table::{Reach, is_public, reach};
use crate::{Grant, Method, Role, Scope, Subject};

/// Who asks: a name, how the service knows it, and what was granted to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// The name, unique within the log: `token/ci-deploy/5f0c…`, `oidc/github/repository_id=123`, `certificate/spiffe://…`.
    pub subject: String,
    /// How the service knows.
    pub authenticated: Authenticated,
    /// What was granted.
    pub grants: Vec<Grant>,
    /// Who granted it, if a principal of this log did.
    pub created_by: Option<String>,
    /// What an issuer attests, in the names that events have for it.
    pub verified: Option<Map<String, Value>>,
    /// By which key it may sign events, and whether it must.
    pub signing: Signing,
}

/// How the service knows who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authenticated {
    /// It does not.
    Not,
    /// By an API token.
    Token,
    /// By the certificate of the connection.
    Certificate,
    /// By the token of an issuer of identities.
    Oidc,
    /// It is the service itself.
    Service,
}

/// That a request may go on, and within which scopes. Only [`Principal::authorise`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a permission is asked for to be used"]
pub struct Permit {
    method: Method,
    /// None: everything.
    scopes: Option<Vec<Scope>>,
    role: Option<Role>,
}

/// That it may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody has said who they are.
    #[error("{method} needs a role, and nobody is named: send a token, a certificate or an identity token of a CI job")]
    Nobody {
        /// What was asked for.
        method: Method,
    },
    /// The principal has no role that may.
    #[error("{subject} has no role that may {method}")]
    NoRole {
        /// Who asked.
        subject: String,
        /// What for.
        method: Method,
    },
    /// It has one, but not for this.
    #[error("{subject} may not {method} of {what}: that is outside of its scope")]
    OutOfScope {
        /// Who asked.
        subject: String,
        /// What for.
        method: Method,
        /// Of what.
        what: String,
    },
    /// It may, but not so: a signature is wrong, or lacks.
    #[error("{subject}: {reason}")]
    Signature {
        /// Who asked.
        subject: String,
        /// What is wrong.
        reason: NotSigned,
    },
}

impl Authenticated {
    /// The word in the `submitter` of an event.
    pub fn as_str(self) -> &'static str {
        match self {
            Authenticated::Not => "none",
            Authenticated::Token => "token",
            Authenticated::Certificate => "mtls",
            Authenticated::Oidc => "oidc",
            Authenticated::Service => "service",
        }
    }
}

impl Principal {
    /// Somebody who has not said who they are, and was granted nothing.
    pub fn anonymous() -> Principal {
        Principal {
            subject: "anonymous".to_owned(),
            authenticated: Authenticated::Not,
            grants: Vec::new(),
            created_by: None,
            verified: None,
            signing: Signing::default(),
        }
    }

    /// Everybody, on a log that is open: whoever it is may do everything.
    pub fn everybody() -> Principal {
        Principal {
            grants: vec![Grant::whole(Role::Admin)],
            ..Principal::anonymous()
        }
    }

    /// Whoever did an act, who is not here any more: a name and no grants.
    pub fn of(by: &Subject) -> Principal {
        Principal {
            subject: by.subject.clone(),
            created_by: by.created_by.clone(),
            ..Principal::anonymous()
        }
    }

    /// Whether it may do this, and within which scopes.
    ///
    /// # Errors
    ///
    /// If no grant reaches it.
    pub fn authorise(&self, method: Method) -> Result<Permit, Denied> {
        if is_public(method) {
            return Ok(Permit {
                method,
                scopes: None,
                role: None,
            });
        }
        let mut scopes = Vec::new();
        let mut outside = None;
        let mut role = None;
        for grant in &self.grants {
            match (reach(grant.role, method), grant.scope.is_all()) {
                (Reach::No, _) => {}
                (Reach::Yes, _) | (_, true) => {
                    return Ok(Permit {
                        method,
                        scopes: None,
                        role: Some(grant.role),
                    });
                }
                (Reach::Scoped, false) => {
                    role.get_or_insert(grant.role);
                    scopes.push(grant.scope.clone());
                }
                (Reach::Whole, false) => outside = Some("all sources"),
            }
        }
        match (scopes.is_empty(), outside, self.grants.is_empty()) {
            (false, _, _) => Ok(Permit {
                method,
                scopes: Some(scopes),
                role,
            }),
            (true, Some(what), _) => Err(self.out_of_scope(method, what)),
            (true, None, true) if self.authenticated == Authenticated::Not => Err(Denied::Nobody { method }),
            (true, None, _) => Err(Denied::NoRole {
                subject: self.subject.clone(),
                method,
            }),
        }
    }

    fn out_of_scope(&self, method: Method, what: &str) -> Denied {
        Denied::OutOfScope {
            subject: self.subject.clone(),
            method,
            what: what.to_owned(),
        }
    }
}

impl Permit {
    /// What it permits.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The role that gave it; none if nobody needs one.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// Whether everybody has it.
    pub fn is_public(&self) -> bool {
        is_public(self.method)
    }

    /// Whether it covers everything, so that nothing has to be left out.
    pub fn is_whole(&self) -> bool {
        self.scopes.is_none()
    }

    /// Whether it covers an event of this source and action. What is not known any more, because it was erased, is covered only by a
    /// permit for everything.
    pub fn covers(&self, source: Option<&str>, action: Option<&str>) -> bool {
        match (&self.scopes, source, action) {
            (None, _, _) => true,
            (Some(scopes), Some(source), Some(action)) => scopes.iter().any(|scope| scope.covers(source, action)),
            (Some(_), _, _) => false,
        }
    }

    /// The sources that it covers, if they can be counted.
    pub fn sources(&self) -> Option<Vec<&str>> {
        let scopes = self.scopes.as_ref()?;
        let each: Option<Vec<_>> = scopes.iter().map(Scope::sources).collect();
        let mut sources: Vec<&str> = each?.into_iter().flatten().map(String::as_str).collect();
        sources.sort_unstable();
        sources.dedup();
        Some(sources)
    }

    /// The refusal of something that it does not cover.
    pub fn outside(&self, principal: &Principal, what: &str) -> Denied {
        principal.out_of_scope(self.method, what)
    }
}

impl fmt::Display for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
