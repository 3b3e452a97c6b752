//! All issuers.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};

use super::issuer::Issuer;

/// An organisation of CircleCI, a cluster or a folder of Jenkins is an issuer of its own.
pub const ISSUERS_MAX: usize = 256;

/// The issuers whose tokens are believed; no two of one URL or of one name.
#[derive(Clone, Debug)]
pub struct Issuers<G>(Vec<Issuer<G>>);

impl<G> Issuers<G> {
    /// The issuer whose URL is exactly that one.
    pub fn by_url(&self, url: &str) -> Option<&Issuer<G>> {
        self.0.iter().find(|issuer| issuer.url().as_str() == url)
    }

    /// All of them, in the order of the configuration.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Issuer<G>> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn check(issuers: Vec<Issuer<G>>) -> Result<Issuers<G>, String> {
        if issuers.len() > ISSUERS_MAX {
            return Err(format!(
                "there are {} issuers, and at most {ISSUERS_MAX} are read",
                issuers.len()
            ));
        }
        for (position, issuer) in issuers.iter().enumerate() {
            let before = &issuers[..position];
            if before.iter().any(|other| other.name() == issuer.name()) {
                return Err(format!("two issuers are called {:?}", issuer.name()));
            }
            if before.iter().any(|other| other.url() == issuer.url()) {
                return Err(format!(
                    "two issuers have the URL {}; one can have several audiences and rules",
                    issuer.url()
                ));
            }
        }
        Ok(Issuers(issuers))
    }
}

impl<G> Default for Issuers<G> {
    fn default() -> Issuers<G> {
        Issuers(Vec::new())
    }
}

impl<'de, G: DeserializeOwned> Deserialize<'de> for Issuers<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Issuers<G>, D::Error> {
        Issuers::check(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
