//! Logs that are published as static files (C2SP tlog-tiles), wherever they lie. Nothing that comes from there is believed: what
//! it means is for those to check who asked for it.

mod error;
mod reader;
mod source;

pub use error::{BadPlace, FetchError};
pub use reader::{ForeignBytes, TreeError, TreeReader};
pub use source::TileSource;
