//! `GET /tile/…`: the tree as C2SP tlog-tiles publishes it, hashes and entries, whole and partial.
//!
//! What a path names never changes, so that every answer may be kept for ever. Every width that the published tree has is served,
//! also the narrower beginnings of what is full by now. A path that is not in its one spelling names nothing, and neither does
//! one of what the tree does not have yet: both are 404.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Uri;
use indelible_log::{ReadError, Reader};
use indelible_merkle::{TILE_WIDTH, TileContent, TileId, TilePath, bundle};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use super::refusal::Refusal;
use super::{LogPages, for_ever};
use crate::access::{Caller, Method};
use crate::task::blocking;

/// Bundles are compressed for whoever accepts gzip, anew for each answer, and therefore quickly. Hashes cannot be compressed.
pub(super) fn routes() -> Router<Arc<LogPages>> {
    let gzip = CompressionLayer::new().quality(CompressionLevel::Fastest);
    Router::new()
        .route("/tile/{level}/{*index}", get(serve))
        .route("/tile/entries/{*index}", get(serve).layer(gzip))
}

/// The path is taken as it was sent: an encoded character in it would be another spelling.
async fn serve(State(log): State<Arc<LogPages>>, caller: Caller, uri: Uri) -> Result<Response, Refusal> {
    caller.permit(Method::ReadTiles)?;
    let path: TilePath = uri
        .path()
        .strip_prefix('/')
        .and_then(|path| path.parse().ok())
        .ok_or(Refusal::NotFound)?;
    if !path.is_within(log.reader.head().size()) {
        return Err(Refusal::NotFound);
    }
    let (index, width) = (path.index(), path.width());
    let body: Body = match path.content() {
        TileContent::Hashes { level } => hashes(&log.reader, TileId { level, index }, width).await?.into(),
        TileContent::Entries => {
            caller.gives_entries(width);
            entries(log.reader.clone(), index * TILE_WIDTH, width).await?
        }
    };
    Ok(for_ever(body, caller.gate().tiles_are_public()))
}

async fn hashes(reader: &Reader, tile: TileId, width: u64) -> Result<Bytes, ReadError> {
    if let Some(bytes) = reader.tile_at_hand(tile, width) {
        return Ok(bytes);
    }
    let reader = reader.clone();
    blocking(move || reader.tile_bytes(tile, width)).await
}

/// A usual bundle is one part and has its length in front. Of a larger one, the next part is read when the client has taken
/// the last: it can have 16 MiB, and a slow client must not make us hold them.
async fn entries(reader: Reader, start: u64, count: u64) -> Result<Body, ReadError> {
    let end = start + count;
    let (first, next) = part(reader.clone(), start, end).await?;
    if next == end {
        return Ok(Body::from(first));
    }
    let rest = stream::try_unfold(next, move |next| {
        let reader = reader.clone();
        async move {
            match next == end {
                true => Ok(None),
                false => part(reader, next, end).await.map(Some),
            }
        }
    });
    // What has begun with 200 can only be broken off.
    let rest = rest.inspect_err(|error| tracing::error!(%error, "a bundle was broken off"));
    Ok(Body::from_stream(stream::once(async { Ok(first) }).chain(rest)))
}

/// Entries from `start` on as a bundle joins them, and the index behind them.
async fn part(reader: Reader, start: u64, end: u64) -> Result<(Bytes, u64), ReadError> {
    let entries = blocking(move || reader.entries(start, end, PART_ENTRY_BYTES)).await?;
    let next = start + entries.len() as u64;
    let joined = bundle::encode(entries).expect("an entry of the log fits a bundle");
    Ok((joined.into(), next))
}

/// Entry bytes that are held for one client, unless an entry has more: 256 entries of 1 KiB.
const PART_ENTRY_BYTES: usize = 256 << 10;
