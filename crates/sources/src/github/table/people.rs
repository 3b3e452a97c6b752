//! Who may do what: members, teams, keys, Apps and tokens.

use indelible_event::member::{OutcomeResult, Verb};

use super::{Actions, EventType, OutcomeAt, PLAIN, Shape, TargetAt, VerbAt, change, shape, target, user};

const TEAM: TargetAt = target("team", "team", &["id"], &["slug", "name"]);
const APP: TargetAt = target("installation", "installation", &["id"], &["app_slug"]);

const fn repositories(at: &'static str) -> TargetAt {
    target("repository", at, &["id"], &["full_name"])
}

pub(super) const EVENTS: &[EventType] = &[
    EventType {
        name: "member",
        shape: shape(&["member", "repository"], &["changes"]),
        targets: &[user("member")],
        ..PLAIN
    },
    EventType {
        name: "membership",
        shape: shape(&["member", "team", "scope"], &[]),
        targets: &[user("member"), TEAM],
        ..PLAIN
    },
    EventType {
        name: "team",
        shape: shape(&["team"], &["changes"]),
        targets: &[TEAM],
        changed: Some("team"),
        ..PLAIN
    },
    EventType {
        name: "team_add",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["team", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Create),
        targets: &[TEAM],
        ..PLAIN
    },
    EventType {
        name: "organization",
        shape: Shape {
            lacks: &["repository", "installation.account"],
            actions: Actions::Only(&["deleted", "member_added", "member_invited", "member_removed", "renamed"]),
            ..shape(&["organization"], &["changes", "invitation", "membership", "user"])
        },
        targets: &[
            user("membership.user"),
            user("user"),
            target("invitation", "invitation", &["id"], &["login"]),
        ],
        times: &[("member_invited", "invitation.created_at")],
        changed: Some("organization"),
        ..PLAIN
    },
    EventType {
        name: "user",
        shape: Shape {
            lacks: &["repository", "organization"],
            ..shape(&["user"], &[])
        },
        targets: &[user("user")],
        ..PLAIN
    },
    EventType {
        name: "org_block",
        shape: shape(&["blocked_user", "organization"], &[]),
        targets: &[user("blocked_user")],
        ..PLAIN
    },
    EventType {
        name: "deploy_key",
        shape: shape(&["key", "repository"], &[]),
        targets: &[target("deploy_key", "key", &["id"], &["title"])],
        times: &[("created", "key.created_at")],
        changes: &[change("read_only", "", "key.read_only")],
        ..PLAIN
    },
    EventType {
        name: "installation",
        shape: shape(&["installation.account"], &["repositories", "requester"]),
        actor_claims: &[("requester", "requester.login")],
        targets: &[APP, repositories("repositories[]")],
        times: &[
            ("created", "installation.created_at"),
            ("suspend", "installation.suspended_at"),
            ("new_permissions_accepted", "installation.updated_at"),
        ],
        changes: &[
            change("permissions", "", "installation.permissions"),
            change("events", "", "installation.events"),
        ],
        ..PLAIN
    },
    EventType {
        name: "installation_repositories",
        shape: shape(
            &["repositories_added", "repositories_removed", "installation"],
            &["repository_selection", "requester"],
        ),
        actor_claims: &[("requester", "requester.login")],
        targets: &[
            APP,
            repositories("repositories_added[]"),
            repositories("repositories_removed[]"),
        ],
        changes: &[change("repository_selection", "", "repository_selection")],
        ..PLAIN
    },
    EventType {
        name: "installation_target",
        shape: shape(&["account", "target_type", "changes", "installation"], &[]),
        targets: &[APP, target("account", "account", &["id"], &["login", "slug"])],
        changed: Some("account"),
        ..PLAIN
    },
    EventType {
        name: "github_app_authorization",
        shape: Shape {
            lacks: &["repository", "organization", "installation.account"],
            actions: Actions::Only(&["revoked"]),
            ..shape(&["sender"], &[])
        },
        targets: &[user("sender")],
        ..PLAIN
    },
    EventType {
        name: "personal_access_token_request",
        shape: shape(&["personal_access_token_request", "organization"], &[]),
        targets: &[
            target(
                "personal_access_token_request",
                "personal_access_token_request",
                &["id"],
                &["token_name"],
            ),
            user("personal_access_token_request.owner"),
        ],
        times: &[("created", "personal_access_token_request.created_at")],
        outcome: OutcomeAt::Action(&[
            ("created", OutcomeResult::Attempt),
            ("approved", OutcomeResult::Success),
            ("denied", OutcomeResult::Denied),
            ("cancelled", OutcomeResult::Success),
        ]),
        changes: &[
            change(
                "permissions_added",
                "",
                "personal_access_token_request.permissions_added",
            ),
            change(
                "permissions_upgraded",
                "",
                "personal_access_token_request.permissions_upgraded",
            ),
        ],
        ..PLAIN
    },
];
