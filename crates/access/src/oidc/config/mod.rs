//! Which issuers are believed, and for what: the `[[issuer]]` of a configuration.
//!
//! Everything is checked when it is read. A token is not held against a rule that could never have been meant.

mod audience;
mod condition;
mod issuer;
mod issuers;
mod pattern;
mod preset;
mod rule;
mod source;
mod unknown;
mod url;

pub use audience::AUDIENCE_BYTES_MAX;
pub(super) use condition::ClaimPath;
pub use issuer::{
    Issuer, LIFETIME_SECONDS_DEFAULT, LIFETIME_SECONDS_MAX, RULES_MAX, SKEW_SECONDS_DEFAULT, SKEW_SECONDS_MAX,
};
pub use issuers::{ISSUERS_MAX, Issuers};
pub use preset::Preset;
pub use rule::Rule;
pub use source::KeySource;
pub use url::IssuerUrl;
