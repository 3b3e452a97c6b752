//! Where a witness publishes what it cosigned.

use sha2::{Digest, Sha256};

use crate::name::KeyName;

/// The path, below the monitoring prefix of a witness, of the note that it cosigned last for a log: the SHA-256 of the origin in
/// lowercase hex, and `/checkpoint`.
pub fn checkpoint_path(origin: &KeyName) -> String {
    let digest = Sha256::digest(origin.as_str().as_bytes());
    let mut path: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    path.push_str("/checkpoint");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest by another program: `printf %s example.com/log/testdata | sha256sum`.
    #[test]
    fn the_path_is_the_digest_of_the_origin_alone() {
        assert_eq!(
            checkpoint_path(&"example.com/log/testdata".parse().unwrap()),
            "6994c64086cc171ca46c749d036fd313bac575a8b2b2a2b9874ef097775714d5/checkpoint"
        );
    }
}
