//! Whom a token must be meant for.
//!
//! A token for an audience that others accept, too, can be used here by any of them. What a CI system puts in when nobody chose is
//! such an audience: every service of the world that trusts the same owner gets the same.

use url::Url;

use super::issuer::BadIssuer;
use super::preset::Preset;
use super::url::IssuerUrl;
use crate::oidc::binding::BOUND;

/// An audience is a URL, mostly.
pub const AUDIENCE_BYTES_MAX: usize = 512;

/// Checks the audiences that an issuer's tokens may have.
pub(super) fn check(
    audiences: &[String],
    preset: Preset,
    issuer: &IssuerUrl,
    defaults: Defaults,
) -> Result<(), BadIssuer> {
    if audiences.is_empty() {
        return Err(BadIssuer::NoAudience);
    }
    for audience in audiences {
        if audience.is_empty() || audience.len() > AUDIENCE_BYTES_MAX {
            return Err(BadIssuer::AudienceLength);
        }
        if audience.contains(BOUND) {
            return Err(BadIssuer::BoundAudience(audience.clone()));
        }
        if defaults == Defaults::Refused && is_default(audience, preset, issuer) {
            return Err(BadIssuer::DefaultAudience(audience.clone()));
        }
    }
    Ok(())
}

/// What to do about an audience that was nobody's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defaults {
    Refused,
    Allowed,
}

fn is_default(audience: &str, preset: Preset, issuer: &IssuerUrl) -> bool {
    let base = audience.strip_suffix('/').unwrap_or(audience);
    if base == issuer.base() || SHARED.contains(&audience) {
        return true;
    }
    match preset {
        Preset::GitHub => is_owner(audience, |host| {
            host == "github.com" || host.ends_with(".ghe.com") || host == issuer.host()
        }),
        Preset::Buildkite => is_owner(audience, |host| host == "buildkite.com"),
        Preset::CircleCi => is_uuid(audience),
        Preset::Kubernetes => KUBERNETES_HOSTS.contains(&base.strip_prefix("https://").unwrap_or(base)),
        Preset::GitLab | Preset::Jenkins | Preset::Generic => false,
    }
}

/// `https://HOST/OWNER`.
fn is_owner(audience: &str, of: impl Fn(&str) -> bool) -> bool {
    let Ok(url) = Url::parse(audience) else { return false };
    let segments = url.path().split('/').filter(|segment| !segment.is_empty());
    url.host_str().is_some_and(of) && segments.count() <= 1
}

/// 36 characters, as `8f7d9c7e-3c1e-4c2f-9d6f-0b1a2c3d4e5f`: an organisation of CircleCI.
fn is_uuid(text: &str) -> bool {
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match hyphen(at) {
            true => byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

/// Audiences that jobs fetch tokens for every day, and which are those of other services.
const SHARED: [&str; 4] = ["sts.amazonaws.com", "api://AzureADTokenExchange", "sigstore", "vault"];
/// What API servers are called in a cluster: the audience of tokens for the cluster itself.
const KUBERNETES_HOSTS: [&str; 5] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "api",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_system_puts_in_by_itself_is_a_default() {
        let check =
            |preset, issuer: &str, audience: &str| is_default(audience, preset, &IssuerUrl::parse(issuer).unwrap());
        let github = "https://token.actions.githubusercontent.com";
        let circleci = "https://oidc.circleci.com/org/8f7d9c7e-3c1e-4c2f-9d6f-0b1a2c3d4e5f";
        for (preset, issuer, audience) in [
            (Preset::GitHub, github, "https://github.com/acme"),
            (Preset::GitHub, github, "https://github.com/acme/"),
            (Preset::GitHub, github, "https://github.com"),
            (
                Preset::GitHub,
                "https://token.actions.acme.ghe.com",
                "https://acme.ghe.com/team",
            ),
            (
                Preset::GitHub,
                "https://git.acme.example/_services/token",
                "https://git.acme.example/team",
            ),
            (Preset::GitHub, github, "sts.amazonaws.com"),
            (Preset::GitHub, github, "api://AzureADTokenExchange"),
            (Preset::Buildkite, "https://agent.buildkite.com", "sigstore"),
            (Preset::GitLab, "https://gitlab.com", "vault"),
            (Preset::GitLab, "https://gitlab.com", "https://gitlab.com"),
            (Preset::GitLab, "https://gitlab.com", "https://gitlab.com/"),
            (Preset::CircleCi, circleci, "8f7d9c7e-3c1e-4c2f-9d6f-0b1a2c3d4e5f"),
            (
                Preset::Buildkite,
                "https://agent.buildkite.com",
                "https://buildkite.com/acme",
            ),
            (
                Preset::Kubernetes,
                "https://k8s.example",
                "https://kubernetes.default.svc",
            ),
            (Preset::Kubernetes, "https://k8s.example", "https://k8s.example"),
            (Preset::Generic, "https://id.example", "https://id.example/"),
        ] {
            assert!(check(preset, issuer, audience), "{audience}");
        }
        for (preset, issuer) in [
            (Preset::GitHub, github),
            (Preset::GitLab, "https://gitlab.com"),
            (Preset::CircleCi, circleci),
            (Preset::Buildkite, "https://agent.buildkite.com"),
            (Preset::Kubernetes, "https://k8s.example"),
            (Preset::Jenkins, "https://jenkins.example/oidc"),
        ] {
            assert!(!check(preset, issuer, "https://log.example/acme"), "{issuer}");
        }
    }
}
