//! Tests of the crate from outside, in one binary.

mod common;
mod interop;
mod vectors;
