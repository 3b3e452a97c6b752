//! What particular events say: cases of which the published examples have none, or in which a detail matters.

use indelible_event::member::{ActorType, Claims, OutcomeResult, Verb};
use indelible_sources::Reading;
use serde_json::{Value, json};

use crate::support::{event, hook};

/// The claims of a payload of `acme/web` by `ann`, to which `members` are added.
fn claims(name: &str, members: Value) -> Claims {
    let mut payload = json!({
        "repository": {"id": 7, "full_name": "acme/web", "html_url": "https://github.com/acme/web", "visibility": "public"},
        "sender": {"login": "ann", "id": 1, "type": "User"},
    });
    let Value::Object(members) = members else { panic!() };
    payload.as_object_mut().unwrap().extend(members);
    let event = event(&hook(["acme"]), name, payload.to_string().as_bytes());
    assert_eq!(event.reading, Reading::Recognised, "{name}");
    event.claims
}

fn what(claims: &Claims) -> (&str, Verb, OutcomeResult) {
    let action = claims.action.as_ref().unwrap();
    (&action.name, action.verb, claims.outcome.as_ref().unwrap().result)
}

fn targets(claims: &Claims) -> Vec<String> {
    let targets = claims.targets.as_deref().unwrap_or_default().iter();
    targets
        .map(|target| {
            format!(
                "{} {} {}",
                target.kind,
                target.id,
                target.name.as_deref().unwrap_or("-")
            )
        })
        .collect()
}

fn changes(claims: &Claims) -> Value {
    serde_json::to_value(&claims.changes).unwrap()
}

fn who(claims: &Claims) -> Value {
    serde_json::to_value(&claims.actor).unwrap()
}

fn run(conclusion: &Value, status: &str) -> Value {
    json!({
        "action": "completed", "workflow": {"id": 6, "path": ".github/workflows/ci.yml"},
        "workflow_run": {
            "id": 5, "name": "ci", "head_sha": "abc", "head_branch": "main", "status": status, "conclusion": conclusion,
            "event": "push", "updated_at": "2026-01-02T03:04:05Z",
            "actor": {"login": "ann", "id": 1, "type": "User"},
            "triggering_actor": {"login": "bob", "id": 2, "type": "User"},
        },
    })
}

#[test]
fn a_run_is_of_whoever_started_it_again() {
    let claims = claims("workflow_run", run(&json!("success"), "completed"));
    assert_eq!(
        what(&claims),
        ("workflow_run.completed", Verb::Execute, OutcomeResult::Success)
    );
    assert_eq!(
        who(&claims),
        json!({"type": "user", "id": "2", "name": "bob", "claims": {"sender": "ann", "run_actor": "ann", "run_event": "push"}})
    );
    let expected = [
        "repository 7 acme/web",
        "workflow_run 5 ci",
        "workflow 6 .github/workflows/ci.yml",
        "commit abc main",
    ];
    assert_eq!(targets(&claims), expected);
    let parents: Vec<_> = claims
        .targets
        .unwrap()
        .into_iter()
        .map(|target| target.parent.unwrap())
        .collect();
    assert_eq!(parents, ["acme", "acme/web", "acme/web", "acme/web"]);
    assert_eq!(
        claims.correlation.unwrap().run.as_deref(),
        Some("https://github.com/acme/web/actions/runs/5")
    );
    assert_eq!(claims.occurred.unwrap().at.to_string(), "2026-01-02T03:04:05Z");
}

#[test]
fn a_conclusion_is_what_came_of_a_run() {
    use OutcomeResult::{Attempt, Failure, Success, Unknown};
    for (conclusion, status, result, detail) in [
        (json!("success"), "completed", Success, "success"),
        (json!("neutral"), "completed", Success, "neutral"),
        (json!("failure"), "completed", Failure, "failure"),
        (json!("cancelled"), "completed", Failure, "cancelled"),
        (json!("timed_out"), "completed", Failure, "timed_out"),
        (json!("startup_failure"), "completed", Failure, "startup_failure"),
        (json!("action_required"), "completed", Attempt, "action_required"),
        (json!("skipped"), "completed", Unknown, "skipped"),
        (json!("some_new_word"), "completed", Unknown, "some_new_word"),
        (json!(null), "queued", Attempt, "queued"),
        (json!(7), "in_progress", Attempt, "in_progress"),
    ] {
        let outcome = claims("workflow_run", run(&conclusion, status)).outcome.unwrap();
        assert_eq!((outcome.result, outcome.detail.as_deref()), (result, Some(detail)));
    }
}

#[test]
fn a_run_elsewhere_is_no_run_of_this_repository() {
    let mut payload = run(&json!("success"), "completed");
    for (html_url, expected) in [
        ("https://github.com/acme/web", true),
        ("https://git.example.com/acme/web", true),
        ("https://github.com/other/web", false),
        ("https://github.com/xacme/web", false),
        ("javascript:/acme/web", false),
    ] {
        payload["repository"] = json!({"id": 7, "full_name": "acme/web", "html_url": html_url});
        assert_eq!(
            claims("workflow_run", payload.clone()).correlation.is_some(),
            expected,
            "{html_url}"
        );
    }
}

