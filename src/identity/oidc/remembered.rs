//! Tokens that were checked.

use std::sync::Arc;

use indelible_access::oidc::{Identity, KeySet, TOKEN_BYTES_MAX, token_sha256};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use super::keeper::Keeper;

/// An identity with its claims takes some 3 KiB: 30 MB.
pub const REMEMBERED_MAX: usize = 10_000;

/// Identities by the SHA-256 of their tokens; the tokens themselves are kept nowhere.
#[derive(Debug)]
pub(super) struct Remembered<G>(Cache<[u8; 32], Arc<Known<G>>>);

#[derive(Debug)]
struct Known<G> {
    identity: Arc<Identity<G>>,
    keeper: Arc<Keeper<G>>,
    /// The keys by which it was checked.
    keys: Arc<KeySet>,
}

impl<G: Send + Sync + 'static> Remembered<G> {
    pub(super) fn new() -> Remembered<G> {
        Remembered(Cache::new(REMEMBERED_MAX))
    }

    /// The identity, if the token has not expired and the issuer's keys are still those by which it was checked: a token of a key that
    /// the issuer has withdrawn is checked again, and refused.
    pub(super) fn find(&self, token: &str, now: Timestamp) -> Option<Arc<Identity<G>>> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let sha256 = token_sha256(token);
        let known = self.0.get(&sha256)?;
        if now >= known.identity.expires_at() {
            self.0.remove(&sha256);
            return None;
        }
        let current = known.keeper.are_current(&known.keys);
        current.then(|| Arc::clone(&known.identity))
    }

    pub(super) fn put(&self, identity: &Arc<Identity<G>>, keeper: &Arc<Keeper<G>>, keys: Arc<KeySet>) {
        let known = Known {
            identity: Arc::clone(identity),
            keeper: Arc::clone(keeper),
            keys,
        };
        self.0.insert(identity.token_sha256(), Arc::new(known));
    }
}
