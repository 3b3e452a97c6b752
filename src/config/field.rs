//! What a field is, and the draft that values are set in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use http::Uri;

use crate::net::host::Authority;

use super::error::{ConfigError, Place};
use super::{ClientCa, Config, LogFormat, TlsFiles, WithoutQuorum};

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
    Urls(fn(&mut Draft) -> &mut Vec<String>),
    /// An empty path is as good as none.
    Path(fn(&mut Draft) -> &mut Option<(PathBuf, Place)>),
    Switch(fn(&mut Draft) -> &mut bool),
    /// A switch that means nothing by itself, so that it is kept where it was turned on.
    PlacedSwitch(fn(&mut Draft) -> &mut Option<Place>),
    WithoutQuorum(fn(&mut Draft) -> &mut WithoutQuorum),
    LogFormat(fn(&mut Draft) -> &mut LogFormat),
    Text(fn(&mut Draft) -> &mut String),
    /// An empty URL is as good as none.
    Url(fn(&mut Draft) -> &mut Option<String>),
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
    pub(super) config: Config,
    pub(super) tls_cert: Option<(PathBuf, Place)>,
    pub(super) tls_key: Option<(PathBuf, Place)>,
    pub(super) client_ca: Option<(PathBuf, Place)>,
    pub(super) client_cert_required: Option<Place>,
    pub(super) client_crl: Option<(PathBuf, Place)>,
    pub(super) log_key: Option<(PathBuf, Place)>,
    pub(super) checkpoint_file: Option<(PathBuf, Place)>,
    pub(super) witness_policy: Option<(PathBuf, Place)>,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            config: Config::default(),
            tls_cert: None,
            tls_key: None,
            client_ca: None,
            client_cert_required: None,
            client_crl: None,
            log_key: None,
            checkpoint_file: None,
            witness_policy: None,
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
            (Kind::Urls(slot), Value::List(urls)) => {
                if let Some(url) = urls.iter().find(|url| !is_http(url)) {
                    return Err(wrong(at, format!("{url:?}")));
                }
                *slot(self) = urls.clone();
            }
            (Kind::Path(slot), Value::Text(path)) => {
                *slot(self) = if path.is_empty() {
                    None
                } else {
                    Some((base.join(path), at))
                };
            }
            (Kind::Switch(slot), Value::Switch(on)) => *slot(self) = *on,
            (Kind::PlacedSwitch(slot), Value::Switch(on)) => *slot(self) = on.then_some(at),
            (Kind::WithoutQuorum(slot), Value::Text(text)) => {
                let choices = [WithoutQuorum::Witnessed, WithoutQuorum::Signed];
                let chosen = choices.into_iter().find(|choice| choice.as_str() == text);
                *slot(self) = chosen.ok_or_else(|| wrong(at, format!("{text:?}")))?;
            }
            (Kind::LogFormat(slot), Value::Text(text)) => {
                let choices = [LogFormat::Text, LogFormat::Json];
                let chosen = choices.into_iter().find(|choice| choice.as_str() == text);
                *slot(self) = chosen.ok_or_else(|| wrong(at, format!("{text:?}")))?;
            }
            (Kind::Text(slot), Value::Text(text)) => slot(self).clone_from(text),
            (Kind::Url(slot), Value::Text(url)) => {
                // A password may stand in it.
                let got = || "another text".to_owned();
                *slot(self) = match url.as_str() {
                    "" => None,
                    url if is_http(url) => Some(url.to_owned()),
                    _ => return Err(wrong(at, got())),
                };
            }
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
            (Some((cert, _)), Some((key, _))) => Some((cert, key)),
            (Some((_, at)), None) => return half(at, "tls_cert", "tls_key"),
            (None, Some((_, at))) => return half(at, "tls_key", "tls_cert"),
            (None, None) => None,
        };
        let clients = match (self.client_ca, self.client_crl, self.client_cert_required) {
            (Some((_, at)), _, _) if tls.is_none() => return half(at, "client_ca", "tls_cert"),
            (Some((ca, _)), crl, required) => Some(ClientCa {
                ca,
                crl: crl.map(|(path, _)| path),
                required: required.is_some(),
            }),
            (None, Some((_, at)), _) => return half(at, "client_crl", "client_ca"),
            (None, None, Some(at)) => return half(at, "client_cert_required", "client_ca"),
            (None, None, None) => None,
        };
        Ok(Config {
            tls: tls.map(|(cert, key)| TlsFiles { cert, key, clients }),
            log_key: self.log_key.map(|(path, _)| path),
            checkpoint_file: self.checkpoint_file.map(|(path, _)| path),
            witness_policy: self.witness_policy.map(|(path, _)| path),
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
            Kind::Urls(slot) => {
                let urls: Vec<String> = slot(&mut draft).iter().map(|url| format!("\"{url}\"")).collect();
                format!("[{}]", urls.join(", "))
            }
            Kind::Hosts(slot) => {
                let hosts: Vec<String> = slot(&mut draft).iter().map(|host| format!("\"{host}\"")).collect();
                format!("[{}]", hosts.join(", "))
            }
            // No path has a default: it would be another one for every data directory.
            Kind::Path(_) => "\"\"".into(),
            Kind::Switch(slot) => slot(&mut draft).to_string(),
            Kind::PlacedSwitch(slot) => slot(&mut draft).is_some().to_string(),
            Kind::WithoutQuorum(slot) => format!("\"{}\"", slot(&mut draft).as_str()),
            Kind::LogFormat(slot) => format!("\"{}\"", slot(&mut draft).as_str()),
            Kind::Text(slot) => format!("\"{}\"", slot(&mut draft)),
            Kind::Url(_) => "\"\"".into(),
            Kind::Number { of, .. } => of(&mut draft).to_string(),
        }
    }

    /// The value of this field in text that has no types of its own: a variable or a flag. Lists are separated by commas.
    pub(super) fn read(&self, text: &str) -> Value {
        match (&self.kind, text) {
            (Kind::Switch(_) | Kind::PlacedSwitch(_), "true") => Value::Switch(true),
            (Kind::Switch(_) | Kind::PlacedSwitch(_), "false") => Value::Switch(false),
            (Kind::Number { .. }, digits) if is_integer(digits) => Value::Number(digits.into()),
            (Kind::Hosts(_) | Kind::Urls(_), list) => Value::List(
                list.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
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
            Kind::Urls(_) => "a list of URLs, each http:// or https:// and a host",
            Kind::Path(_) => "a path",
            Kind::Switch(_) | Kind::PlacedSwitch(_) => "true or false",
            Kind::WithoutQuorum(_) => "\"witnessed\" or \"signed\"",
            Kind::LogFormat(_) => "\"text\" or \"json\"",
            Kind::Text(_) => "a text",
            Kind::Url(_) => "a URL, http:// or https:// and a host",
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

/// Whether it is an URL at which a client could connect.
fn is_http(url: &str) -> bool {
    url.parse::<Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some())
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
