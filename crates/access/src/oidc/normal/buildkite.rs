//! Buildkite.

use super::Piece::{Claim, Text};
use super::{Field, NormalForm};
use crate::oidc::claims::Claims;
use crate::oidc::refused::Refused;

pub(super) fn fill(form: &mut NormalForm, claims: &Claims<'_>) -> Result<(), Refused> {
    form.copy(
        claims,
        &[
            (Field::RunnerEnvironment, "runner_environment"),
            (Field::SourceRepositoryDigest, "build_commit"),
            (Field::BuildTrigger, "build_source"),
        ],
    )?;
    let job = [
        Text("https://buildkite.com/"),
        Claim("organization_slug"),
        Text("/"),
        Claim("pipeline_slug"),
        Text("/builds/"),
        Claim("build_number"),
        Text("#"),
        Claim("job_id"),
    ];
    form.join(Field::RunInvocationUri, claims, &job)
}
