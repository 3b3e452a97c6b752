//! One source, as its file says it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indelible_sources::github::{Account, Configuration, Hook, Permitted};
use indelible_sources::{Secret, Secrets, Source, SourceName};
use toml::{Table, Value};
use zeroize::Zeroizing;

use crate::data::read_secret;

/// What a file says of a source of GitHub, its secrets read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// What is configured.
    pub configuration: Configuration,
}

/// What is wrong with a file. The operator's fault; no secret is shown.
#[derive(Debug, thiserror::Error)]
pub enum BadSourceFile {
    /// It is not TOML. What stands there is not shown, as it may be a secret.
    #[error("it is not TOML{}", line.map(|line| format!(" (line {line})")).unwrap_or_default())]
    Toml {
        /// The first line that is not, from 1.
        line: Option<usize>,
    },
    /// A field cannot be used.
    #[error("`{field}`: {reason}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl SourceFile {
    /// Reads the text of a file. Paths in it start from `folder`.
    ///
    /// # Errors
    ///
    /// If it is not TOML, has a field that is not known, or lacks one.
    pub fn parse(text: &str, folder: &Path) -> Result<SourceFile, BadSourceFile> {
        let mut fields = Fields {
            table: text.parse().map_err(|error: toml::de::Error| BadSourceFile::Toml {
                line: error
                    .span()
                    .and_then(|span| text.get(..span.start))
                    .map(|before| before.matches('\n').count() + 1),
            })?,
            folder,
        };
        let kind = fields.required("kind")?;
        if kind != "github" {
            return Err(bad("kind", format!("{kind:?} is not known here; `github` is")));
        }
        let name: SourceName = fields.required("name")?.parse().map_err(|error| bad("name", error))?;
        let accounts = fields.list("permitted")?.unwrap_or_default();
        let accounts = accounts.iter().map(|account| account.parse::<Account>());
        let accounts = accounts.collect::<Result<Vec<_>, _>>();
        let accounts = accounts.map_err(|error| bad("permitted", error))?;
        let permitted = Permitted::new(accounts).map_err(|error| bad("permitted", error))?;
        let current = fields
            .secret("secret", "secret_file")?
            .ok_or_else(|| bad("secret", "is missing, and so is `secret_file`"))?;
        let previous = fields.secret("previous_secret", "previous_secret_file")?;
        let hook_id = fields.number("hook_id")?;
        let unwanted = fields.list("unwanted")?.unwrap_or_default();
        if let Some(unknown) = fields.table.keys().next() {
            return Err(bad(unknown, format!("is not known; there are {}", FIELDS.join(", "))));
        }
        let configuration = Configuration {
            name,
            secrets: Secrets { current, previous },
            permitted,
            hook_id,
            unwanted: unwanted.into_iter().collect::<BTreeSet<_>>(),
        };
        SourceFile::of(configuration)
    }

    /// What a file of this configuration says.
    ///
    /// # Errors
    ///
    /// If the source is not called as its kind is called: known before it is used.
    pub fn of(configuration: Configuration) -> Result<SourceFile, BadSourceFile> {
        Hook::new(configuration.clone()).map_err(|error| bad("name", error))?;
        Ok(SourceFile { configuration })
    }

    /// The source.
    pub fn source(&self) -> Source {
        Source::GitHub(Hook::new(self.configuration.clone()).expect("the name was checked when it was read"))
    }

    /// The text that [`SourceFile::parse`] reads, secrets and all: wiped when it is dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        let Configuration {
            name,
            secrets,
            permitted,
            hook_id,
            unwanted,
        } = &self.configuration;
        let text = |text: &str| Value::from(text).to_string();
        let list = |all: Vec<String>| Value::from(all).to_string();
        let accounts = permitted.accounts().iter().map(Account::to_string).collect();
        let mut out = Zeroizing::new(String::with_capacity(TEXT_BYTES));
        let mut field = |name: &str, value: String| {
            let value = Zeroizing::new(value);
            *out += &format!("{name} = {}\n", value.as_str());
        };
        field("kind", text(name.kind()));
        field("name", text(name.as_str()));
        field("permitted", list(accounts));
        field("secret", text(secrets.current.expose()));
        if let Some(previous) = &secrets.previous {
            field("previous_secret", text(previous.expose()));
        }
        if let Some(hook_id) = hook_id {
            field("hook_id", hook_id.to_string());
        }
        if !unwanted.is_empty() {
            field("unwanted", list(unwanted.iter().cloned().collect()));
        }
        out
    }
}

/// What has not been read yet.
struct Fields<'f> {
    table: Table,
    folder: &'f Path,
}

