//! The audit trail on files: what goes into it, and what comes out again.

mod erasure;
mod holds;
mod support;