#[test]
fn a_review_of_a_deployment_is_of_its_approver() {
    let review = |action: &str, by: &str| {
        claims(
            "deployment_review",
            json!({
                "action": action, by: {"login": "eve", "id": 3, "type": "User"}, "since": "2026-01-02T03:04:05Z", "comment": "ship it",
                "workflow_run": {"id": 5, "name": "ci"}, "reviewers": [],
                "workflow_job_runs": [{"id": 1, "environment": "production"}, {"id": 2, "environment": "staging"}],
            }),
        )
    };
    let approved = review("approved", "approver");
    assert_eq!(
        what(&approved),
        ("deployment_review.approved", Verb::Approve, OutcomeResult::Success)
    );
    assert_eq!(
        who(&approved),
        json!({"type": "user", "id": "3", "name": "eve", "claims": {"sender": "ann"}})
    );
    assert_eq!(approved.outcome.as_ref().unwrap().detail.as_deref(), Some("ship it"));
    let expected = [
        "repository 7 acme/web",
        "environment production production",
        "environment staging staging",
        "workflow_run 5 ci",
    ];
    assert_eq!(targets(&approved), expected);
    assert!(approved.correlation.is_some() && approved.occurred.is_some());
    assert_eq!(
        what(&review("rejected", "approver")),
        ("deployment_review.rejected", Verb::Deny, OutcomeResult::Denied)
    );
    let requested = review("requested", "requestor");
    assert_eq!(
        what(&requested),
        ("deployment_review.requested", Verb::Execute, OutcomeResult::Attempt)
    );
    assert_eq!(who(&requested)["name"], "eve");
}

#[test]
fn a_push_says_what_it_moved() {
    let push = |created: bool, deleted: bool| {
        claims(
            "push",
            json!({"ref": "refs/heads/main", "before": "b", "after": "a", "created": created, "deleted": deleted, "forced": true, "pusher": {"name": "ann"}}),
        )
    };
    assert_eq!(
        what(&push(false, false)),
        ("push", Verb::Update, OutcomeResult::Success)
    );
    assert_eq!(what(&push(true, false)).1, Verb::Create);
    assert_eq!(what(&push(false, true)).1, Verb::Delete);
    assert_eq!(
        changes(&push(false, false)),
        json!([{"field": "commit", "before": "b", "after": "a"}])
    );
    assert_eq!(
        who(&push(false, false))["claims"],
        json!({"pusher": "ann", "forced": "true"})
    );
}

#[test]
fn changes_say_before_and_after() {
    let rule = json!({
        "action": "edited", "rule": {"id": 1, "name": "main", "admin_enforced": true, "authorized_actor_names": ["bob"]},
        "changes": {"admin_enforced": {"from": false}, "authorized_actor_names": {"from": []}, "gone": {"from": null}},
    });
    let expected = json!([
        {"field": "admin_enforced", "before": false, "after": true},
        {"field": "authorized_actor_names", "before": [], "after": ["bob"]},
        {"field": "gone", "before": null},
    ]);
    assert_eq!(changes(&claims("branch_protection_rule", rule)), expected);
    let member = json!({"action": "edited", "member": {"login": "bob", "id": 2}, "changes": {"permission": {"from": "read", "to": "admin"}, "old_permission": {"from": "read"}}});
    let expected = json!([
        {"field": "old_permission", "before": "read"},
        {"field": "permission", "before": "read", "after": "admin"},
    ]);
    assert_eq!(changes(&claims("member", member)), expected);
    let renamed = json!({"action": "renamed", "changes": {"repository": {"name": {"from": "site"}}}});
    let expected =
        json!([{"field": "repository.name", "before": "site"}, {"field": "visibility_now", "after": "public"}]);
    assert_eq!(changes(&claims("repository", renamed)), expected);
    let ruleset = json!({
        "action": "edited", "repository_ruleset": {"id": 9, "name": "prod", "enforcement": "disabled"},
        "changes": {"enforcement": {"from": "active"}, "rules": {"added": [], "deleted": [{"type": "deletion"}], "updated": []}},
    });
    let expected = json!([
        {"field": "enforcement", "before": "active", "after": "disabled"},
        {"field": "rules", "before": [{"type": "deletion"}], "after": []},
        {"field": "enforcement_now", "after": "disabled"},
    ]);
    assert_eq!(changes(&claims("repository_ruleset", ruleset)), expected);
    let security = json!({"changes": {"from": {"security_and_analysis": {"secret_scanning": {"status": "enabled"}}}}});
    let found = changes(&claims("security_and_analysis", security));
    assert_eq!(
        found.as_array().unwrap().last().unwrap()["before"],
        json!({"secret_scanning": {"status": "enabled"}})
    );
}

#[test]
fn what_changed_without_a_from_only_changed() {
    let item =
        json!({"action": "edited", "label": {"id": 1, "name": "bug"}, "changes": {"odd": {"field": "x"}, "odder": 7}});
    assert_eq!(changes(&claims("label", item)), json!([{"field": "odd"}]));
}

