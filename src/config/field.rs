//! The table of fields, and the draft that values are set in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::net::host::Authority;

use super::error::{ConfigError, Place};
use super::{Config, TlsFiles};

/// One field: what it is called, what it takes, what it means.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// The unit, if the value has one.
    pub(super) unit: &'static str,
    /// What it means and how to choose it: sentences.
    pub(super) about: &'static str,
    pub(super) kind: Kind,
}

/// What a field takes, and where in the draft it goes.
pub(super) enum Kind {
    Address(fn(&mut Draft) -> &mut SocketAddr),
    Hosts(fn(&mut Draft) -> &mut Vec<Authority>),
    /// An empty path is as good as none.
    Path(fn(&mut Draft) -> &mut Option<(PathBuf, Place)>),
    Switch(fn(&mut Draft) -> &mut bool),
    Number {
        min: u32,
        max: u32,
        of: fn(&mut Draft) -> &mut u32,
    },
}

/// A value as it was written, before its field has looked at it.
#[derive(Debug)]
pub(super) enum Value {
    Switch(bool),
    /// TOML's integers are of any size, so it is text; only decimal digits and a sign.
    Number(String),
    Text(String),
    List(Vec<String>),
    /// What no field takes: a float, a date, a table, a list of other than strings.
    Other(&'static str),
}

/// A configuration in the making: valid field by field, but not yet as a whole.
#[derive(Debug)]
pub(super) struct Draft {
    config: Config,
    tls_cert: Option<(PathBuf, Place)>,
    tls_key: Option<(PathBuf, Place)>,
    log_key: Option<(PathBuf, Place)>,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            config: Config::default(),
            tls_cert: None,
            tls_key: None,
            log_key: None,
        }
    }

    /// Sets `field` to `value`. Relative paths start from `base`.
    pub(super) fn set(
        &mut self,
        field: &'static Field,
        value: &Value,
        at: Place,
        base: &Path,
    ) -> Result<(), ConfigError> {
        let wrong = |at, got| ConfigError::Type {
            at,
            field: field.name,
            want: field.kind.want(),
            got,
        };
        match (&field.kind, value) {
            (Kind::Address(slot), Value::Text(text)) => {
                *slot(self) = text.parse().map_err(|_| wrong(at, format!("{text:?}")))?;
            }
            (Kind::Hosts(slot), Value::List(hosts)) => {
                let parse = |host: &String| host.parse().map_err(|_| wrong(at.clone(), format!("{host:?}")));
                *slot(self) = hosts.iter().map(parse).collect::<Result<_, _>>()?;
            }
            (Kind::Path(slot), Value::Text(path)) => {
                *slot(self) = if path.is_empty() {
                    None
                } else {
                    Some((base.join(path), at))
                };
            }
            (Kind::Switch(slot), Value::Switch(on)) => *slot(self) = *on,
            (Kind::Number { min, max, of }, Value::Number(digits)) => {
                let number = digits.parse().ok().filter(|number| (min..=max).contains(&number));
                *of(self) = number.ok_or_else(|| ConfigError::Range {
                    at,
                    field: field.name,
                    value: digits.clone(),
                    min: *min,
                    max: *max,
                })?;
            }
            (_, value) => return Err(wrong(at, value.describe())),
        }
        Ok(())
    }

    /// The configuration, if it holds together.
    pub(super) fn finish(self) -> Result<Config, ConfigError> {
        let half = |at, given, missing| Err(ConfigError::Half { at, given, missing });
        let tls = match (self.tls_cert, self.tls_key) {
            (Some((cert, _)), Some((key, _))) => Some(TlsFiles { cert, key }),
            (Some((_, at)), None) => return half(at, "tls_cert", "tls_key"),
            (None, Some((_, at))) => return half(at, "tls_key", "tls_cert"),
            (None, None) => None,
        };
        Ok(Config {
            tls,
            log_key: self.log_key.map(|(path, _)| path),
            ..self.config
        })
    }
}

impl Field {
    pub(super) fn variable(&self) -> String {
        format!("INDELIBLE_{}", self.name.to_ascii_uppercase())
    }

    /// The default, as it stands in a file.
    pub(super) fn default_text(&self) -> String {
        let mut draft = Draft::new();
        match &self.kind {
            Kind::Address(slot) => format!("\"{}\"", slot(&mut draft)),
            Kind::Hosts(slot) => {
                let hosts: Vec<String> = slot(&mut draft).iter().map(|host| format!("\"{host}\"")).collect();
                format!("[{}]", hosts.join(", "))
            }
            // No path has a default: it would be another one for every data directory.
            Kind::Path(_) => "\"\"".into(),
            Kind::Switch(slot) => slot(&mut draft).to_string(),
            Kind::Number { of, .. } => of(&mut draft).to_string(),
        }
    }

    /// The value of this field in text that has no types of its own: a variable or a flag. Lists are separated by commas.
    pub(super) fn read(&self, text: &str) -> Value {
        match (&self.kind, text) {
            (Kind::Switch(_), "true") => Value::Switch(true),
            (Kind::Switch(_), "false") => Value::Switch(false),
            (Kind::Number { .. }, digits) if is_integer(digits) => Value::Number(digits.into()),
            (Kind::Hosts(_), list) => Value::List(
                list.split(',')
                    .map(str::trim)
                    .filter(|host| !host.is_empty())
                    .map(String::from)
                    .collect(),
            ),
            (_, text) => Value::Text(text.into()),
        }
    }
}

