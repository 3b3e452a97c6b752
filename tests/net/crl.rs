//! Lists of revoked certificates.

use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};

/// What an authority has revoked, by their serial numbers, in PEM.
pub(crate) fn crl(authority: &Issuer<'static, KeyPair>, serials: &[u8]) -> String {
    let revoked = |&serial: &u8| RevokedCertParams {
        serial_number: SerialNumber::from(vec![serial]),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        // Long past: a list holds until there is another one.
        next_update: date_time_ymd(2026, 1, 2),
        crl_number: SerialNumber::from(vec![1]),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(authority).unwrap().pem().unwrap()
}
