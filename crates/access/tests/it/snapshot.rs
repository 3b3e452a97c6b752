//! Every role, method and resource, against a file that a person has read.

use std::fmt::Write;
use std::path::Path;

use indelible_access::table::Table;
use indelible_access::{Authenticated, Grant, Method, Principal, Role, Scope, ScopeParts};

fn principal(grants: Vec<Grant>) -> Principal {
    Principal {
        subject: "token/x/00".to_owned(),
        authenticated: Authenticated::Token,
        grants,
        ..Principal::anonymous()
    }
}

fn scoped(role: Role) -> Grant {
    let parts = ScopeParts {
        sources: Some(vec!["github/acme".to_owned()]),
        actions: Some(vec!["push".to_owned()]),
    };
    Grant {
        role,
        scope: Scope::try_from(parts).unwrap(),
    }
}

/// An event's source and action; what was erased is not known.
const RESOURCES: [(&str, Option<&str>, Option<&str>); 4] = [
    ("own source and action", Some("github/acme"), Some("push")),
    ("own source, another action", Some("github/acme"), Some("delete")),
    ("another source", Some("gitlab/x"), Some("push")),
    ("erased", None, None),
];

fn decisions() -> String {
    let mut text = format!("{Table}\n");
    let anonymous = [("nobody".to_owned(), Principal::anonymous())];
    let whole = Role::ALL.map(|role| (role.to_string(), principal(vec![Grant::whole(role)])));
    let scoped = Role::ALL.map(|role| (format!("{role} (scoped)"), principal(vec![scoped(role)])));
    for (name, principal) in anonymous.into_iter().chain(whole).chain(scoped) {
        for method in Method::ALL {
            let answer = match principal.authorise(method) {
                Err(denied) => format!("no: {denied}"),
                Ok(permit) => {
                    let covered = RESOURCES
                        .iter()
                        .filter(|(_, source, action)| permit.covers(*source, *action));
                    let covered: Vec<&str> = covered.map(|(name, _, _)| *name).collect();
                    format!("yes: {}", covered.join(", "))
                }
            };
            writeln!(text, "{name:<26}{method:<19}{answer}").unwrap();
        }
    }
    text
}

#[test]
fn is_what_was_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decisions.txt");
    let found = decisions();
    if std::env::var_os("INDELIBLE_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (kept, found) in kept.lines().zip(found.lines()) {
        assert_eq!(
            kept, found,
            "INDELIBLE_BLESS=1 writes the file anew, for somebody to read"
        );
    }
    assert_eq!(kept, found);
}