impl Kind {
    /// What it takes, in the words of an error.
    pub(super) fn want(&self) -> &'static str {
        match self {
            Kind::Address(_) => "an IP address and a port, as \"127.0.0.1:7425\" or \"[::1]:7425\"",
            Kind::Hosts(_) => "a list of host names or addresses, each with or without a port",
            Kind::Path(_) => "a path",
            Kind::Switch(_) => "true or false",
            Kind::Number { .. } => "an integer",
        }
    }
}

impl Value {
    fn describe(&self) -> String {
        match self {
            Value::Switch(on) => on.to_string(),
            Value::Number(digits) => digits.clone(),
            Value::Text(text) => format!("{text:?}"),
            Value::List(_) => "a list".into(),
            Value::Other(what) => (*what).into(),
        }
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Every field, in the order in which they are explained.
pub(super) static FIELDS: [Field; 16] = [
    Field {
        name: "listen",
        unit: "",
        about: "The address and port for everything: gRPC, HTTP/1.1, plain or TLS. Port 0 takes a free one. On any address \
                but a loopback one the log has to know who may use it.",
        kind: Kind::Address(|draft| &mut draft.config.listen),
    },
    Field {
        name: "hosts",
        unit: "",
        about: "Host names by which clients and browsers call the service, if it cannot know them: the name that a proxy or \
                load balancer in front of it has. \"audit.example.com\" is good for any port, \"audit.example.com:8443\" for \
                that one. Loopback, the address that a connection arrived on and the names in the TLS certificate are always \
                known. Everything else is refused with 403, which keeps foreign web pages out.",
        kind: Kind::Hosts(|draft| &mut draft.config.hosts),
    },
    Field {
        name: "tls_cert",
        unit: "",
        about: "A PEM file with the certificate chain, the service's own first. Needs `tls_key`; without both the port is \
                plain. Relative paths in this file start from its folder.",
        kind: Kind::Path(|draft| &mut draft.tls_cert),
    },
    Field {
        name: "tls_key",
        unit: "",
        about: "A PEM file with the private key of `tls_cert`.",
        kind: Kind::Path(|draft| &mut draft.tls_key),
    },
    Field {
        name: "log_key",
        unit: "",
        about: "The log's private key, as `keygen` makes it. Empty means `log.key` in the data directory. A key belongs to one \
                log for ever.",
        kind: Kind::Path(|draft| &mut draft.log_key),
    },
    Field {
        name: "open",
        unit: "",
        about: "Whether everybody who reaches the port may append and read. Accepted on a loopback address only.",
        kind: Kind::Switch(|draft| &mut draft.config.open),
    },
    Field {
        name: "leaf_index",
        unit: "",
        about: "Whether to keep an index from leaf hash to position, for proofs by hash. If it is turned on later, it is \
                filled from the log.",
        kind: Kind::Switch(|draft| &mut draft.config.leaf_index),
    },
    Field {
        name: "segment_mib",
        unit: "MiB",
        about: "Size of a journal segment, which is one file. It counts for segments that are begun from now on.",
        kind: Kind::Number {
            min: 8,
            max: 4096,
            of: |draft| &mut draft.config.segment_mib,
        },
    },
    Field {
        name: "commit_kib",
        unit: "KiB",
        about: "Entry bytes that one commit takes, one batch at least. Larger commits carry more a second, smaller ones let a \
                lone writer wait less behind a large batch.",
        kind: Kind::Number {
            min: 64,
            max: 4096,
            of: |draft| &mut draft.config.commit_kib,
        },
    },
    Field {
        name: "queue_mib",
        unit: "MiB",
        about: "Bytes of entries that wait for a commit or are in one. When it is full, streams are slowed down and other \
                appends refused with RESOURCE_EXHAUSTED.",
        kind: Kind::Number {
            min: 8,
            max: 4096,
            of: |draft| &mut draft.config.queue_mib,
        },
    },
    Field {
        name: "backlog_mib",
        unit: "MiB",
        about: "Journal bytes not yet sealed into the tree's store. They are held in memory and read again at the next start. \
                When it is full, appends wait for the sealer; nothing is lost.",
        kind: Kind::Number {
            min: 16,
            max: 65_536,
            of: |draft| &mut draft.config.backlog_mib,
        },
    },
    Field {
        name: "cache_mib",
        unit: "MiB",
        about: "Memory for what has been read from the tree's store. The process takes up to twice that for it.",
        kind: Kind::Number {
            min: 8,
            max: 65_536,
            of: |draft| &mut draft.config.cache_mib,
        },
    },
    Field {
        name: "shutdown_seconds",
        unit: "s",
        about: "How long running requests may take to end at shutdown. Then their connections are cut.",
        kind: Kind::Number {
            min: 1,
            max: 3600,
            of: |draft| &mut draft.config.shutdown_seconds,
        },
    },
    Field {
        name: "connections_max",
        unit: "",
        about: "Connections at a time; those beyond wait until another one ends. Each takes one file descriptor and at most \
                40 MiB, nearly all of them a few KiB.",
        kind: Kind::Number {
            min: 1,
            max: 65_536,
            of: |draft| &mut draft.config.connections_max,
        },
    },
    Field {
        name: "streams_per_connection_max",
        unit: "",
        about: "Requests at a time on one HTTP/2 connection; a client waits before it opens more.",
        kind: Kind::Number {
            min: 1,
            max: 4096,
            of: |draft| &mut draft.config.streams_per_connection_max,
        },
    },
    Field {
        name: "request_timeout_seconds",
        unit: "s",
        about: "How long an answer may take to begin, if the client does not ask for less with `grpc-timeout`. Streams that \
                have begun are not cut.",
        kind: Kind::Number {
            min: 1,
            max: 3600,
            of: |draft| &mut draft.config.request_timeout_seconds,
        },
    },
];
