//! Where the files of a log lie, and how to read one.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use indelible_merkle::{ENTRY_MAX, Hash, TILE_WIDTH, TileContent, TilePath};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, RETRY_AFTER};

use super::{BadPlace, FetchError, NoSource};
use crate::credential::{Credential, shown_url};
use crate::http::{HttpOptions, LogHttp};

/// The files of one log: below a URL prefix, or in a folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TileSource {
    home: Home,
}

#[derive(Clone, Debug)]
enum Home {
    Url {
        /// Without a slash at its end.
        prefix: String,
        /// The same without name and password, for messages.
        shown: String,
        http: LogHttp,
        /// What may be done to a body on its way, if it is not what the client asks for by itself.
        coding: Option<&'static str>,
    },
    Folder(PathBuf),
}

impl TileSource {
    /// The log below a URL prefix, asked by `client`, or in a folder that exists. Reads nothing yet.
    ///
    /// # Errors
    ///
    /// If `place` is neither.
    pub fn new(place: &str, client: reqwest::Client) -> Result<TileSource, BadPlace> {
        TileSource::with(place, |_| Ok(LogHttp::anonymous(client)))
    }

    /// The same for a log that wants to know who asks. A folder is shown nothing.
    ///
    /// # Errors
    ///
    /// If `place` is neither, or the credential would not be safe there.
    pub fn with_credential(
        place: &str,
        options: &HttpOptions,
        credential: &Credential,
    ) -> Result<TileSource, NoSource> {
        TileSource::with(place, |url| Ok(LogHttp::new(url, options, credential)?))
    }

    fn with<E: From<BadPlace>>(place: &str, http: impl FnOnce(&str) -> Result<LogHttp, E>) -> Result<TileSource, E> {
        let bad = || BadPlace {
            place: place.to_owned(),
        };
        let is_url = ["http://", "https://"].iter().any(|scheme| place.starts_with(scheme));
        let home = match is_url {
            true => {
                let url: reqwest::Url = place.parse().map_err(|_| E::from(bad()))?;
                // A path that is put behind these would become a part of them.
                if url.query().is_some() || url.fragment().is_some() {
                    return Err(bad().into());
                }
                Home::Url {
                    prefix: place.trim_end_matches('/').to_owned(),
                    shown: shown_url(&url),
                    http: http(place)?,
                    coding: None,
                }
            }
            false if Path::new(place).is_dir() => Home::Folder(place.into()),
            false => return Err(bad().into()),
        };
        Ok(TileSource { home })
    }

    /// The log in a folder, whether that exists or not.
    pub fn in_folder(folder: impl Into<PathBuf>) -> TileSource {
        TileSource {
            home: Home::Folder(folder.into()),
        }
    }

    /// Asks for bodies that are not compressed: a server near by takes longer to compress than to send. One that compresses all the
    /// same is understood.
    #[must_use]
    pub fn uncompressed(mut self) -> TileSource {
        if let Home::Url { coding, .. } = &mut self.home {
            *coding = Some("identity");
        }
        self
    }

    /// The newest checkpoint, as it is published: at most 1,000,000 bytes.
    ///
    /// # Errors
    ///
    /// If it cannot be had.
    pub async fn checkpoint(&self) -> Result<Bytes, FetchError> {
        self.read("checkpoint", CHECKPOINT_BYTES_MAX).await
    }

    /// A tile or an entry bundle of exactly this path, decoded from gzip if it comes so: at most 17 MB.
    ///
    /// # Errors
    ///
    /// If it cannot be had.
    pub async fn file(&self, path: &TilePath) -> Result<Bytes, FetchError> {
        self.read(&path.to_string(), bytes_max(path)).await
    }

    /// The same, and if it is partial and gone, the full one in its place, which may have come meanwhile. The caller cuts it.
    ///
    /// # Errors
    ///
    /// If neither can be had.
    pub async fn file_or_full(&self, path: &TilePath) -> Result<Bytes, FetchError> {
        match self.file(path).await {
            Err(FetchError::Absent { .. }) if path.to_full() != *path => self.file(&path.to_full()).await,
            result => result,
        }
    }

    async fn read(&self, path: &str, limit: usize) -> Result<Bytes, FetchError> {
        match &self.home {
            Home::Url {
                prefix,
                shown,
                http,
                coding,
            } => {
                let what = format!("{shown}/{path}");
                let request = http.get(&format!("{prefix}/{path}"));
                let mut request = request.map_err(|reason| FetchError::NotSent {
                    what: what.clone(),
                    reason,
                })?;
                if let Some(coding) = coding {
                    request = request.header(ACCEPT_ENCODING, *coding);
                }
                get(http, request, what, limit).await
            }
            Home::Folder(folder) => {
                let path = folder.join(path);
                let loaded = tokio::task::spawn_blocking(move || load(&path, limit)).await;
                loaded.expect("reading a file does not panic, and nobody cancels it")
            }
        }
    }
}

