//! The same over plain HTTP: an index for whatever is posted, and a tile of zeros.

use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use indelible_merkle::Hash;

use crate::http::{for_ever, text};

/// Handlers that do nothing, under the paths and with the headers of the real ones. The index that they tell is the last one of a
/// log of `size` entries.
pub(super) fn routes(size: u64) -> Router {
    let index = Bytes::from((size - 1).to_string());
    let tile = Bytes::from_static(&TILE);
    Router::new()
        .route(
            "/add",
            post(async move |_entry: Bytes| text(StatusCode::OK, index.clone())),
        )
        .route(
            "/tile/{level}/{*index}",
            get(async move || for_ever(tile.clone(), true)),
        )
}

/// 8 KiB, as much as a full tile.
static TILE: [u8; 256 * Hash::BYTES] = [0; 256 * Hash::BYTES];
