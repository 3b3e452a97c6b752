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
pub(crate) struct Signed(());

/// Checks that `signature` is one of `key` over `signed`; `None` if it is not, or if the key is of another kind than the algorithm.
pub(crate) fn check(algorithm: Algorithm, key: &Material, signed: &[u8], signature: &[u8]) -> Option<Signed> {
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

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::oidc::keys::Key;

    /// Whether `token` is signed by `jwk`, and with every other algorithm it is not.
    fn check(jwk: &Value, token: &str, algorithm: Algorithm) {
        let key = Key::read(jwk).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let all = [
            Algorithm::Rs256,
            Algorithm::Rs384,
            Algorithm::Rs512,
            Algorithm::Ps256,
            Algorithm::Ps384,
            Algorithm::Ps512,
            Algorithm::Es256,
            Algorithm::Es384,
            Algorithm::EdDsa,
        ];
        let good = |algorithm, signature: &[u8]| {
            super::check(algorithm, &key.material, signed.as_bytes(), signature).is_some()
        };
        assert!(key.suits(algorithm));
        assert_eq!(
            all.map(|other| good(other, &signature)),
            all.map(|other| other == algorithm)
        );
        for bit in 0..signature.len() * 8 {
            signature[bit / 8] ^= 1 << (bit % 8);
            assert!(!good(algorithm, &signature), "{bit}");
            signature[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn rfc_7515_a_2() {
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ\
                 S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Ca\
                 pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h\
                 4FRWyuXpoQ";
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb29\
                     0Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj\
                     Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_e\
                     SN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhW\
                     kWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        check(&json!({"kty": "RSA", "n": n, "e": "AQAB"}), token, Algorithm::Rs256);
    }

    #[test]
    fn rfc_7515_a_3() {
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb29\
                     0Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        check(&jwk, token, Algorithm::Es256);
    }

    #[test]
    fn rfc_8037_a_4() {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWb\
                     hijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        check(&jwk, token, Algorithm::EdDsa);
        assert_eq!(
            Key::read(&jwk).unwrap().thumbprint.to_string(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn rfc_7638_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
                 oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu\
                 6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa\
                 pJzKnqDKgw";
        let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
        let key = Key::read(&jwk).unwrap();
        assert_eq!(
            key.thumbprint.to_string(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
        assert_eq!(key.id, "2011-04-29");
        assert!(key.suits(Algorithm::Rs256) && !key.suits(Algorithm::Ps256) && !key.suits(Algorithm::Es256));
    }
}
