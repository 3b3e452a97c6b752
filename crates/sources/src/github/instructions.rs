//! What to enter at GitHub, and a delivery to test it with.

use std::fmt::Write as _;

use super::{Account, Configuration, permitted::Kind, sign, table::GROUPS};

/// What to do at GitHub so that this webhook sends to `url_base` (such as `https://audit.example.com`), and a line for a shell that
/// sends a signed delivery, as GitHub's first one will be. It shows the secret: print it to whoever sets the hook up, once.
///
/// The line can be run again: it has the same idempotency key, so there is one event.
pub fn instructions(configuration: &Configuration, url_base: &str) -> String {
    let url = format!("{}/hooks/{}", url_base.trim_end_matches('/'), configuration.name);
    let mut text = String::new();
    for account in configuration.permitted.accounts() {
        let _ = writeln!(text, "{}", place(account));
    }
    let _ = write!(
        text,
        "
  Payload URL       {url}
  Content type      application/json
  Secret            {}
  SSL verification  Enable
  Events            Send me everything
  Active            yes

Or, instead of everything, these events, which are about pipelines, access, protection and findings:
{}
To test it from here, as GitHub's first delivery will:

",
        configuration.secrets.current.expose(),
        events(),
    );
    text.push_str(&test_line(configuration, &url));
    text
}

/// Where the form is. It begins at the server, which may be one of your own.
fn place(account: &Account) -> String {
    match &account.0 {
        Kind::Owner(owner) => format!(
            "At https://github.com/organizations/{owner}/settings/hooks/new (of a person: of each of their repositories) enter:"
        ),
        Kind::Repository(full_name) => format!("At https://github.com/{full_name}/settings/hooks/new enter:"),
        Kind::Enterprise(slug) => format!("At https://github.com/enterprises/{slug}/settings/hooks/new enter:"),
    }
}

fn events() -> String {
    let mut text = String::new();
    for (group, events) in &GROUPS[..GROUPS.len() - 1] {
        let names: Vec<_> = events.iter().map(|event| event.name).collect();
        let _ = writeln!(text, "  {group}: {}", names.join(" "));
    }
    text
}

fn test_line(configuration: &Configuration, url: &str) -> String {
    let body = sample(&configuration.permitted.accounts()[0]);
    let signature = sign(&configuration.secrets.current, body.as_bytes());
    // A URL has no quote as itself.
    let url = url.replace('\'', "%27");
    let mut text = format!("curl -sS -X POST '{url}' \\\n");
    let id = configuration.hook_id.map(|id| format!("X-GitHub-Hook-ID: {id}"));
    let headers = [
        "Content-Type: application/json".to_owned(),
        "X-GitHub-Event: ping".to_owned(),
        // What was signed names the delivery: another secret makes another one.
        format!("X-GitHub-Delivery: test-{}", &signature[signature.len() - 16..]),
        format!("X-Hub-Signature-256: {signature}"),
    ];
    for header in headers.into_iter().chain(id) {
        let _ = writeln!(text, "  -H '{header}' \\");
    }
    let _ = writeln!(text, "  -d '{body}'");
    text
}

/// A `ping` of an account. An account's name has no character that a shell or JSON would read as anything else.
fn sample(account: &Account) -> String {
    let (kind, whole) = match &account.0 {
        Kind::Owner(owner) => ("Organization", format!(r#""organization":{{"login":"{owner}"}}"#)),
        Kind::Repository(full_name) => ("Repository", format!(r#""repository":{{"full_name":"{full_name}"}}"#)),
        Kind::Enterprise(slug) => ("Enterprise", format!(r#""enterprise":{{"slug":"{slug}"}}"#)),
    };
    format!(r#"{{"zen":"A test by hand.","hook_id":0,"hook":{{"type":"{kind}","id":0,"active":true}},{whole}}}"#)
}
