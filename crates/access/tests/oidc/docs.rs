//! docs/identity.md says what the code does: its examples can be used, and its table of fields is the one that is filled.

use indelible_access::oidc::Issuers;
use serde::Deserialize;

const PAGE: &str = include_str!("../../../../docs/identity.md");

#[derive(Deserialize)]
struct File {
    issuer: Issuers<toml::Value>,
}

#[test]
fn every_example_can_be_used() {
    let examples: Vec<_> = PAGE
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 7);
    // All of them in one file, so that no two have one name or URL either.
    let file: File = toml::from_str(&examples.concat()).unwrap();
    let mut presets: Vec<_> = file.issuer.iter().map(|issuer| issuer.preset().as_str()).collect();
    presets.sort_unstable();
    assert_eq!(
        presets,
        [
            "buildkite",
            "circleci",
            "generic",
            "github",
            "gitlab",
            "jenkins",
            "kubernetes"
        ]
    );
}

#[test]
fn every_field_that_is_filled_is_on_the_page() {
    for file in [
        include_str!("claims/github.json"),
        include_str!("claims/gitlab.json"),
        include_str!("claims/circleci.json"),
        include_str!("claims/buildkite.json"),
        include_str!("claims/kubernetes.json"),
        include_str!("claims/generic.json"),
    ] {
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        for field in file["attested"].as_object().unwrap().keys() {
            assert!(PAGE.contains(&format!("`{field}`")), "{field}");
        }
    }
}
