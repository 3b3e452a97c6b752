//! Signed notes, Ed25519 log keys, checkpoints and receipts.
