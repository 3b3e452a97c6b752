//! The header that names an event is not signed: whoever stands between can change it, and must change nothing by it.

use indelible_event::member::Verb;
use indelible_sources::{
    Ignored, Incoming, Reading, Received, Source,
    github::{Configuration, Hook},
};

use crate::{
    packages::{Example, examples, skipped},
    support::{configuration, event, hook, send},
};

const RUN: &str = r#"{"action":"completed","workflow_run":{"id":5,"conclusion":"failure"},"workflow":{"id":6},
    "repository":{"id":7,"full_name":"acme/web"},"sender":{"login":"ann","id":1,"type":"User"}}"#;

fn named(event: &Incoming) -> (&str, Verb, &str) {
    let action = event.claims.action.as_ref().unwrap();
    let from = event.submitter.verified.as_ref().unwrap()["event_from"]
        .as_str()
        .unwrap();
    (&action.name, action.verb, from)
}

#[test]
fn the_payload_is_believed_and_the_header_is_told() {
    let source = hook(["acme"]);
    let right = event(&source, "workflow_run", RUN.as_bytes());
    assert_eq!(named(&right), ("workflow_run.completed", Verb::Execute, "payload"));
    assert_eq!(right.submitter.verified.as_ref().unwrap().get("event_header"), None);
    for header in ["star", "workflow_job", "brand_new"] {
        let relabelled = event(&source, header, RUN.as_bytes());
        assert_eq!(relabelled.claims, right.claims, "{header}");
        assert_eq!(relabelled.submitter.verified.as_ref().unwrap()["event_header"], header);
    }
    for no_name in ["", "Workflow Run", "workflow-run", "x\u{e4}", &"x".repeat(65)] {
        let event = event(&source, no_name, RUN.as_bytes());
        assert_eq!(
            (event.claims, event.submitter),
            (right.claims.clone(), right.submitter.clone()),
            "{no_name:?}"
        );
    }
}

/// Every example under the name of every other event.
#[test]
fn no_example_can_be_relabelled() {
    let Some(examples) = examples() else { return skipped() };
    let accounts = examples.accounts();
    let source = hook(accounts.iter().map(String::as_str));
    let mut names: Vec<_> = examples.github.iter().map(|example| example.event.as_str()).collect();
    names.dedup();
    names.extend([
        "brand_new",
        "secret_scanning_alert",
        "branch_protection_configuration",
        "",
    ]);
    let mut sent = 0;
    for Example { event: name, payload } in &examples.github {
        let body = payload.to_string();
        let right = event(&source, name, body.as_bytes());
        for header in &names {
            assert_eq!(
                event(&source, header, body.as_bytes()).claims,
                right.claims,
                "{name} as {header}"
            );
            sent += 1;
        }
    }
    println!("{sent} deliveries under {} names", names.len());
}

#[test]
fn a_new_type_of_event_is_stored_by_the_header_and_says_so() {
    let source = hook(["acme"]);
    let body = r#"{"action":"melted","reactor":{"id":3},"changes":{"heat":{"from":1,"to":2}},
        "repository":{"id":7,"full_name":"acme/web"},"sender":{"login":"ann","id":1,"type":"User"}}"#;
    let event = event(&source, "reactor_core", body.as_bytes());
    assert_eq!(named(&event), ("reactor_core.melted", Verb::Other, "header"));
    assert_eq!(event.reading, Reading::Unrecognised);
    assert_eq!(event.claims.actor.unwrap().name.as_deref(), Some("ann"));
    assert_eq!(event.claims.targets.unwrap()[0].name.as_deref(), Some("acme/web"));
    assert_eq!(event.claims.changes.unwrap().len(), 1);
    assert_eq!(event.claims.occurred, None);
}

#[test]
fn an_unknown_payload_has_the_same_content_under_every_name() {
    let source = hook(["acme"]);
    let body = r#"{"action":"completed","workflow_run":{"id":5},"since":1,"other":2,"workflow":{},
        "repository":{"id":7,"full_name":"acme/web"},"sender":{"login":"ann","id":1,"type":"User"}}"#;
    let without_name = |header: &str| {
        let mut claims = event(&source, header, body.as_bytes()).claims;
        let action = claims.action.take().unwrap();
        assert_eq!(action.verb, Verb::Other);
        claims
    };
    assert_eq!(without_name("workflow_run"), without_name("star"));
}

#[test]
fn a_known_type_with_a_new_member_is_still_known() {
    let body = RUN.replacen('{', r#"{"new_member":1,"#, 1);
    let source = hook(["acme"]);
    for header in ["workflow_run", "star"] {
        assert_eq!(
            named(&event(&source, header, body.as_bytes())),
            ("workflow_run.completed", Verb::Execute, "payload")
        );
    }
    // It may as well be of a type that is not known yet.
    assert_eq!(
        named(&event(&source, "brand_new", body.as_bytes())),
        ("brand_new.completed", Verb::Other, "header")
    );
}

#[test]
fn a_header_cannot_have_an_event_left_out() {
    let unwanted = ["star".to_owned(), "brand_new".to_owned()].into();
    let source = Source::GitHub(
        Hook::new(Configuration {
            unwanted,
            ..configuration(["acme"])
        })
        .unwrap(),
    );
    for header in ["star", "brand_new"] {
        assert_eq!(
            named(&event(&source, header, RUN.as_bytes())).0,
            "workflow_run.completed"
        );
    }
    let new = br#"{"action":"a","new":1,"repository":{"full_name":"acme/web"}}"#;
    assert_eq!(named(&event(&source, "brand_new", new)).0, "brand_new.a");
    let star = br#"{"action":"created","starred_at":null,"repository":{"full_name":"acme/web"}}"#;
    for header in ["star", "push", ""] {
        let reason = Ignored::Unwanted {
            event: "star".to_owned(),
        };
        assert_eq!(send(&source, header, star), Ok(Received::Ignored(reason)));
    }
}
