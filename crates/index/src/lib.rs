//! What is small, mutable and can be rebuilt from the log: leaf hash to index, cursors.
