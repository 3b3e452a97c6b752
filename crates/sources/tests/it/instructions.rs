//! What an operator is told to enter, and the line that tests it.

use indelible_event::member::{ActorType, Verb};
use indelible_sources::{
    Delivery, Source,
    github::{Configuration, Hook, instructions},
};

use crate::support::{SECRET, configuration, now, only};

/// The parts of a command line in single quotes.
fn quoted(line: &str) -> Vec<&str> {
    line.split('\'').skip(1).step_by(2).collect()
}

fn check(account: &str, hook_id: Option<u64>, place: &str) {
    let configuration = Configuration {
        hook_id,
        ..configuration([account])
    };
    let text = instructions(&configuration, "https://audit.example.com/");
    for part in [
        place,
        "Payload URL       https://audit.example.com/hooks/github/acme\n",
        "Content type      application/json\n",
        &format!("Secret            {SECRET}\n"),
        " workflow_run ",
        " deploy_key ",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let line = &text[text.find("curl ").unwrap()..];
    assert!(!line.contains(SECRET));
    let parts = quoted(line);
    assert_eq!(parts[0], "https://audit.example.com/hooks/github/acme");
    let (body, headers) = parts[1..].split_last().unwrap();
    let headers: Vec<_> = headers.iter().map(|header| header.split_once(": ").unwrap()).collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.as_bytes()))
        .collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let source = Source::GitHub(Hook::new(configuration).unwrap());
    let delivery = Delivery {
        method: "POST",
        headers: &headers,
        body: body.as_bytes(),
    };
    let event = only(source.receive(&delivery, now()).unwrap());
    let action = event.claims.action.unwrap();
    assert_eq!((action.name.as_str(), action.verb), ("ping", Verb::Other));
    assert_eq!(event.claims.actor.unwrap().kind, ActorType::Unknown);
    assert!(event.key.unwrap().starts_with("test-"));
    assert_eq!(event.content_type, "application/json");
    let whole = &event.claims.targets.unwrap()[0];
    assert!(account.ends_with(whole.name.as_deref().unwrap()));
    // Whatever was changed on the way to the shell is refused.
    let body = body.replace("test", "best");
    let delivery = Delivery {
        method: "POST",
        headers: &headers,
        body: body.as_bytes(),
    };
    source.receive(&delivery, now()).unwrap_err();
}

#[test]
fn the_line_that_tests_a_hook_is_accepted_by_it() {
    check("acme", None, "https://github.com/organizations/acme/settings/hooks/new");
    check("acme/web", Some(42), "https://github.com/acme/web/settings/hooks/new");
    check(
        "enterprise:big",
        None,
        "https://github.com/enterprises/big/settings/hooks/new",
    );
}
