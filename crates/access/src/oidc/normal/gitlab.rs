//! GitLab CI/CD.

use super::Piece::{Claim, Text};
use super::{Field, NormalForm};
use crate::oidc::claims::Claims;
use crate::oidc::config::IssuerUrl;
use crate::oidc::refused::Refused;

pub(super) fn fill(form: &mut NormalForm, issuer: &IssuerUrl, claims: &Claims<'_>) -> Result<(), Refused> {
    form.copy(
        claims,
        &[
            (Field::BuildSignerDigest, "ci_config_sha"),
            (Field::RunnerEnvironment, "runner_environment"),
            (Field::SourceRepositoryDigest, "sha"),
            (Field::SourceRepositoryIdentifier, "project_id"),
            (Field::SourceRepositoryOwnerIdentifier, "namespace_id"),
            (Field::BuildConfigDigest, "ci_config_sha"),
            (Field::BuildTrigger, "pipeline_source"),
            (Field::SourceRepositoryVisibility, "project_visibility"),
            (Field::DeploymentEnvironment, "environment"),
        ],
    )?;
    // A pipeline of a merge request has neither a branch nor a tag of its own: then there is no full name.
    let kind = match claims.text("ref_type")?.as_deref() {
        Some("branch") => Some("refs/heads/"),
        Some("tag") => Some("refs/tags/"),
        _ => None,
    };
    if let Some(kind) = kind {
        form.join(Field::SourceRepositoryRef, claims, &[Text(kind), Claim("ref")])?;
    }
    let server = Text(issuer.base());
    for field in [Field::BuildSignerUri, Field::BuildConfigUri] {
        form.join(field, claims, &[Text("https://"), Claim("ci_config_ref_uri")])?;
    }
    for (field, claim) in [
        (Field::SourceRepositoryUri, "project_path"),
        (Field::SourceRepositoryOwnerUri, "namespace_path"),
    ] {
        form.join(field, claims, &[server, Text("/"), Claim(claim)])?;
    }
    let job = [
        server,
        Text("/"),
        Claim("project_path"),
        Text("/-/jobs/"),
        Claim("job_id"),
    ];
    form.join(Field::RunInvocationUri, claims, &job)
}
