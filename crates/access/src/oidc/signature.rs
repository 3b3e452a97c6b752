//! Whether a signature is a key's. The mathematics is ring's, which serves TLS here, too.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::algorithm::Algorithm;
use super::keys::Material;

/// That a key signed a text. Only [`check`] makes it.
#[derive(Debug)]
pub(super) struct Signed(());

/// Checks that `signature` is one of `key` over `signed`; `None` if it is not, or if the key is of another kind than the algorithm.
pub(super) fn check(algorithm: Algorithm, key: &Material, signed: &[u8], signature: &[u8]) -> Option<Signed> {
    let checked = match key {
        Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(rsa(algorithm)?, signed, signature),
        Material::P256(point) => other(
            algorithm,
            Algorithm::Es256,
            &ECDSA_P256_SHA256_FIXED,
            point,
            signed,
            signature,
        )?,
        Material::P384(point) => other(
            algorithm,
            Algorithm::Es384,
            &ECDSA_P384_SHA384_FIXED,
            point,
            signed,
            signature,
        )?,
        Material::Ed25519(point) => other(algorithm, Algorithm::EdDsa, &ED25519, point, signed, signature)?,
    };
    checked.ok().map(|()| Signed(()))
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => None,
    }
}

fn other(
    algorithm: Algorithm,
    wanted: Algorithm,
    how: &'static dyn VerificationAlgorithm,
    point: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> Option<Result<(), ring::error::Unspecified>> {
    (algorithm == wanted).then(|| UnparsedPublicKey::new(how, point).verify(signed, signature))
}
