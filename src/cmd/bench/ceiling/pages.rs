//! The same over plain HTTP: an index for whatever is posted, and a tile of zeros.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use indelible_merkle::Hash;

use crate::access::{Denied, Method, Policy, Principal, Resource};
use crate::http::{for_ever, text};

/// Handlers that do nothing, under the paths and with the headers of the real ones. The index that they tell is the last one of a
/// log of `size` entries.
pub(super) fn routes(size: u64) -> Result<Router, Denied> {
    let index = Bytes::from((size - 1).to_string());
    let tile = Bytes::from_static(&TILE);
    let granted = Arc::new(Policy::Open.authorise(Principal::Anonymous, Method::ReadProofs, Resource::Log)?);
    Ok(Router::new()
        .route(
            "/add",
            post(async move |_entry: Bytes| text(StatusCode::OK, index.clone())),
        )
        .route(
            "/tile/{level}/{*index}",
            get(async move || for_ever(tile.clone(), &granted)),
        ))
}

/// 8 KiB, as much as a full tile.
static TILE: [u8; 256 * Hash::BYTES] = [0; 256 * Hash::BYTES];
