//! Service accounts of Kubernetes.

use super::{Field, NormalForm};
use crate::oidc::claims::Claims;
use crate::oidc::config::ClaimPath;
use crate::oidc::refused::Refused;

pub(super) fn fill(form: &mut NormalForm, claims: &Claims<'_>) -> Result<(), Refused> {
    for (field, path) in [
        (Field::KubernetesNamespace, ["namespace"].as_slice()),
        (Field::KubernetesServiceAccountName, &["serviceaccount", "name"]),
        (Field::KubernetesServiceAccountUid, &["serviceaccount", "uid"]),
        (Field::KubernetesPodUid, &["pod", "uid"]),
    ] {
        let path = ClaimPath::of(&[&["kubernetes.io"], path].concat());
        form.set(field, claims.text_at(&path)?);
    }
    Ok(())
}
