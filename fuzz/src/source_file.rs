//! The file of a source.

use std::path::Path;

use indelible::sources::SourceFile;
use indelible_sources::github::Account;

use super::Verdict;

/// One with everything, and one with as little as there may be.
pub fn seeds() -> Vec<Vec<u8>> {
    let little =
        "kind = \"github\"\nname = \"github/acme\"\npermitted = [\"acme\"]\nsecret = \"0123456789abcdef0123\"\n";
    let all = "kind = 'github'\nname = 'github/acme'\npermitted = ['acme', 'acme-labs']\nsecret = '0123456789abcdef0123'\n\
               previous_secret = 'fedcba98765432100123'\nhook_id = 7\nunwanted = ['star', 'watch']\n";
    [little, all].map(|text| text.as_bytes().to_vec()).to_vec()
}

/// What is read is written so that it is read again as it was. Files that it names are not looked for here.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(text) = str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let names_a_file = |table: toml::Table| table.keys().any(|name| name.ends_with("_file"));
    if text.parse().is_ok_and(names_a_file) {
        return Verdict::Refused;
    }
    let read = match SourceFile::parse(text, Path::new("/nowhere")) {
        Ok(read) => read,
        Err(bad) => {
            assert!(!bad.to_string().is_empty());
            return Verdict::Refused;
        }
    };
    let written = read.to_text();
    let again = SourceFile::parse(&written, Path::new("/nowhere")).expect("a file as it is written");
    assert_eq!(*again.to_text(), *written);
    let (one, other) = (&read.configuration, &again.configuration);
    let accounts = |file: &SourceFile| -> Vec<String> {
        file.configuration
            .permitted
            .accounts()
            .iter()
            .map(Account::to_string)
            .collect()
    };
    assert_eq!(accounts(&read), accounts(&again));
    assert_eq!(
        (&one.name, one.hook_id, &one.unwanted),
        (&other.name, other.hook_id, &other.unwanted)
    );
    assert_eq!(one.secrets.current.expose(), other.secrets.current.expose());
    let previous =
        |secrets: &indelible_sources::Secrets| secrets.previous.as_ref().map(|secret| secret.expose().to_owned());
    assert_eq!(previous(&one.secrets), previous(&other.secrets));
    let _ = read.source();
    Verdict::Accepted
}
