//! The CI systems that are known: what of their tokens never changes hands, and how they sign.

use serde::Deserialize;

use super::condition::ClaimPath;
use crate::oidc::algorithm::Algorithm;

/// Which CI system an issuer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// GitHub Actions, on github.com, GHE.com or Enterprise Server.
    GitHub,
    /// GitLab CI/CD, on gitlab.com or an own instance.
    GitLab,
    /// CircleCI.
    CircleCi,
    /// Buildkite.
    Buildkite,
    /// Service accounts of a Kubernetes cluster.
    Kubernetes,
    /// Jenkins with the plugin `oidc-provider`.
    Jenkins,
    /// Any other issuer.
    Generic,
}

impl Preset {
    /// The word in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Preset::GitHub => "github",
            Preset::GitLab => "gitlab",
            Preset::CircleCi => "circleci",
            Preset::Buildkite => "buildkite",
            Preset::Kubernetes => "kubernetes",
            Preset::Jenkins => "jenkins",
            Preset::Generic => "generic",
        }
    }

    /// The claims that name somebody for ever, the most exact one first: a name can be given up and taken by somebody else, an id
    /// cannot.
    pub(crate) fn identifiers(self) -> &'static [Identifier] {
        match self {
            Preset::GitHub => &GITHUB,
            Preset::GitLab => &GITLAB,
            Preset::CircleCi => &CIRCLECI,
            Preset::Buildkite => &BUILDKITE,
            Preset::Kubernetes => &KUBERNETES,
            Preset::Jenkins | Preset::Generic => &SUBJECT,
        }
    }

    /// What its issuers sign with, as far as that is known.
    pub(super) fn algorithms(self) -> Option<&'static [Algorithm]> {
        match self {
            Preset::Generic => None,
            _ => Some(&[Algorithm::Rs256]),
        }
    }
}

/// A claim that names somebody for ever.
#[derive(Debug)]
pub(crate) struct Identifier {
    /// What it is called in a principal.
    pub(crate) label: &'static str,
    path: &'static [&'static str],
}

impl Identifier {
    pub(crate) fn path(&self) -> ClaimPath {
        ClaimPath::of(self.path)
    }
}

const fn plain(label: &'static str, path: &'static [&'static str]) -> Identifier {
    Identifier { label, path }
}

const GITHUB: [Identifier; 2] = [
    plain("repository_id", &["repository_id"]),
    plain("repository_owner_id", &["repository_owner_id"]),
];
const GITLAB: [Identifier; 2] = [
    plain("project_id", &["project_id"]),
    plain("namespace_id", &["namespace_id"]),
];
const CIRCLECI: [Identifier; 2] = [
    plain("project-id", &["oidc.circleci.com/project-id"]),
    plain("org-id", &["oidc.circleci.com/org-id"]),
];
const BUILDKITE: [Identifier; 2] = [
    plain("pipeline_id", &["pipeline_id"]),
    plain("organization_id", &["organization_id"]),
];
const KUBERNETES: [Identifier; 1] = [plain("serviceaccount-uid", &["kubernetes.io", "serviceaccount", "uid"])];
const SUBJECT: [Identifier; 1] = [plain("sub", &["sub"])];
