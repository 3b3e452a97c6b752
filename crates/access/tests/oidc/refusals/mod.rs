//! Tokens that are not believed, each for one reason.

mod claims;
mod signatures;
mod texts;
mod times;

use serde_json::Value;

use crate::provider::{Gate, Key, claims_with, issuer};

/// The reason, in the words that the sender reads.
fn refused(gate: &Gate, token: &str) -> String {
    gate.check(token)
        .map(|identity| identity.principal().to_owned())
        .unwrap_err()
        .to_string()
}

fn github() -> (Key, Gate) {
    let key = Key::new("k1", 1);
    let gate = Gate::new(&issuer(), &[&key]);
    (key, gate)
}

/// That a token with these changes to its claims is refused in words that have `why` in them.
fn check(changes: &Value, why: &str) {
    let (key, gate) = github();
    let said = refused(&gate, &key.token(&claims_with(changes)));
    assert!(said.contains(why), "{changes}: {said}");
}
