//! What happened in the pipelines of a company that does not exist: a dozen deliveries in the documented shape of GitHub's
//! webhooks, of our own writing, with the members that say who did what to which target.

use bytes::Bytes;
use serde_json::{Value, json};

/// The events in the order of their arrival: name as in `X-GitHub-Event`, a line for people, and the body.
pub(super) fn events() -> Vec<(&'static str, &'static str, Bytes)> {
    let repository = json!({"id": 715_002, "full_name": "acme/checkout", "private": true});
    let person = |login: &str, id: u32| json!({"login": login, "id": id, "type": "User"});
    let (ada, bo, cy) = (person("ada", 101), person("bo", 102), person("cy", 103));
    let bot = json!({"login": "github-actions[bot]", "id": 9_001, "type": "Bot"});
    let environment = "production";

    let push = |sender: &Value, git_ref: &str, before: &str, after: &str, message: &str| {
        json!({
            "ref": git_ref, "before": before.repeat(8), "after": after.repeat(8), "forced": false,
            "pusher": {"name": sender["login"]}, "head_commit": {"id": after.repeat(8), "message": message},
            "repository": repository, "sender": sender,
        })
    };
    let run = |action: &str, id: u64, actor: &Value, conclusion: Value, at: &str| {
        json!({
            "action": action,
            "workflow_run": {
                "id": id, "name": "deploy", "path": ".github/workflows/deploy.yml", "run_attempt": 1, "event": "push",
                "head_branch": "main", "actor": actor, "triggering_actor": actor, "conclusion": conclusion, "updated_at": at,
            },
            "repository": repository, "sender": actor,
        })
    };
    let review = |action: &str, who: &str, person: &Value, id: u64, since: &str| {
        let mut body = json!({
            "action": action, "environment": environment, "since": since,
            "workflow_run": {"id": id, "name": "deploy"}, "repository": repository, "sender": person,
        });
        body[who] = person.clone();
        body
    };
    let key = |action: &str, sender: &Value, id: u64, title: &str, read_only: bool| {
        json!({
            "action": action,
            "key": {"id": id, "title": title, "read_only": read_only, "verified": true, "created_at": "2026-11-20T23:41:07Z"},
            "repository": repository, "sender": sender,
        })
    };

    let deliveries = [
        (
            "push",
            "ada pushes to main",
            push(&ada, "refs/heads/main", "4fd2a", "b81c0", "Charge in minor units"),
        ),
        (
            "workflow_run",
            "the deploy workflow is requested",
            run("requested", 88_001, &ada, Value::Null, "2026-11-20T14:02:11Z"),
        ),
        (
            "deployment_review",
            "ada asks to deploy to production",
            review("requested", "requestor", &ada, 88_001, "2026-11-20T14:03:00Z"),
        ),
        (
            "deployment_review",
            "bo approves",
            review("approved", "approver", &bo, 88_001, "2026-11-20T14:09:41Z"),
        ),
        (
            "workflow_run",
            "the deploy succeeds",
            run("completed", 88_001, &ada, json!("success"), "2026-11-20T14:15:30Z"),
        ),
        (
            "push",
            "bo pushes a branch",
            push(
                &bo,
                "refs/heads/fix-refunds",
                "b81c0",
                "77e1d",
                "Refund what was charged",
            ),
        ),
        (
            "deploy_key",
            "cy adds a deploy key that can write, at night",
            key("created", &cy, 5_510, "temp", false),
        ),
        (
            "push",
            "somebody pushes to main with that key",
            push(&cy, "refs/heads/main", "b81c0", "0bad1", "Update deploy.yml"),
        ),
        (
            "workflow_run",
            "the deploy workflow is requested",
            run("requested", 88_002, &bot, Value::Null, "2026-11-20T23:44:58Z"),
        ),
        (
            "deployment_review",
            "cy approves it alone",
            review("approved", "approver", &cy, 88_002, "2026-11-20T23:45:20Z"),
        ),
        (
            "workflow_run",
            "the deploy succeeds",
            run("completed", 88_002, &bot, json!("success"), "2026-11-20T23:51:02Z"),
        ),
        (
            "deploy_key",
            "cy deletes the deploy key",
            key("deleted", &cy, 5_510, "temp", false),
        ),
    ];
    deliveries
        .into_iter()
        .map(|(name, words, body)| (name, words, Bytes::from(body.to_string())))
        .collect()
}
