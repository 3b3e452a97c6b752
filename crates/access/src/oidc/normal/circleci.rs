//! CircleCI.

use super::Piece::{Claim, Text};
use super::{Field, NormalForm};
use crate::oidc::claims::Claims;
use crate::oidc::config::IssuerUrl;
use crate::oidc::refused::Refused;

/// Whether somebody could log in to the job: a truth value in the vendor's pages, a text in what others read.
pub(in crate::oidc) const SSH_RERUN: &str = "oidc.circleci.com/ssh-rerun";

pub(super) fn fill(form: &mut NormalForm, issuer: &IssuerUrl, claims: &Claims<'_>) -> Result<(), Refused> {
    form.copy(
        claims,
        &[
            (Field::SourceRepositoryUri, "oidc.circleci.com/vcs-origin"),
            (Field::SourceRepositoryRef, "oidc.circleci.com/vcs-ref"),
        ],
    )?;
    if claims.text(SSH_RERUN)?.as_deref() == Some("true") {
        form.set(Field::RunnerEnvironment, Some("ssh-rerun"));
    }
    // Where the interfaces of an own server are, nobody says.
    if issuer.host() != "oidc.circleci.com" {
        return Ok(());
    }
    let signer = [
        Text("https://circleci.com/api/v2/projects/"),
        Claim("oidc.circleci.com/project-id"),
        Text("/pipeline-definitions/"),
        Claim("oidc.circleci.com/pipeline-definition-id"),
    ];
    form.join(Field::BuildSignerUri, claims, &signer)?;
    let config = [
        Text("https://circleci.com/api/v2/pipeline/"),
        Claim("oidc.circleci.com/pipeline-id"),
        Text("/config"),
    ];
    form.join(Field::BuildConfigUri, claims, &config)?;
    let job = [
        Text("https://app.circleci.com/workflow/"),
        Claim("oidc.circleci.com/workflow-id"),
        Text("/job/"),
        Claim("oidc.circleci.com/job-id"),
    ];
    form.join(Field::RunInvocationUri, claims, &job)
}
