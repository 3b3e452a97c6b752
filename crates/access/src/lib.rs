//! Who may do what on a log: decided purely, from what was configured, what was granted and who asks.
//!
//! ```text
//!  token, certificate, identity of a CI job ──► Principal: who it is, and its Grants (a Role, within a Scope)
//!                                                   │
//!              the table: Method × Role ────────────┼──► Permit, which says within which scopes, or Denied
//!                                                   │
//!                         Granting: who may give what to whom      Approvals: what needs a second principal
//! ```
//!
//! * [`table`] is the one place that says which role may do what; `indelible access table` prints it.
//! * [`Permit`] is made by [`Principal::authorise`] alone: a handler that has none has not asked.
//! * [`token`] makes and reads API tokens; the log keeps their hashes. [`oidc`] reads identity tokens of CI jobs.
//! * [`signed`] checks what a job has signed with a key that its token is bound to.
//! * [`Act`] is everything that changes who may do what, as it stands in the log's own events; [`Registry`] is what they come to.
//!
//! No I/O, no clock, no dice: whoever calls brings the time and the random bytes.

mod act;
mod approval;
mod grant;
mod granting;
mod limit;
mod method;
pub mod oidc;
mod principal;
mod registry;
mod role;
mod scope;
pub mod signed;
pub mod table;
pub mod token;

pub use act::{Act, NewToken, Requested, Subject};
pub use approval::{Approval, ApprovalError, ApprovalId, Approvals, Approved, WhatFor};
pub use grant::Grant;
pub use granting::{MayNotGrant, may_grant};
pub use limit::{Bucket, Exhausted, Rate};
pub use method::Method;
pub use principal::{Authenticated, Denied, Permit, Principal};
pub use registry::{BadToken, Registry, TokenRecord};
pub use role::{BadRole, Role};
pub use scope::{BadScope, Scope, ScopeParts};
