//! One key of a set.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::thumbprint::Thumbprint;
use crate::oidc::algorithm::Algorithm;

/// A key that can verify tokens.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Its `kid`; if it has none, its thumbprint.
    pub(crate) id: String,
    pub(crate) thumbprint: Thumbprint,
    /// The only algorithm that it is for, if it says so.
    algorithm: Option<Algorithm>,
    pub(crate) material: Material,
}

/// The public numbers of a key.
#[derive(Clone, Debug)]
pub(crate) enum Material {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point, uncompressed (SEC 1).
    P256(Vec<u8>),
    /// A point, uncompressed (SEC 1).
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// Why a key of a set is not used. Sets may have keys for other purposes (RFC 7517, section 5): that is no mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is not an object.
    #[error("it is not an object")]
    NotAnObject,
    /// It is of a kind that is not known here, or a secret.
    #[error("its kind is not one that verifies tokens here: RSA, EC with P-256 or P-384, OKP with Ed25519")]
    Kind,
    /// It is for encryption, or for something else.
    #[error("it is not for signatures (`use`, `key_ops`)")]
    Use,
    /// It is for an algorithm that is not known here.
    #[error("its `alg` is not one that is verified here")]
    Algorithm,
    /// Its numbers are missing, not base64url, or of the wrong size.
    #[error("`{0}` is missing, or of the wrong size")]
    Number(&'static str),
    /// Anybody can sign with it.
    #[error("its private half is published with it (`d`)")]
    Private,
    /// Its id is not a text, or longer than a token may name.
    #[error("its `kid` is not a text of 1 to 512 bytes")]
    Id,
}

impl Key {
    pub(crate) fn read(jwk: &Value) -> Result<Key, Unusable> {
        let jwk = jwk.as_object().ok_or(Unusable::NotAnObject)?;
        if jwk.contains_key("d") {
            return Err(Unusable::Private);
        }
        for_signatures(jwk)?;
        let (material, thumbprint) = numbers(jwk)?;
        let algorithm = match jwk.get("alg") {
            None => None,
            Some(name) => {
                let named = name.as_str().and_then(|name| name.parse::<Algorithm>().ok());
                Some(named.ok_or(Unusable::Algorithm)?)
            }
        };
        let id = match jwk.get("kid") {
            None => thumbprint.to_string(),
            Some(Value::String(id)) if (1..=KEY_ID_BYTES_MAX).contains(&id.len()) => id.clone(),
            Some(_) => return Err(Unusable::Id),
        };
        Ok(Key {
            id,
            thumbprint,
            algorithm,
            material,
        })
    }

    /// Whether tokens with this algorithm may be verified with it: by the kind of the key, and by what the key says of itself.
    pub(crate) fn suits(&self, algorithm: Algorithm) -> bool {
        let by_kind = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => matches!(self.material, Material::Rsa { .. }),
            Algorithm::Es256 => matches!(self.material, Material::P256(_)),
            Algorithm::Es384 => matches!(self.material, Material::P384(_)),
            Algorithm::EdDsa => matches!(self.material, Material::Ed25519(_)),
        };
        by_kind && self.algorithm.is_none_or(|only| only == algorithm)
    }
}

fn for_signatures(jwk: &Map<String, Value>) -> Result<(), Unusable> {
    let by_use = jwk.get("use").is_none_or(|what| what == "sig");
    let by_operations = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    };
    match by_use && by_operations {
        true => Ok(()),
        false => Err(Unusable::Use),
    }
}

fn numbers(jwk: &Map<String, Value>) -> Result<(Material, Thumbprint), Unusable> {
    let word = |name| jwk.get(name).and_then(Value::as_str);
    match (word("kty"), word("crv")) {
        (Some("RSA"), _) => {
            let ((n, n_text), (e, e_text)) = (number(jwk, "n")?, number(jwk, "e")?);
            let n = without_zeros(&n);
            if !RSA_BYTES.contains(&n.len()) {
                return Err(Unusable::Number("n"));
            }
            let thumbprint = Thumbprint::of(&[("e", e_text), ("kty", "RSA"), ("n", n_text)]);
            let e = without_zeros(&e);
            Ok((Material::Rsa { n, e }, thumbprint))
        }
        (Some("EC"), Some(curve @ ("P-256" | "P-384"))) => {
            let size = if curve == "P-256" { 32 } else { 48 };
            let ((x, x_text), (y, y_text)) = (sized(jwk, "x", size)?, sized(jwk, "y", size)?);
            let point = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
            let thumbprint = Thumbprint::of(&[("crv", curve), ("kty", "EC"), ("x", x_text), ("y", y_text)]);
            let material = match curve {
                "P-256" => Material::P256(point),
                _ => Material::P384(point),
            };
            Ok((material, thumbprint))
        }
        (Some("OKP"), Some("Ed25519")) => {
            let (x, x_text) = sized(jwk, "x", 32)?;
            let thumbprint = Thumbprint::of(&[("crv", "Ed25519"), ("kty", "OKP"), ("x", x_text)]);
            Ok((Material::Ed25519(x), thumbprint))
        }
        _ => Err(Unusable::Kind),
    }
}

fn number<'j>(jwk: &'j Map<String, Value>, name: &'static str) -> Result<(Vec<u8>, &'j str), Unusable> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(Unusable::Number(name))?;
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Unusable::Number(name))?;
    Ok((bytes, text))
}

fn sized<'j>(jwk: &'j Map<String, Value>, name: &'static str, size: usize) -> Result<(Vec<u8>, &'j str), Unusable> {
    let (bytes, text) = number(jwk, name)?;
    match bytes.len() == size {
        true => Ok((bytes, text)),
        false => Err(Unusable::Number(name)),
    }
}

/// Some issuers write a zero in front, so that the number cannot be taken for a negative one.
fn without_zeros(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

/// 2,048 to 8,192 bits: RFC 7518 (3.3) asks for the least, and what is verified costs more with every bit.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// What stands before the two coordinates of a point (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// As much as a token may name.
const KEY_ID_BYTES_MAX: usize = 512;
