//! What a log signs and what a stranger verifies, in the text formats of C2SP: [signed notes](Note) (signed-note), Ed25519 keys,
//! [checkpoints](SignedCheckpoint) (tlog-checkpoint), [cosignatures](Cosignature) (tlog-cosignature), what a log and a
//! [witness] say to each other (tlog-witness), [policies](Policy) over witnesses (tlog-policy), [receipts](Receipt) (tlog-proof); and in formats of our own
//! [findings](Finding), which accuse a log, and [changes](KeyChange) of a log's key.
//!
//! Not here: key types other than Ed25519 (their lines are kept and ignored), HTTP, and anything that reads a file, a clock or
//! random bytes.
//!
//! Parsing and checking are two steps with two kinds of error. A `Malformed…` error says that bytes are not what they should be,
//! so that nothing can be said about them; any other says that they are well-formed and do not hold. Every value has one
//! spelling, and all others are refused. What was checked is a [`Verified`], a [`Witnessed`] or a [`VerifiedReceipt`],
//! which only a check makes.
//!
//! ```
//! use indelible_merkle::Hash;
//! use indelible_note::{Receipt, VerifierKey};
//!
//! let key: VerifierKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx".parse()?;
//! let receipt = Receipt::parse(
//!     "c2sp.org/tlog-proof@v1
//! index 0
//!
//! example.com/log/testdata
//! 1
//! 0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=
//!
//! — example.com/log/testdata M9e0lhr9kuLxGdAtaUrhm84TQffVsLdcy808sN0a3WyniNlfcr9+bywoiIke1YYciCNjJGkCgIlQ8b16jhsmg/SChAM=
//! ".as_bytes())?;
//! let verified = receipt.verify(Hash::leaf(b"one"), &key)?;
//! assert_eq!(verified.checkpoint().head().size, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod witness;

mod checkpoint;
mod cosignature;
mod cosigner;
mod ed25519;
mod finding;
mod key;
mod keys;
mod name;
mod note;
mod policy;
mod receipt;
mod signing;
mod text;
mod time;
mod verified;
mod verifier;

pub use checkpoint::{
    BadCheckpoint, MalformedCheckpoint, SignedCheckpoint, UntrustedCheckpoint, open_checkpoint, sign_checkpoint,
};
pub use cosignature::{BadCosignature, Cosignature, NotAdded};
pub use cosigner::{CosignerKey, CosigningKey};
pub use finding::{Finding, FindingKind, Fork, MalformedFinding, Unconfirmed, Verdict};
pub use key::{KeyId, MalformedKey};
pub use keys::{BadKeyChange, BadKeys, BrokenChain, KeyChain, KeyChange, KeyTerm, MalformedKeyChange};
pub use name::{BadKeyName, KeyName};
pub use note::{MalformedNote, MalformedSignatureLine, NotVerified, Note, SignatureLine};
pub use policy::{BadPolicyLine, MalformedPolicy, NotWitnessed, Policy, PolicyLog, PolicyWitness, Voucher, Witnessed};
pub use receipt::{BadReceipt, MalformedReceipt, NotLacking, Receipt, VerifiedReceipt, WitnessedReceipt};
pub use signing::SigningKey;
pub use time::PosixTime;
pub use verified::Verified;
pub use verifier::VerifierKey;
