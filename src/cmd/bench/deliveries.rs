//! Webhook deliveries of GitHub: bodies with the members and of the lengths (8 to 25 kB) that it sends, of our own writing. They are known by
//! their number. Pure.

use std::fmt::Write as _;

use indelible_sources::Secret;
use indelible_sources::github::sign;
use serde_json::{Map, Value, json};

use super::entries::scattered;

/// The kinds of deliveries, and the secret that they are signed with.
#[derive(Debug)]
pub(super) struct Deliveries {
    secret: Secret,
    templates: Vec<Template>,
}

/// Of whom the deliveries speak.
pub(super) const ACCOUNT: &str = "acme";

/// What is the same in all bodies of a kind.
#[derive(Debug)]
struct Template {
    /// As `X-GitHub-Event` says it.
    event: &'static str,
    before: String,
    behind: String,
}

impl Deliveries {
    pub(super) fn signed_with(secret: Secret) -> Deliveries {
        let kinds = [
            ("push", push(2)),
            ("push", push(12)),
            ("workflow_run", workflow_run()),
            ("pull_request", pull_request()),
            ("deployment_review", deployment_review()),
        ];
        let templates = kinds.into_iter().map(|(event, body)| {
            let (before, behind) = body
                .split_once(NUMBER)
                .map(|(before, behind)| (before.to_owned(), behind.to_owned()))
                .unwrap_or_default();
            Template { event, before, behind }
        });
        Deliveries {
            secret,
            templates: templates.collect(),
        }
    }

    /// Appends the whole request that delivers the body with this number.
    pub(super) fn write(&self, number: u64, request: &mut Vec<u8>) {
        let template = &self.templates[usize::try_from(number).unwrap_or_default() % self.templates.len()];
        // In the place of another number of as many digits.
        let body = format!("{}{:019}{}", template.before, FIRST_NUMBER + number, template.behind);
        let head = format!(
            "POST /hooks/{SOURCE} HTTP/1.1\r\nhost: localhost\r\nuser-agent: GitHub-Hookshot/7d1a9b2\r\ncontent-type: application/json\r\n\
             x-github-event: {}\r\nx-github-delivery: {}\r\nx-hub-signature-256: {}\r\ncontent-length: {}\r\n\r\n",
            template.event,
            delivery(number),
            sign(&self.secret, body.as_bytes()),
            body.len(),
        );
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body.as_bytes());
    }
}

/// The id of a delivery, which is its key.
pub(super) fn delivery(number: u64) -> String {
    let (one, other) = (scattered(number), scattered(!number));
    format!(
        "{:08x}-{:04x}-11f0-{:04x}-{:012x}",
        one >> 32,
        one & 0xffff,
        other >> 48,
        other & 0xffff_ffff_ffff
    )
}

/// The source that they come to.
pub(super) const SOURCE: &str = "github/bench";

fn push(commits: u64) -> String {
    let commits: Vec<Value> = (0..commits)
        .map(|number| {
            let id = format!("{:040x}", u128::from(scattered(number)) << 64 | u128::from(scattered(!number)));
            let person = json!({"name": "Ann Example", "email": "ann@acme.example", "username": "ann", "date": "2026-11-22T10:00:00Z"});
            json!({
                "id": id, "tree_id": id, "distinct": true, "timestamp": "2026-11-22T10:00:00Z", "author": person, "committer": person,
                "message": "Charge in minor units\n\nThe amounts of refunds were rounded before they were added up, so that a cent was lost.",
                "url": format!("https://github.com/acme/web/commit/{id}"), "added": [], "removed": [],
                "modified": ["src/payments/charge.rs", "src/payments/refund.rs", "tests/payments.rs"],
            })
        })
        .collect();
    let body = json!({
        "ref": "refs/heads/main", "before": "4fd2a".repeat(8), "after": "b81c0".repeat(8), "repository": repository("web"),
        "pusher": {"name": "ann", "email": "ann@acme.example"}, "sender": person("ann", 101), "organization": organization(), "created": false,
        "deleted": false, "forced": false, "base_ref": null, "compare": format!("https://github.com/acme/web/compare/{NUMBER}"),
        "head_commit": commits.last(), "commits": commits,
    });
    body.to_string()
}

fn workflow_run() -> String {
    let mut run = run();
    run["repository"] = repository("web");
    run["head_repository"] = repository("web");
    let body = json!({
        "action": "completed", "workflow_run": run, "repository": repository("web"), "organization": organization(), "sender": person("ann", 101),
        "workflow": {
            "id": 6_001, "name": "deploy", "path": ".github/workflows/deploy.yml", "state": "active", "created_at": "2024-02-11T10:00:00Z",
            "html_url": "https://github.com/acme/web/blob/main/.github/workflows/deploy.yml",
        },
    });
    body.to_string()
}

fn pull_request() -> String {
    let side = |git_ref: &str| json!({"label": format!("acme:{git_ref}"), "ref": git_ref, "sha": "b81c0".repeat(8), "user": person("acme", 7), "repo": repository("web")});
    let mut pull = urls("https://api.github.com/repos/acme/web/pulls/1347", 12);
    pull.extend(object(json!({
        "id": 0, "number": 1347, "state": "closed", "locked": false, "title": "Charge in minor units", "user": person("ann", 101),
        "body": "The amounts of refunds were rounded before they were added up, so that a cent was lost now and then.\r\n\r\n".repeat(4),
        "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z", "closed_at": "2026-11-22T10:00:00Z",
        "merged_at": "2026-11-22T10:00:00Z", "merge_commit_sha": "77e1d".repeat(8), "merged": true, "merged_by": person("bo", 102),
        "requested_reviewers": [person("bo", 102), person("cy", 103)], "assignees": [person("ann", 101)], "labels": [], "draft": false,
        "head": side("fix-refunds"), "base": side("main"), "comments": 3, "commits": 2, "additions": 41, "deletions": 7, "changed_files": 3,
        "node_id": NUMBER,
    })));
    let body = json!({
        "action": "closed", "number": 1347, "pull_request": pull, "repository": repository("web"), "organization": organization(),
        "sender": person("bo", 102),
    });
    body.to_string()
}

