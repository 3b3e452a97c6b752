//! Deliveries of GitHub: a byte that says what the headers say, then the body, which is signed.

use std::sync::LazyLock;

use indelible_event::member::{ActorType, Event, Verb};
use indelible_event::{Salts, Sealed, redact};
use indelible_sources::github::{BODY_BYTES_MAX, Configuration, Hook, Permitted, sign};
use indelible_sources::{Delivery, Reading, Received, Rejected, Secret, Secrets};

use super::Verdict;
use super::trail::second;

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new("It's a Secret to Everybody").expect("a secret"));

/// A hook that may speak of `acme` only.
static HOOK: LazyLock<Hook> = LazyLock::new(|| {
    let accounts = vec!["acme".parse().expect("an account")];
    let configuration = Configuration {
        name: "github/fuzz".parse().expect("a name"),
        secrets: Secrets {
            current: SECRET.clone(),
            previous: None,
        },
        permitted: Permitted::new(accounts).expect("an account"),
        hook_id: None,
        unwanted: Default::default(),
    };
    Hook::new(configuration).expect("a name of its kind")
});

const EVENTS: [&str; 4] = ["star", "workflow_run", "deployment_review", "no such event"];

/// Payloads of several kinds, one of them as a form.
pub fn seeds() -> Vec<Vec<u8>> {
    let about = r#""repository":{"id":1,"full_name":"acme/web","owner":{"login":"acme"}},"sender":{"id":7,"login":"octocat","type":"User"}"#;
    let star = format!(r#"{{"action":"created","starred_at":"2026-11-22T10:00:00Z",{about}}}"#);
    let run = format!(
        r#"{{"action":"completed","workflow_run":{{"id":9,"run_attempt":2,"path":".github/workflows/a.yml","head_sha":"0","conclusion":"failure","updated_at":"2026-11-22T10:00:00Z","triggering_actor":{{"login":"hubot"}}}},"workflow":{{"id":3}},{about}}}"#
    );
    let member = format!(
        r#"{{"action":"edited","member":{{"id":8,"login":"mona"}},"changes":{{"old_permission":{{"from":"read"}}}},{about}}}"#
    );
    let form = format!(
        "payload={}",
        star.replace('%', "%25").replace('&', "%26").replace('+', "%2B")
    );
    let seed = |kind: u8, body: String| [vec![kind], body.into_bytes()].concat();
    vec![seed(0, star), seed(1, run), seed(3, member), seed(0, form)]
}

/// What is signed makes an event that names its source and nobody else, and is never refused for its form; what is not signed makes none.
pub fn check(bytes: &[u8]) -> Verdict {
    let Some((kind, body)) = bytes.split_first() else {
        return Verdict::Refused;
    };
    let event = EVENTS[usize::from(*kind) % EVENTS.len()];
    let receive = |body: &[u8], signature: &str| {
        let headers: [(&str, &[u8]); 4] = [
            ("content-type", b"application/json"),
            ("x-github-event", event.as_bytes()),
            ("x-github-delivery", b"1"),
            ("x-hub-signature-256", signature.as_bytes()),
        ];
        let delivery = Delivery {
            method: "POST",
            headers: &headers,
            body,
        };
        HOOK.receive(&delivery, second().start())
    };
    let signature = sign(&SECRET, body);
    let longer = [body, b" "].concat();
    assert!(matches!(receive(&longer, &signature), Err(Rejected::NotAuthentic(_))));
    let incoming = match receive(body, &signature) {
        Ok(Received::Events(mut events)) => {
            assert_eq!(events.len(), 1);
            events.pop().expect("one")
        }
        Ok(Received::Ignored(ignored)) => panic!("nothing is unwanted: {ignored:?}"),
        // It speaks of somebody else.
        Err(Rejected::NotPermitted(_)) => return Verdict::Refused,
        Err(rejected) => panic!("{rejected}, of {} bytes of at most {BODY_BYTES_MAX}", body.len()),
    };
    assert_eq!(incoming.submitter.principal, "source:github/fuzz");
    assert_eq!(incoming.key.as_deref(), Some("1"));
    let action = incoming.claims.action.as_ref().expect("an event is named");
    let actor = incoming.claims.actor.as_ref().expect("somebody, or nobody knows who");
    let verdict = match &incoming.reading {
        Reading::Recognised => Verdict::Accepted,
        Reading::Unrecognised => {
            assert_eq!(action.verb, Verb::Other);
            Verdict::Refused
        }
        Reading::Unparsed { reason } => {
            assert!(!reason.is_empty());
            assert_eq!((action.verb, actor.kind), (Verb::Other, ActorType::Unknown));
            Verdict::Refused
        }
    };
    // Whatever was sent, the log takes what was made of it.
    let claims = redact::claims(incoming.claims).expect("no mapping nests").value;
    let event = Event {
        claims,
        submitter: Some(incoming.submitter),
        ..Event::default()
    };
    Sealed::seal(&event, &Salts::from_random(&[5; Salts::BYTES]), second()).expect("an event that a log takes");
    verdict
}