#[test]
fn accounts_that_are_no_person_say_what_they_are() {
    let by = |kind: Value| {
        let sender = json!({"login": "x[bot]", "id": 9, "type": kind});
        claims(
            "watch",
            json!({"action": "started", "sender": sender, "installation": {"id": 77}}),
        )
        .actor
        .unwrap()
    };
    assert_eq!(by(json!("Bot")).kind, ActorType::Bot);
    let organisation = by(json!("Organization"));
    assert_eq!(organisation.kind, ActorType::Unknown);
    assert_eq!(
        Value::from(organisation.claims.unwrap()),
        json!({"type": "Organization", "installation": "77"})
    );
    assert_eq!(
        Value::from(by(json!(null)).claims.unwrap()),
        json!({"installation": "77"})
    );
    let nobody = claims("watch", json!({"action": "started", "sender": null}))
        .actor
        .unwrap();
    assert_eq!((nobody.kind, nobody.id, nobody.name), (ActorType::Unknown, None, None));
}

#[test]
fn people_and_keys_and_settings() {
    let member = claims(
        "member",
        json!({"action": "added", "member": {"login": "bob", "id": 2}}),
    );
    assert_eq!(what(&member), ("member.added", Verb::Create, OutcomeResult::Success));
    assert_eq!(targets(&member), ["repository 7 acme/web", "user 2 bob"]);
    let key = claims(
        "deploy_key",
        json!({"action": "created", "key": {"id": 100, "title": "ci", "read_only": false, "key": "ssh-rsa AAAA"}}),
    );
    assert_eq!(targets(&key)[1], "deploy_key 100 ci");
    assert_eq!(changes(&key), json!([{"field": "read_only", "after": false}]));
    assert!(!format!("{key:?}").contains("AAAA"));
    let disabled = claims("branch_protection_configuration", json!({"action": "disabled"}));
    assert_eq!(
        what(&disabled),
        (
            "branch_protection_configuration.disabled",
            Verb::Update,
            OutcomeResult::Success
        )
    );
    let blocked = claims(
        "org_block",
        json!({"action": "blocked", "blocked_user": {"login": "bob", "id": 2}, "organization": {"login": "acme", "id": 3}}),
    );
    assert_eq!(what(&blocked).1, Verb::Deny);
    let denied = claims(
        "personal_access_token_request",
        json!({
            "action": "denied", "organization": {"login": "acme", "id": 3},
            "personal_access_token_request": {"id": 4, "token_name": "t", "owner": {"login": "bob", "id": 2}, "permissions_added": {"repository": {"actions": "write"}}},
        }),
    );
    assert_eq!(
        what(&denied),
        (
            "personal_access_token_request.denied",
            Verb::Deny,
            OutcomeResult::Denied
        )
    );
    assert_eq!(
        targets(&denied)[1..],
        ["personal_access_token_request 4 t", "user 2 bob"]
    );
    let leaked = claims(
        "secret_scanning_alert",
        json!({"action": "publicly_leaked", "alert": {"number": 3, "secret_type": "npm_access_token", "state": "open", "secret": "npm_secret"}}),
    );
    assert_eq!(targets(&leaked)[1], "alert 3 npm_access_token");
    assert!(!format!("{leaked:?}").contains("npm_secret"));
    let review = claims(
        "pull_request_review",
        json!({"action": "submitted", "review": {"id": 1, "state": "approved", "commit_id": "abc"}, "pull_request": {"number": 9, "title": "t"}}),
    );
    assert_eq!(
        what(&review),
        ("pull_request_review.submitted", Verb::Approve, OutcomeResult::Success)
    );
}

#[test]
fn numbers_may_come_as_text() {
    let claims = claims(
        "check_run",
        json!({"action": "completed", "check_run": {"id": "128", "name": "lint", "head_sha": "abc", "conclusion": "success", "completed_at": "2021-01-01T00:00:00Z"}}),
    );
    assert_eq!(targets(&claims)[1..], ["check_run 128 lint", "commit abc -"]);
}

#[test]
fn a_list_of_targets_is_bounded_and_has_no_repeats() {
    let repositories: Vec<_> = (0..5000)
        .map(|n| json!({"id": n / 2, "full_name": format!("acme/r{}", n / 2)}))
        .collect();
    let payload = json!({"action": "created", "installation": {"id": 1, "account": {"login": "acme", "id": 3}}, "repositories": repositories});
    let event = event(&hook(["acme"]), "installation", payload.to_string().as_bytes());
    assert_eq!(event.claims.targets.unwrap().len(), 2 + 50);
    let numbered = |from: usize| -> Vec<_> {
        (from..from + 90)
            .map(|n| json!({"id": n, "full_name": format!("acme/r{n}")}))
            .collect()
    };
    let payload = json!({
        "action": "added", "installation": {"id": 1, "account": {"login": "acme", "id": 3}},
        "repositories_added": numbered(0), "repositories_removed": numbered(100), "repository_selection": "selected",
    });
    let both = crate::support::event(
        &hook(["acme"]),
        "installation_repositories",
        payload.to_string().as_bytes(),
    );
    assert_eq!(both.claims.targets.unwrap().len(), 101);
}