impl Fields<'_> {
    fn text(&mut self, field: &str) -> Result<Option<String>, BadSourceFile> {
        match self.table.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad(field, "must be a text in quotes")),
        }
    }

    fn required(&mut self, field: &str) -> Result<String, BadSourceFile> {
        self.text(field)?.ok_or_else(|| bad(field, "is missing"))
    }

    fn list(&mut self, field: &str) -> Result<Option<Vec<String>>, BadSourceFile> {
        let not_texts = || bad(field, "must be a list of texts");
        let text = |value| match value {
            Value::String(text) => Ok(text),
            _ => Err(not_texts()),
        };
        match self.table.remove(field) {
            None => Ok(None),
            Some(Value::Array(all)) => all.into_iter().map(text).collect::<Result<_, _>>().map(Some),
            Some(_) => Err(not_texts()),
        }
    }

    fn number(&mut self, field: &str) -> Result<Option<u64>, BadSourceFile> {
        match self.table.remove(field) {
            None => Ok(None),
            Some(Value::Integer(number)) => u64::try_from(number)
                .map(Some)
                .map_err(|_| bad(field, "must not be negative")),
            Some(_) => Err(bad(field, "must be a number")),
        }
    }

    /// A secret that stands in the file, or in a file of its own.
    fn secret(&mut self, field: &str, file_field: &str) -> Result<Option<Secret>, BadSourceFile> {
        let text = self.text(field)?.map(Zeroizing::new);
        let file = self.text(file_field)?.map(PathBuf::from);
        match (text, file) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(bad(
                field,
                format!("stands beside `{file_field}`: one of the two counts"),
            )),
            (Some(text), None) => Secret::new(text.as_str()).map(Some).map_err(|error| bad(field, error)),
            (None, Some(file)) => secret_of_file(&self.folder.join(file))
                .map(Some)
                .map_err(|reason| bad(file_field, reason)),
        }
    }
}

/// The secret in a file for its owner alone: its text, without the line feed at its end.
pub(crate) fn secret_of_file(path: &Path) -> Result<Secret, String> {
    let bytes = read_secret(path)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("there is no file {}", path.display()))?;
    let text = str::from_utf8(&bytes).map_err(|_| format!("{} is not UTF-8", path.display()))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Secret::new(text).map_err(|error| format!("{}: {error}", path.display()))
}

#[expect(clippy::needless_pass_by_value, reason = "an error that is handed over to be told")]
fn bad(field: &str, reason: impl ToString) -> BadSourceFile {
    BadSourceFile::Field {
        field: field.to_owned(),
        reason: reason.to_string(),
    }
}

/// All that a file may say.
const FIELDS: [&str; 9] = [
    "kind",
    "name",
    "permitted",
    "secret",
    "secret_file",
    "previous_secret",
    "previous_secret_file",
    "hook_id",
    "unwanted",
];

/// More than an ordinary file has, so that no copy of a secret is left behind by growing.
const TEXT_BYTES: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"kind = "github"
name = "github/acme"
permitted = ["acme", "other/web"]
secret = "0123456789abcdef-current"
previous_secret = "0123456789abcdef-previous"
hook_id = 42
unwanted = ["star"]
"#;

    fn parse(text: &str) -> Result<SourceFile, BadSourceFile> {
        SourceFile::parse(text, Path::new("/nowhere"))
    }

    #[test]
    fn a_file_is_read_and_written() {
        let file = parse(WHOLE).unwrap();
        assert_eq!(file.configuration.name.as_str(), "github/acme");
        assert_eq!(file.configuration.hook_id, Some(42));
        assert_eq!(file.configuration.permitted.accounts().len(), 2);
        assert_eq!(*file.to_text(), WHOLE);
        assert_eq!(*parse(&file.to_text()).unwrap().to_text(), WHOLE);
    }

    #[test]
    fn what_is_wrong_is_named_and_no_secret_is_shown() {
        for (from, to, expected) in [
            (
                "kind = \"github\"",
                "kind = \"gitlub\"",
                "`kind`: \"gitlub\" is not known",
            ),
            ("kind = \"github\"\n", "", "`kind`: is missing"),
            ("name = \"github/acme\"", "name = \"acme\"", "`name`: "),
            ("name = \"github/acme\"", "name = \"gitlab/acme\"", "`name`: "),
            ("[\"acme\", \"other/web\"]", "[]", "`permitted`: "),
            ("[\"acme\", \"other/web\"]", "[\"a/b/c\"]", "`permitted`: "),
            ("[\"acme\", \"other/web\"]", "\"acme\"", "`permitted`: must be a list"),
            ("hook_id = 42", "hook_id = -1", "`hook_id`: "),
            ("hook_id = 42", "hook_ids = 42", "`hook_ids`: is not known"),
            ("secret = \"0123456789abcdef-current\"\n", "", "`secret`: is missing"),
            ("\"0123456789abcdef-current\"", "\"0123456789ab\"", "`secret`: "),
            (
                "\"0123456789abcdef-current\"",
                "123456789012345678",
                "`secret`: must be a text",
            ),
            (
                "\"0123456789abcdef-current\"",
                "0123456789abcdef-current",
                "it is not TOML (line 4)",
            ),
            ("hook_id", "secret_file = \"x\"\nhook_id", "`secret`: stands beside"),
            (
                "previous_secret = \"0123456789abcdef-previous\"",
                "previous_secret_file = \"no\"",
                "`previous_secret_file`: there is no file /nowhere/no",
            ),
        ] {
            let said = parse(&WHOLE.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(said.starts_with(expected), "{said:?} is not {expected:?}");
            assert!(!said.contains("0123456789"), "{said}");
        }
    }
}
