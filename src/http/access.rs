//! `/v1/tokens`, `/v1/approvals`, `/v1/access`: what changes who may do what, and what is configured.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::{delete, get, post};
use http::StatusCode;
use indelible_access::table::Table;
use indelible_access::{ApprovalId, Grant, WhatFor};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::events::answer;
use super::problem::Problem;
use crate::access::{Acts, Caller, Gate, Method, WantedToken};
use crate::strict_json;

/// What the routes need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessPages {
    /// What can be done.
    pub acts: Acts,
    /// What is configured.
    pub gate: Gate,
}

/// The routes by which access is managed.
pub fn access_routes(pages: AccessPages) -> Router {
    Router::new()
        .route("/v1/tokens", post(create).get(list))
        .route("/v1/tokens/{id}", delete(revoke))
        .route("/v1/approvals", post(request).get(waiting))
        .route("/v1/approvals/{id}", post(approve))
        .route("/v1/access", get(configured))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(pages)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    grants: Vec<Grant>,
    expires: Option<Timestamp>,
    approval: Option<ApprovalId>,
}

async fn create(State(pages): State<AccessPages>, caller: Caller, body: Bytes) -> Result<Response, Problem> {
    caller.permit(Method::ManageTokens)?;
    let Wanted {
        name,
        grants,
        expires,
        approval,
    } = parse(&body)?;
    let wanted = WantedToken {
        name,
        grants,
        expires,
        approval,
    };
    let made = pages.acts.create_token(&caller, wanted).await?;
    let body = json!({
        "id": made.id,
        "subject": made.subject,
        "token": made.token.expose(),
    });
    Ok(answer(StatusCode::CREATED, &body))
}

async fn list(State(pages): State<AccessPages>, caller: Caller) -> Result<Response, Problem> {
    caller.permit(Method::ManageTokens)?;
    let tokens: Vec<Value> = pages
        .acts
        .tokens()
        .iter()
        .map(|token| {
            json!({
                "id": token.made.hash.id(),
                "name": token.made.name,
                "grants": token.made.grants,
                "created": token.made.at,
                "created_by": token.made.by.subject,
                "expires": token.made.expires,
                "revoked": token.revoked.as_ref().map(|(at, by)| json!({"at": at, "by": by.subject})),
            })
        })
        .collect();
    caller.read("tokens", tokens.len() as u64).await?;
    Ok(answer(StatusCode::OK, &json!({"tokens": tokens})))
}

async fn revoke(State(pages): State<AccessPages>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.permit(Method::ManageTokens)?;
    let id = id
        .parse()
        .map_err(|error| Problem::malformed(format!("a token's id: {error}")))?;
    pages.acts.revoke_token(&caller, id).await?;
    Ok(answer(StatusCode::OK, &json!({"id": id, "revoked": true})))
}

async fn request(State(pages): State<AccessPages>, caller: Caller, body: Bytes) -> Result<Response, Problem> {
    caller.permit(Method::Approve)?;
    let what: WhatFor = parse(&body)?;
    let requested = pages.acts.request(&caller, what).await?;
    Ok(answer(StatusCode::CREATED, &json!(requested)))
}

async fn waiting(State(pages): State<AccessPages>, caller: Caller) -> Result<Response, Problem> {
    caller.permit(Method::Approve)?;
    let waiting = pages.acts.approvals();
    let waiting: Vec<Value> = waiting
        .iter()
        .map(|approval| json!({"request": approval.request, "approved_by": approval.given.as_ref().map(|by| &by.subject)}))
        .collect();
    Ok(answer(StatusCode::OK, &json!({"approvals": waiting})))
}

async fn approve(
    State(pages): State<AccessPages>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.permit(Method::Approve)?;
    let id: ApprovalId = id
        .parse()
        .map_err(|error| Problem::malformed(format!("an approval's id: {error}")))?;
    pages.acts.approve(&caller, id).await?;
    Ok(answer(
        StatusCode::OK,
        &json!({"approval": id, "approved_by": caller.principal().subject}),
    ))
}

async fn configured(State(pages): State<AccessPages>, caller: Caller) -> Result<Response, Problem> {
    caller.permit(Method::ReadConfiguration)?;
    let file = pages.gate.file();
    let body = json!({
        "open": pages.gate.is_open(),
        "table": Table.to_string(),
        "file_sha256": file.sha256,
        "tiles": if file.tiles_public { "public" } else { "monitor" },
        "four_eyes": {
            "erasure": file.four_eyes.erasure,
            "admin_tokens": file.four_eyes.admin_tokens,
            "key_rotation": file.four_eyes.key_rotation,
        },
        "certificates": file.certificates.iter().map(|one| json!({"san": one.san, "grants": one.grants})).collect::<Vec<_>>(),
    });
    caller.read("configuration", 1).await?;
    Ok(answer(StatusCode::OK, &body))
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    strict_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("the body is not what is asked for: {error}")))
}

/// Sixteen grants with 256 names each of some 100 bytes.
const BODY_BYTES_MAX: usize = 512 << 10;