fn deployment_review() -> String {
    let body = json!({
        "action": "approved", "approver": person("bo", 102), "comment": "", "since": "2026-11-22T10:00:00Z", "environment": "production",
        "reviewers": [{"type": "User", "reviewer": person("bo", 102)}, {"type": "User", "reviewer": person("cy", 103)}], "workflow_run": run(),
        "repository": repository("web"), "organization": organization(), "sender": person("bo", 102),
    });
    body.to_string()
}

fn run() -> Value {
    let mut run = urls("https://api.github.com/repos/acme/web/actions/runs/88001", 10);
    run.extend(object(json!({
        "id": 88_001, "name": "deploy", "node_id": NUMBER, "head_branch": "main", "head_sha": "b81c0".repeat(8), "run_number": 112, "event": "push",
        "path": ".github/workflows/deploy.yml", "display_title": "Charge in minor units", "status": "completed", "conclusion": "success",
        "workflow_id": 6_001, "check_suite_id": 9_001, "run_attempt": 1, "created_at": "2026-11-22T09:40:00Z", "pull_requests": [],
        "updated_at": "2026-11-22T10:00:00Z", "actor": person("ann", 101), "triggering_actor": person("ann", 101),
        "html_url": "https://github.com/acme/web/actions/runs/88001",
    })));
    Value::Object(run)
}

/// A repository, with the URLs and flags that GitHub gives it in every delivery.
fn repository(name: &str) -> Value {
    let full_name = format!("{ACCOUNT}/{name}");
    let mut members = urls(&format!("https://api.github.com/repos/{full_name}"), 46);
    members.extend(object(json!({
        "id": 715_002, "name": name, "full_name": full_name, "private": true, "owner": person(ACCOUNT, 7), "description": "The shop",
        "html_url": format!("https://github.com/{full_name}"), "fork": false, "created_at": 1_700_000_000, "pushed_at": 1_795_341_600,
        "homepage": null, "size": 81_920, "stargazers_count": 4, "language": "Rust", "has_issues": true, "has_wiki": false, "archived": false,
        "disabled": false, "open_issues_count": 12, "license": null, "allow_forking": false, "topics": ["payments", "shop"],
        "visibility": "private", "default_branch": "main", "custom_properties": {},
    })));
    Value::Object(members)
}

fn person(login: &str, id: u64) -> Value {
    let mut members = urls(&format!("https://api.github.com/users/{login}"), 12);
    let kind = if login == ACCOUNT { "Organization" } else { "User" };
    members.extend(object(json!({
        "login": login, "id": id, "type": kind, "site_admin": false, "html_url": format!("https://github.com/{login}"), "gravatar_id": "",
    })));
    Value::Object(members)
}

fn organization() -> Value {
    let mut members = urls("https://api.github.com/orgs/acme", 8);
    members.extend(object(
        json!({"login": ACCOUNT, "id": 7, "description": "We sell things"}),
    ));
    Value::Object(members)
}

/// As many members that are URLs below this one.
fn urls(base: &str, count: usize) -> Map<String, Value> {
    let url = |number: usize| {
        let mut name = String::new();
        let _ = write!(name, "things{number}_url");
        (name, Value::from(format!("{base}/things{number}{{/other}}")))
    };
    (0..count).map(url).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// What stands in a body for its number.
const NUMBER: &str = "0000000000000000000";
/// Of 19 digits, as what it takes the place of.
const FIRST_NUMBER: u64 = 1_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use indelible_sources::github::{Configuration, Hook, Permitted};
    use indelible_sources::{Delivery, Received, Secrets, Source};

    use super::*;

    fn deliveries() -> Deliveries {
        Deliveries::signed_with(Secret::new("the secret of the bench").unwrap())
    }

    #[test]
    fn deliveries_are_as_long_as_those_of_github_and_are_taken() {
        let deliveries = deliveries();
        let source = Source::GitHub(
            Hook::new(Configuration {
                name: SOURCE.parse().unwrap(),
                secrets: Secrets {
                    current: deliveries.secret.clone(),
                    previous: None,
                },
                permitted: Permitted::new(vec![ACCOUNT.parse().unwrap()]).unwrap(),
                hook_id: None,
                unwanted: BTreeSet::new(),
            })
            .unwrap(),
        );
        let mut requests = BTreeSet::new();
        for number in 0..10 {
            let mut request = Vec::new();
            deliveries.write(number, &mut request);
            let request = String::from_utf8(request).unwrap();
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            assert!((8_000..25_000).contains(&body.len()), "{}: {head}", body.len());
            let headers: Vec<(String, &[u8])> = head
                .lines()
                .skip(1)
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_owned(), value.as_bytes()))
                .collect();
            let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            let delivery = Delivery {
                method: "POST",
                headers: &headers,
                body: body.as_bytes(),
            };
            let received = source
                .receive(&delivery, "2026-11-22T10:00:00Z".parse().unwrap())
                .unwrap();
            let Received::Events(events) = received else {
                panic!("{received:?}");
            };
            assert_eq!(events[0].key.as_deref(), Some(super::delivery(number).as_str()));
            assert!(events[0].claims.actor.as_ref().unwrap().name.is_some());
            requests.insert(body.to_owned());
        }
        assert_eq!(requests.len(), 10, "every body is another one");
    }
}
