//! What happened in the pipelines of a company that does not exist: deliveries in the documented shape of GitHub's webhooks, of our
//! own writing, with the members that say who did what to which target.

use bytes::Bytes;
use serde_json::{Value, json};

/// What GitHub delivers.
#[derive(Debug)]
pub(super) struct Happening {
    /// As in `X-GitHub-Event`.
    pub(super) event: &'static str,
    /// For people.
    pub(super) words: &'static str,
    /// The payload.
    pub(super) body: Bytes,
}

/// Where the approval at night comes to stand.
pub(super) const APPROVAL: u64 = 6;

/// Who did all that at night, and in whose name a forger would rather have it: of the two the payloads have login and number.
pub(super) const CULPRIT: (&str, u32) = ("casey", 103);
/// See [`CULPRIT`].
pub(super) const SCAPEGOAT: (&str, u32) = ("bo", 102);

/// What everybody expects: a deployment that somebody asked for, and somebody else approved.
pub(super) fn day() -> Vec<Happening> {
    let (ada, bo) = (person(("ada", 101)), person(SCAPEGOAT));
    vec![
        happening("push", "ada pushes to main", &push(&ada, "Charge in minor units")),
        happening(
            "deployment_review",
            "ada asks to deploy to production",
            &review("requested", "requestor", &ada, "2026-11-20T14:03:00Z"),
        ),
        happening(
            "deployment_review",
            "bo approves",
            &review("approved", "approver", &bo, "2026-11-20T14:09:41Z"),
        ),
        happening(
            "workflow_run",
            "the deploy succeeds",
            &run(&ada, "2026-11-20T14:15:30Z"),
        ),
    ]
}

/// What somebody should ask about.
pub(super) fn night() -> Vec<Happening> {
    let casey = person(CULPRIT);
    vec![
        happening(
            "deploy_key",
            "casey adds a key that can write",
            &deploy_key("created", &casey),
        ),
        happening("push", "casey pushes to main", &push(&casey, "Update deploy.yml")),
        happening(
            "deployment_review",
            "casey approves the deployment alone",
            &review("approved", "approver", &casey, "2026-11-20T23:45:20Z"),
        ),
        happening("deploy_key", "casey deletes the key", &deploy_key("deleted", &casey)),
    ]
}

fn happening(event: &'static str, words: &'static str, body: &Value) -> Happening {
    let body = Bytes::from(body.to_string());
    Happening { event, words, body }
}

fn person((login, id): (&str, u32)) -> Value {
    json!({"login": login, "id": id, "type": "User"})
}

fn repository() -> Value {
    json!({"id": 715_002, "full_name": "acme/checkout", "private": true, "owner": {"login": "acme", "id": 7}})
}

fn push(sender: &Value, message: &str) -> Value {
    json!({
        "ref": "refs/heads/main", "before": "4fd2a".repeat(8), "after": "b81c0".repeat(8), "forced": false,
        "pusher": {"name": sender["login"]}, "head_commit": {"id": "b81c0".repeat(8), "message": message},
        "repository": repository(), "sender": sender,
    })
}

fn review(action: &str, role: &str, sender: &Value, since: &str) -> Value {
    json!({
        "action": action, "environment": "production", "since": since, role: sender,
        "workflow_run": {"id": 88_001, "name": "deploy"}, "repository": repository(), "sender": sender,
    })
}

fn run(actor: &Value, at: &str) -> Value {
    json!({
        "action": "completed",
        "workflow_run": {
            "id": 88_001, "name": "deploy", "run_attempt": 1, "event": "push", "head_branch": "main",
            "head_sha": "b81c0".repeat(8), "actor": actor, "triggering_actor": actor, "conclusion": "success", "updated_at": at,
        },
        "workflow": {"id": 31, "path": ".github/workflows/deploy.yml"}, "repository": repository(), "sender": actor,
    })
}

fn deploy_key(action: &str, sender: &Value) -> Value {
    json!({
        "action": action,
        "key": {"id": 5_510, "title": "temp", "read_only": false, "verified": true, "created_at": "2026-11-20T23:41:07Z"},
        "repository": repository(), "sender": sender,
    })
}