impl fmt::Display for TileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.home {
            Home::Url { shown, .. } => f.write_str(shown),
            Home::Folder(folder) => folder.display().fmt(f),
        }
    }
}

/// Reads what is asked for, which messages call `what`.
async fn get(
    http: &LogHttp,
    request: reqwest::RequestBuilder,
    what: String,
    limit: usize,
) -> Result<Bytes, FetchError> {
    let network = |error: reqwest::Error| {
        let what = what.clone();
        match http.refused(&error) {
            Some(denied) => FetchError::Denied { what, denied },
            None => FetchError::Network {
                what,
                reason: with_causes(&error.without_url()),
            },
        }
    };
    let mut response = request.send().await.map_err(network)?;
    let status = response.status();
    match status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(FetchError::Absent { what }),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            if let Err(denied) = http.admitted(response).await {
                return Err(FetchError::Denied { what, denied });
            }
            let status = status.as_u16();
            return Err(FetchError::Status { what, status });
        }
        _ if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            let after = response.headers().get(RETRY_AFTER);
            let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
            return Err(FetchError::Busy {
                what,
                status: status.as_u16(),
                after: after.map(Duration::from_secs),
            });
        }
        _ => {
            return Err(FetchError::Status {
                what,
                status: status.as_u16(),
            });
        }
    }
    let due = response.content_length().unwrap_or(0).min(limit as u64);
    let mut body = BytesMut::with_capacity(usize::try_from(due).unwrap_or(limit));
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLong { what, limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn load(path: &Path, limit: usize) -> Result<Bytes, FetchError> {
    let what = path.display().to_string();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FetchError::Absent { what: what.clone() },
        kind => FetchError::File {
            what: what.clone(),
            kind,
            reason: error.to_string(),
        },
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One more than allowed tells that there is more.
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() > limit {
        true => Err(FetchError::TooLong { what, limit }),
        false => Ok(bytes.into()),
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn bytes_max(path: &TilePath) -> usize {
    let width = usize::try_from(path.width()).expect("a tile is at most 256 wide");
    match path.content() {
        TileContent::Hashes { .. } => width * Hash::BYTES,
        // Each entry behind the two bytes of its length.
        TileContent::Entries => width * (2 + ENTRY_MAX),
    }
}

/// As much as a note may have.
const CHECKPOINT_BYTES_MAX: usize = 1_000_000;

const _: () = assert!(TILE_WIDTH == 256);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HttpOptions, http_client};

    fn source(place: &str) -> Result<TileSource, BadPlace> {
        TileSource::new(place, http_client(&HttpOptions::default()).unwrap())
    }

    #[tokio::test]
    async fn a_folder_is_read_by_path_and_a_partial_that_is_gone_by_its_full_tile() {
        let folder = tempfile::tempdir().unwrap();
        let log = source(folder.path().to_str().unwrap()).unwrap();
        std::fs::create_dir_all(folder.path().join("tile/0")).unwrap();
        std::fs::write(folder.path().join("checkpoint"), "a note").unwrap();
        std::fs::write(folder.path().join("tile/0/000"), [7; 8192]).unwrap();
        assert_eq!(log.checkpoint().await.unwrap(), "a note");
        let partial: TilePath = "tile/0/000.p/3".parse().unwrap();
        assert!(matches!(log.file(&partial).await, Err(FetchError::Absent { .. })));
        assert_eq!(log.file_or_full(&partial).await.unwrap().len(), 8192);
        std::fs::write(folder.path().join("tile/0/000"), [7; 8193]).unwrap();
        let full = partial.to_full();
        assert!(matches!(
            log.file(&full).await,
            Err(FetchError::TooLong { limit: 8192, .. })
        ));
    }

    #[test]
    fn what_is_neither_url_nor_folder_is_refused() {
        for place in [
            "",
            "ftp://example.com/log",
            "http://",
            "/no/such/folder",
            "example.com/log",
            "https://example.com/log?tile",
            "https://example.com/log#tile",
        ] {
            assert_eq!(source(place).unwrap_err().place, place);
        }
        assert_eq!(
            source("https://example.com/log/").unwrap().to_string(),
            "https://example.com/log"
        );
    }

    #[tokio::test]
    async fn a_password_in_the_url_is_used_and_not_shown() {
        let log = source("http://reader:secret@127.0.0.1:1/log/").unwrap();
        assert_eq!(log.to_string(), "http://127.0.0.1:1/log");
        let error = log.checkpoint().await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_worth_another_try() {
        let log = source("http://127.0.0.1:1").unwrap();
        let error = log.checkpoint().await.unwrap_err();
        assert!(error.is_temporary() && error.to_string().contains("refused"), "{error}");
    }
}
