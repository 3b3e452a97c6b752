//! What an audit event of CI/CD access is: who did what to what, when, from where, and what came of it.
//!
//! Pure: no I/O, no clock, no dice. Times and salts are arguments.

pub mod member;
