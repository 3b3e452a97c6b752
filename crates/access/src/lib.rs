//! Who asks, and whether they may. Pure: no I/O, no clock, no dice.

pub mod oidc;
