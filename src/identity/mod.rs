//! Who asks.

pub mod oidc;
