//! Names under which secrets stand.

use super::MARK;

/// The kind of secret that stands under a name, such as `token` for `accessToken`.
///
/// The last words of the name decide: `token_id`, `secret_name` and `password_policy` are no secrets. Words are told apart by what is no
/// letter or digit, and by a capital behind a small letter. Names of more than 100 bytes are none, nor are those that are expressions or marks.
pub(super) fn secret(name: &str) -> Option<&'static str> {
    let is_name = (3..=NAME_BYTES_MAX).contains(&name.len()) && !name.contains('{') && !name.contains(MARK);
    if !is_name || !may_end_a_secret(name) {
        return None;
    }
    let words = words(name);
    let last = words.last()?.as_str();
    let before = words
        .len()
        .checked_sub(2)
        .and_then(|place| words.get(place))
        .map_or("", String::as_str);
    if HARMLESS.contains(&before)
        || words
            .first()
            .is_some_and(|first| HARMLESS_FIRST.contains(&first.as_str()))
    {
        return None;
    }
    match last {
        "passwd" | "passphrase" | "pwd" => Some("password"),
        _ if last.ends_with("password") => Some("password"),
        "pass" if words.len() == 1 || matches!(before, "db" | "user" | "mysql" | "redis" | "smtp") => Some("password"),
        _ if last.ends_with("secret") => Some("secret"),
        "bearer" | "jwt" => Some("token"),
        _ if last.ends_with("token") => Some("token"),
        "authorization" => Some("authorization"),
        "cookie" => Some("cookie"),
        "apikey" | "appkey" => Some("api key"),
        "privatekey" | "sshkey" => Some("private key"),
        "secretkey" | "accesskey" => Some("secret"),
        "key" => match before {
            "api" | "app" | "application" => Some("api key"),
            "private" => Some("private key"),
            "secret" | "access" | "account" | "shared" | "signing" | "encryption" | "master" | "auth" => Some("secret"),
            _ => None,
        },
        // Of an integration: `api_value`, `secret_value`.
        "value" if matches!(before, "secret" | "password" | "token") => Some("secret"),
        "string" if before == "connection" => Some("connection string"),
        "connectionstring" => Some("connection string"),
        _ => None,
    }
}

/// Whether the strings directly in an object of this name are secrets, each under its own: `secrets`.
pub(super) fn holds_secrets(name: &str) -> bool {
    ["secrets", "passwords", "credentials"]
        .iter()
        .any(|plural| name.eq_ignore_ascii_case(plural))
}

/// Whether it names its sibling: `{"name": "DB_PASSWORD", "value": …}`.
pub(super) fn names_sibling(name: &str) -> bool {
    ["name", "key", "field", "variable"]
        .iter()
        .any(|naming| name.eq_ignore_ascii_case(naming))
}

/// Whether it is a value that a sibling names.
pub(super) fn is_named_by_sibling(name: &str) -> bool {
    const VALUES: [&str; 12] = [
        "value",
        "before",
        "after",
        "from",
        "to",
        "old",
        "new",
        "default",
        "defaultvalue",
        "default_value",
        "old_value",
        "new_value",
    ];
    VALUES.iter().any(|value| name.eq_ignore_ascii_case(value))
}

/// A flag of a command whose argument is a secret: `--password`.
pub(super) fn secret_flag(argument: &str) -> Option<&'static str> {
    let name = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_') {
        None
    } else {
        secret(name)
    }
}

/// A quick no for most names, by their last letters.
fn may_end_a_secret(name: &str) -> bool {
    const ENDS: [&str; 12] = [
        "word",
        "wd",
        "phrase",
        "pass",
        "secret",
        "token",
        "bearer",
        "jwt",
        "authorization",
        "cookie",
        "key",
        "value",
    ];
    let name = name.trim_end_matches(|c: char| !c.is_ascii_alphabetic()).as_bytes();
    let ends =
        |end: &str| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes());
    ENDS.into_iter().any(ends) || ends("string")
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut small = false;
    for c in name.chars() {
        let breaks = !c.is_ascii_alphabetic() || (c.is_ascii_uppercase() && small);
        if breaks && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        small = c.is_ascii_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// In front of the last word they say that it is no secret, or not a usable one: `hashed_token`, `page_token`, `public_key`.
const HARMLESS: [&str; 12] = [
    "hashed",
    "hash",
    "masked",
    "encrypted",
    "page",
    "continuation",
    "pagination",
    "cursor",
    "sync",
    "public",
    "has",
    "expired",
];
/// The same for the first word: `has_password`, `last_token`.
const HARMLESS_FIRST: [&str; 6] = ["has", "is", "num", "hashed", "masked", "count"];
const NAME_BYTES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_decide() {
        for name in [
            "password",
            "Password",
            "db_password",
            "DB_PASSWORD",
            "userPassword",
            "PGPASSWORD1",
            "passwd",
            "pwd",
            "passphrase",
            "pass",
            "client_secret",
            "clientSecret",
            "webhook-secret",
            "secret",
            "secret_value",
            "token",
            "access_token",
            "accessToken",
            "GITHUB_TOKEN",
            "X-Gitlab-Token",
            "authorization",
            "Proxy-Authorization",
            "Set-Cookie",
            "x-api-key",
            "apiKey",
            "apikey",
            "DD_APP_KEY",
            "private_key",
            "privateKey",
            "PRIVATE-KEY",
            "AWS_SECRET_ACCESS_KEY",
            "aws.secretAccessKey",
            "AccountKey",
            "connectionString",
            "ConnectionString",
            "jwt",
            "HEROKU_API_KEY",
            "jenkins_api_token",
        ] {
            assert!(secret(name).is_some(), "{name}");
        }
        for name in [
            "token_id",
            "hashed_token",
            "token_scopes",
            "tokenType",
            "token_expired",
            "secret_name",
            "secret_type",
            "secrets",
            "secret_scanning",
            "password_policy",
            "public_key",
            "key",
            "deploy_key",
            "key_id",
            "access_key_id",
            "page_token",
            "nextPageToken",
            "has_password",
            "monkey",
            "tokens",
            "max_tokens",
            "compass",
            "bypass",
            "authorizations_url",
            "authentication",
            "passed",
            "secrets_passed",
            "",
            "a",
            "ключ",
            "turkey",
            "object_token_count",
        ] {
            assert_eq!(secret(name), None, "{name}");
        }
    }
}
