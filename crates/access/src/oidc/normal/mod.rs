//! What a token attests, in the same words for every CI system.
//!
//! The words are those of Fulcio, the certificate authority of Sigstore, under whose OIDs
//! (1.3.6.1.4.1.57264.1.*N*, `docs/oid-info.md`, `config/identity/config.yaml`) certificates of builds say the same; for service
//! accounts of Kubernetes, which Fulcio does not tell apart, there are four of our own.
//!
//! What a token does not say is absent, never guessed. Claims that are not in the table are not in the form: so the name, the login
//! and the address of whoever started a job (`actor`, `user_login`, `user_email`) never come in.

mod buildkite;
mod circleci;
mod github;
mod gitlab;
mod kubernetes;

pub(super) use circleci::SSH_RERUN;

use std::collections::BTreeMap;

use super::claims::Claims;
use super::config::{IssuerUrl, Preset};
use super::refused::Refused;

/// One thing that a token attests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Who signed the token. OID 8.
    Issuer,
    /// The instructions that the build followed. OID 9.
    BuildSignerUri,
    /// Their version. OID 10.
    BuildSignerDigest,
    /// Whose machine it ran on. OID 11.
    RunnerEnvironment,
    /// The repository. OID 12.
    SourceRepositoryUri,
    /// The commit. OID 13.
    SourceRepositoryDigest,
    /// The branch or the tag. OID 14.
    SourceRepositoryRef,
    /// The repository, for ever. OID 15.
    SourceRepositoryIdentifier,
    /// Whose repository it is. OID 16.
    SourceRepositoryOwnerUri,
    /// The same, for ever. OID 17.
    SourceRepositoryOwnerIdentifier,
    /// The instructions at the top, which may call others. OID 18.
    BuildConfigUri,
    /// Their version. OID 19.
    BuildConfigDigest,
    /// What started it. OID 20.
    BuildTrigger,
    /// This very run. OID 21.
    RunInvocationUri,
    /// Who could see the repository then. OID 22.
    SourceRepositoryVisibility,
    /// Where it deploys to. OID 23.
    DeploymentEnvironment,
    /// Who it is, in the issuer's own words. OID 24.
    TokenSubject,
    /// The namespace of a service account.
    KubernetesNamespace,
    /// The name of a service account.
    KubernetesServiceAccountName,
    /// The service account, for ever.
    KubernetesServiceAccountUid,
    /// The pod that has the token, for ever.
    KubernetesPodUid,
}

/// What a token attests, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NormalForm(BTreeMap<Field, String>);

impl Field {
    /// Its name in an event.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Issuer => "issuer",
            Field::BuildSignerUri => "build-signer-uri",
            Field::BuildSignerDigest => "build-signer-digest",
            Field::RunnerEnvironment => "runner-environment",
            Field::SourceRepositoryUri => "source-repository-uri",
            Field::SourceRepositoryDigest => "source-repository-digest",
            Field::SourceRepositoryRef => "source-repository-ref",
            Field::SourceRepositoryIdentifier => "source-repository-identifier",
            Field::SourceRepositoryOwnerUri => "source-repository-owner-uri",
            Field::SourceRepositoryOwnerIdentifier => "source-repository-owner-identifier",
            Field::BuildConfigUri => "build-config-uri",
            Field::BuildConfigDigest => "build-config-digest",
            Field::BuildTrigger => "build-trigger",
            Field::RunInvocationUri => "run-invocation-uri",
            Field::SourceRepositoryVisibility => "source-repository-visibility-at-signing",
            Field::DeploymentEnvironment => "deployment-environment",
            Field::TokenSubject => "token-subject",
            Field::KubernetesNamespace => "kubernetes-namespace",
            Field::KubernetesServiceAccountName => "kubernetes-service-account-name",
            Field::KubernetesServiceAccountUid => "kubernetes-service-account-uid",
            Field::KubernetesPodUid => "kubernetes-pod-uid",
        }
    }
}

impl NormalForm {
    pub(super) fn of(preset: Preset, issuer: &IssuerUrl, claims: &Claims<'_>) -> Result<NormalForm, Refused> {
        let mut form = NormalForm::default();
        form.set(Field::Issuer, Some(issuer.as_str()));
        form.set(Field::TokenSubject, Some(claims.subject()?));
        match preset {
            Preset::GitHub => github::fill(&mut form, issuer, claims)?,
            Preset::GitLab => gitlab::fill(&mut form, issuer, claims)?,
            Preset::CircleCi => circleci::fill(&mut form, issuer, claims)?,
            Preset::Buildkite => buildkite::fill(&mut form, claims)?,
            Preset::Kubernetes => kubernetes::fill(&mut form, claims)?,
            Preset::Jenkins | Preset::Generic => {}
        }
        Ok(form)
    }

    /// What it says of that.
    pub fn field(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// All that it says, in the order of the OIDs.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, text)| (*field, text.as_str()))
    }

    fn set(&mut self, field: Field, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.0.insert(field, text.into());
        }
    }

    /// Takes over claims as they are.
    fn copy(&mut self, claims: &Claims<'_>, fields: &[(Field, &str)]) -> Result<(), Refused> {
        for (field, claim) in fields {
            self.set(*field, claims.text(claim)?);
        }
        Ok(())
    }

    /// Puts a text together from pieces and claims. If one of the claims is missing there is no text.
    fn join(&mut self, field: Field, claims: &Claims<'_>, pieces: &[Piece<'_>]) -> Result<(), Refused> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text += piece,
                Piece::Claim(claim) => match claims.text(claim)? {
                    Some(claim) => text += &claim,
                    None => return Ok(()),
                },
            }
        }
        self.set(field, Some(text));
        Ok(())
    }
}

/// A part of a text that is put together.
#[derive(Clone, Copy, Debug)]
enum Piece<'p> {
    Text(&'p str),
    Claim(&'p str),
}
