//! RFC 6962 Merkle trees: hashes, ranges, proofs, tiles and batch proofs.
