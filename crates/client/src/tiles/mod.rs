//! Logs that are published as static files (C2SP tlog-tiles), wherever they lie. Nothing that comes from there is believed: what
//! it means is for those to check who asked for it.

mod error;
mod foreign;
mod reader;
mod source;

pub use error::{BadPlace, FetchError};
pub use foreign::{ForeignBytes, TreeError};
pub use reader::TreeReader;
pub use source::TileSource;
