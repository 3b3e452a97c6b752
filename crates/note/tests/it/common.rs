//! What the tests share: the public test log (its private key too is public) and one of its receipts.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_note::{SigningKey, VerifierKey};
use sha2::{Digest, Sha256};

pub(crate) const LOG_SKEY: &str =
    "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
pub(crate) const LOG_VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// Entry 3 of the test log, `four`, in its tree of 15 entries.
pub(crate) const RECEIPT: &str = "c2sp.org/tlog-proof@v1
index 3
Zx8UbF5HHooag6PCFM5LqQe486WIjRTMjNPOdbsS75Q=
T1X2GdkhUjV3iyufF9b0kVsWFxIU0VI4EpNml2Teci4=
g0ZoeYWtIV8Q8i+4CmgqPnBvH2il107lyCgTQsyB7H4=
5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=

example.com/log/testdata
15
rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=

— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=
";

/// A signature line by a key that nobody here knows.
pub(crate) const UNKNOWN_LINE: &str = "— witness.example AAAAAAAA\n";

/// The checkpoint of 15 entries, which ends [`RECEIPT`].
pub(crate) fn checkpoint() -> &'static str {
    RECEIPT.split_once("\n\n").unwrap().1
}

pub(crate) fn signing_key() -> SigningKey {
    LOG_SKEY.parse().unwrap()
}

pub(crate) fn verifier_key() -> VerifierKey {
    LOG_VKEY.parse().unwrap()
}

/// The text of a key with any type and bytes; its id is the right one.
pub(crate) fn key_text(name: &str, kind: u8, bytes: &[u8]) -> String {
    let typed = [&[kind], bytes].concat();
    let id = Sha256::digest([name.as_bytes(), b"\n", &typed].concat());
    format!(
        "{name}+{:02x}{:02x}{:02x}{:02x}+{}",
        id[0],
        id[1],
        id[2],
        id[3],
        STANDARD.encode(typed)
    )
}

/// A signature line with any name and payload.
pub(crate) fn signature_line(name: &str, payload: &[u8]) -> String {
    format!("— {name} {}\n", STANDARD.encode(payload))
}
