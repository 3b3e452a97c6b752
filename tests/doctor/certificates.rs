//! Certificates that do not do.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::bed::Bed;
use crate::{bed, examine, says};

/// A bed whose log has this certificate and key.
fn with(pem: &str, key: &KeyPair, hosts: &str) -> Bed {
    let bed = bed();
    fs::write(bed.path("cert.pem"), pem).unwrap();
    fs::write(bed.path("key.pem"), key.serialize_pem()).unwrap();
    fs::set_permissions(bed.path("key.pem"), Permissions::from_mode(0o600)).unwrap();
    let config = format!("tls_cert = \"../cert.pem\"\ntls_key = \"../key.pem\"\nhosts = [{hosts}]\n");
    fs::write(bed.log().join("indelible.toml"), config).unwrap();
    bed
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

#[test]
fn one_that_has_expired_and_one_that_is_not_valid_yet() {
    let key = KeyPair::generate().unwrap();
    let mut expired = params(&["log.example.com"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let bed = with(&expired.self_signed(&key).unwrap().pem(), &key, "");
    says(&examine(&bed, &[]), "certificate", "bad", "expired");
    let mut early = params(&["log.example.com"]);
    (early.not_before, early.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
    let bed = with(&early.self_signed(&key).unwrap().pem(), &key, "");
    says(&examine(&bed, &[]), "certificate", "bad", "not valid before");
}

#[test]
fn names_modes_and_pairs() {
    let key = KeyPair::generate().unwrap();
    let pem = params(&["log.example.com"]).self_signed(&key).unwrap().pem();
    let bed = with(&pem, &key, "\"log.example.com\", \"audit.example.com\"");
    says(
        &examine(&bed, &[]),
        "certificate",
        "warn",
        "not good for audit.example.com",
    );
    fs::set_permissions(bed.path("key.pem"), Permissions::from_mode(0o644)).unwrap();
    says(&examine(&bed, &[]), "certificate", "warn", "mode 0644");
    fs::write(bed.path("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    says(&examine(&bed, &[]), "certificate", "bad", "cannot use the certificate");
    let nameless = params(&[]).self_signed(&key).unwrap().pem();
    says(
        &examine(&with(&nameless, &key, ""), &[]),
        "certificate",
        "bad",
        "no name",
    );
}

#[test]
fn chains() {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = params(&[]);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut leaf = params(&["log.example.com"]);
    leaf.distinguished_name.push(rcgen::DnType::CommonName, "the log");
    let leaf = leaf.signed_by(&key, &issuer).unwrap().pem();
    let whole = format!("{leaf}{ca_pem}");
    says(&examine(&with(&whole, &key, ""), &[]), "certificate", "ok", "good for");
    says(
        &examine(&with(&leaf, &key, ""), &[]),
        "certificate",
        "warn",
        "but the service's own",
    );
    // Of the same name as the one that made it, but another key.
    let impostor = {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    };
    let wrong = format!("{leaf}{impostor}");
    says(
        &examine(&with(&wrong, &key, ""), &[]),
        "certificate",
        "bad",
        "not in order",
    );
}
