//! Who it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::binding::BoundKey;
use super::config::{Preset, Rule};
use super::keys::Thumbprint;
use super::normal::NormalForm;
use crate::signed::Signing;

/// Who presented a token, as its issuer attests. Only [`verify`](super::verify) makes it; the token itself is not in it.
#[derive(Clone, Debug)]
pub struct Identity<G> {
    pub(super) principal: String,
    pub(super) preset: Preset,
    pub(super) rules: Vec<Arc<Rule<G>>>,
    pub(super) normal: NormalForm,
    pub(super) identifiers: BTreeMap<&'static str, String>,
    pub(super) audience: Vec<String>,
    pub(super) bound: Option<BoundKey>,
    pub(super) requires_signature: bool,
    pub(super) token_id: Option<String>,
    pub(super) token_sha256: [u8; 32],
    pub(super) key_id: String,
    pub(super) key_thumbprint: Thumbprint,
    pub(super) jwks_sha256: [u8; 32],
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) good_until: Timestamp,
}

impl<G> Identity<G> {
    /// Who it is in one word: `oidc:`, the name of the issuer, and the claim that names it for ever, as in
    /// `oidc:github:repository_id=123`. No two of one issuer have the same.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// What the rules grant that are for it: one or more, in the order of the configuration.
    pub fn grants(&self) -> impl Iterator<Item = &G> {
        self.rules.iter().map(|rule| rule.grant())
    }

    /// The rules that are for it.
    pub fn rules(&self) -> &[Arc<Rule<G>>] {
        &self.rules
    }

    /// What the token attests, in the words that are the same for every CI system.
    pub fn normal(&self) -> &NormalForm {
        &self.normal
    }

    /// The key that the token is bound to, if it is to any.
    pub fn bound(&self) -> Option<&BoundKey> {
        self.bound.as_ref()
    }

    /// What signatures of it mean, and whether its events need one.
    pub fn signing(&self) -> Signing {
        Signing::of(self.bound.clone(), self.requires_signature)
    }

    /// SHA-256 of the token.
    pub fn token_sha256(&self) -> [u8; 32] {
        self.token_sha256
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When the token expires: from then on this is nobody.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When [`verify`](super::verify) begins to refuse the token: later than it expires, as clocks may be apart.
    pub fn good_until(&self) -> Timestamp {
        self.good_until
    }

    /// How the service knows, in one word, for the member `submitter` of an event.
    pub fn method(&self) -> &'static str {
        METHOD
    }

    /// What was verified, for the member `submitter` of an event: the normal form, and what somebody needs who checks the issuer again
    /// later. Everything in it is the issuer's word or ours, nothing is the sender's.
    ///
    /// ```json
    /// {"attested": {"issuer": "https://…", "source-repository-identifier": "123", …},
    ///  "identifiers": {"repository_id": "123", "repository_owner_id": "9"},
    ///  "key": {"id": "<kid>", "jwks_sha256": "<hex>", "thumbprint": "<RFC 7638>"},
    ///  "preset": "github", "rules": ["deploys"],
    ///  "token": {"audience": ["…"], "bound_to": {"by": "audience", "thumbprint": "<RFC 7638>"}, "expires": "…Z", "id": "<jti>",
    ///            "issued": "…Z", "sha256": "<hex>"}}
    /// ```
    pub fn verified(&self) -> Map<String, Value> {
        let texts = |texts: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
            let members = texts.map(|(name, text)| (name.to_owned(), Value::from(text)));
            Value::Object(members.collect())
        };
        let mut token = Map::new();
        token.insert("audience".into(), json!(self.audience));
        token.insert("expires".into(), json!(self.expires_at.to_string()));
        token.insert("issued".into(), json!(self.issued_at.to_string()));
        token.insert("sha256".into(), json!(hex(&self.token_sha256)));
        if let Some(id) = &self.token_id {
            token.insert("id".into(), json!(id));
        }
        if let Some(bound) = &self.bound {
            token.insert("bound_to".into(), bound.verified());
        }
        let rules: Vec<_> = self.rules.iter().map(|rule| rule.name()).collect();
        let mut verified = Map::new();
        let mut attested = self.normal.iter().map(|(field, text)| (field.as_str(), text));
        verified.insert("attested".into(), texts(&mut attested));
        let mut identifiers = self.identifiers.iter().map(|(label, text)| (*label, text.as_str()));
        verified.insert("identifiers".into(), texts(&mut identifiers));
        verified.insert(
            "key".into(),
            json!({
                "id": self.key_id,
                "jwks_sha256": hex(&self.jwks_sha256),
                "thumbprint": self.key_thumbprint.to_string(),
            }),
        );
        verified.insert("preset".into(), json!(self.preset.as_str()));
        verified.insert("rules".into(), json!(rules));
        verified.insert("token".into(), Value::Object(token));
        verified
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const METHOD: &str = "oidc";
