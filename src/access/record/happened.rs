//! What happened, as an event or a line says it.

use std::net::IpAddr;

use indelible_access::{Act, Authenticated, Method, Principal};
use indelible_event::member::{
    Action, Actor, ActorType, Change, Claims, IpTrust, Origin, Outcome, OutcomeResult, Target, Verb,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Something that goes on the record.
#[derive(Clone, Debug)]
pub struct Happened {
    action: String,
    verb: Verb,
    actor: Actor,
    target: Option<(String, String)>,
    result: OutcomeResult,
    detail: Option<String>,
    /// A field, and what it is now.
    now: Option<(String, Value)>,
    peer: Option<IpAddr>,
}

impl Happened {
    /// An act, done by `by`.
    pub fn act(act: &Act, by: &Principal, peer: Option<IpAddr>) -> Happened {
        let (kind, id) = act.target();
        let now = match act {
            Act::TokenCreated(token) => Some(json!({
                "name": token.name,
                "grants": token.grants,
                "expires": token.expires,
            })),
            Act::ApprovalRequested(request) => Some(json!({"what": request.what, "expires": request.expires})),
            Act::TokenRevoked { .. }
            | Act::ApprovalGiven { .. }
            | Act::ApprovalUsed { .. }
            | Act::KeyRotated { .. } => None,
        };
        Happened {
            action: act.name().to_owned(),
            verb: match act {
                Act::TokenCreated(_) | Act::ApprovalRequested(_) => Verb::Create,
                Act::TokenRevoked { .. } => Verb::Delete,
                Act::ApprovalGiven { .. } => Verb::Approve,
                Act::ApprovalUsed { .. } | Act::KeyRotated { .. } => Verb::Update,
            },
            actor: actor(by),
            target: Some((kind.to_owned(), id)),
            result: OutcomeResult::Success,
            detail: None,
            now: now.map(|now| (kind.to_owned(), now)),
            peer,
        }
    }

    /// Somebody has read `count` of what `query` names.
    pub fn read(by: &Principal, method: Method, query: &str, count: u64, peer: Option<IpAddr>) -> Happened {
        Happened {
            action: format!("indelible.{method}"),
            verb: Verb::Access,
            actor: actor(by),
            target: Some(("query".to_owned(), shortened(query))),
            result: OutcomeResult::Success,
            detail: None,
            now: Some(("count".to_owned(), count.into())),
            peer,
        }
    }

    /// Somebody has done something.
    pub fn did(
        by: &Principal,
        action: &str,
        (kind, id): (&str, String),
        detail: &str,
        peer: Option<IpAddr>,
    ) -> Happened {
        Happened {
            action: action.to_owned(),
            verb: Verb::Execute,
            actor: actor(by),
            target: Some((kind.to_owned(), shortened(&id))),
            result: OutcomeResult::Success,
            detail: (!detail.is_empty()).then(|| shortened(detail)),
            now: None,
            peer,
        }
    }

    /// The service itself has done something.
    pub fn service(action: &str, (kind, id): (&str, String), now: Option<(&str, Value)>) -> Happened {
        let by = Principal {
            subject: "indelible".to_owned(),
            authenticated: Authenticated::Service,
            ..Principal::anonymous()
        };
        Happened {
            action: action.to_owned(),
            verb: Verb::Update,
            actor: actor(&by),
            target: Some((kind.to_owned(), id)),
            result: OutcomeResult::Success,
            detail: None,
            now: now.map(|(field, value)| (field.to_owned(), value)),
            peer: None,
        }
    }

    /// `count` requests were refused for one reason.
    pub(super) fn denied(subject: &str, method: &str, reason: &str, count: u64, peer: Option<IpAddr>) -> Happened {
        let kind = match subject {
            "anonymous" | "unknown" => ActorType::Unknown,
            _ => ActorType::Token,
        };
        Happened {
            action: "indelible.denied".to_owned(),
            verb: Verb::Deny,
            actor: Actor {
                kind,
                id: Some(subject.to_owned()),
                ..Actor::unknown()
            },
            target: Some(("method".to_owned(), method.to_owned())),
            result: OutcomeResult::Denied,
            detail: Some(shortened(reason)),
            now: Some(("count".to_owned(), count.into())),
            peer,
        }
    }

    pub(super) fn into_claims(self) -> Claims {
        Claims {
            action: Some(Action {
                name: self.action,
                verb: self.verb,
                class: None,
            }),
            actor: Some(self.actor),
            changes: self.now.map(|(field, value)| {
                vec![Change {
                    field,
                    before: None,
                    after: Some(value),
                }]
            }),
            origin: self.peer.map(|ip| Origin {
                ip: Some(ip.to_string()),
                ip_trust: IpTrust::LastHop,
                user_agent: None,
            }),
            outcome: Some(Outcome {
                result: self.result,
                detail: self.detail,
            }),
            targets: self.target.map(|(kind, id)| {
                vec![Target {
                    kind,
                    id,
                    name: None,
                    parent: None,
                }]
            }),
            ..Claims::default()
        }
    }

    /// A line of `admin.jsonl`.
    pub(super) fn to_line(&self, act: Option<&str>) -> Value {
        let mut line = json!({
            "time": Timestamp::now().as_second(),
            "act": self.action,
            "by": self.actor.id,
            "target": self.target,
            "result": self.result.as_str(),
            "detail": self.detail,
            "from": self.peer.map(|ip| ip.to_string()),
        });
        if let Some((field, value)) = &self.now {
            line["now"] = json!({ field.as_str(): value });
        }
        if let Some(act) = act {
            line["access"] = serde_json::from_str(act).expect("an act was written as JSON");
        }
        line
    }
}

fn actor(by: &Principal) -> Actor {
    Actor {
        kind: match by.authenticated {
            Authenticated::Token => ActorType::Token,
            Authenticated::Certificate | Authenticated::Oidc => ActorType::ServiceAccount,
            Authenticated::Service => ActorType::App,
            Authenticated::Not => ActorType::Unknown,
        },
        id: Some(by.subject.clone()),
        ..Actor::unknown()
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// What a query or a reason is cut to.
const TEXT_CHARS_MAX: usize = 500;
