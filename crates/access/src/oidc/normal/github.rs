//! GitHub Actions.

use super::Piece::{Claim, Text};
use super::{Field, NormalForm};
use crate::oidc::claims::Claims;
use crate::oidc::config::IssuerUrl;
use crate::oidc::refused::Refused;

pub(super) fn fill(form: &mut NormalForm, issuer: &IssuerUrl, claims: &Claims<'_>) -> Result<(), Refused> {
    form.copy(
        claims,
        &[
            (Field::BuildSignerDigest, "job_workflow_sha"),
            (Field::RunnerEnvironment, "runner_environment"),
            (Field::SourceRepositoryDigest, "sha"),
            (Field::SourceRepositoryRef, "ref"),
            (Field::SourceRepositoryIdentifier, "repository_id"),
            (Field::SourceRepositoryOwnerIdentifier, "repository_owner_id"),
            (Field::BuildConfigDigest, "workflow_sha"),
            (Field::BuildTrigger, "event_name"),
            (Field::SourceRepositoryVisibility, "repository_visibility"),
            (Field::DeploymentEnvironment, "environment"),
        ],
    )?;
    let server = server(issuer);
    let server = Text(&server);
    for (field, claim) in [
        (Field::BuildSignerUri, "job_workflow_ref"),
        (Field::SourceRepositoryUri, "repository"),
        (Field::SourceRepositoryOwnerUri, "repository_owner"),
        (Field::BuildConfigUri, "workflow_ref"),
    ] {
        form.join(field, claims, &[server, Text("/"), Claim(claim)])?;
    }
    let run = [
        server,
        Text("/"),
        Claim("repository"),
        Text("/actions/runs/"),
        Claim("run_id"),
        Text("/attempts/"),
        Claim("run_attempt"),
    ];
    form.join(Field::RunInvocationUri, claims, &run)
}

/// Where the repositories of an issuer are: on github.com; on GHE.com at the issuer's host without `token.actions.`; else, on
/// Enterprise Server, at the issuer's host.
fn server(issuer: &IssuerUrl) -> String {
    let host = issuer.host();
    let host = match host.strip_prefix("token.actions.") {
        Some("githubusercontent.com") => "github.com",
        Some(tenant) => tenant,
        None => host,
    };
    format!("https://{host}")
}
