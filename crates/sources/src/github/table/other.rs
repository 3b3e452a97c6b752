//! What people talk about, plan and publish.

use indelible_event::member::Verb;

use super::{Actions, EventType, PLAIN, Shape, TargetAt, VerbAt, change, shape, target, user};

const ISSUE: TargetAt = target("issue", "issue", &["number"], &["title"]);
const PULL_REQUEST: TargetAt = target("pull_request", "pull_request", &["number"], &["title"]);
const DISCUSSION: TargetAt = target("discussion", "discussion", &["number"], &["title"]);
const COMMENT: TargetAt = target("comment", "comment", &["id"], &[]);
const COMMENT_TIMES: &[(&str, &str)] = &[("created", "comment.created_at"), ("edited", "comment.updated_at")];

pub(super) const EVENTS: &[EventType] = &[
    EventType {
        name: "pull_request",
        shape: shape(
            &["pull_request", "number", "repository"],
            &[
                "after",
                "assignee",
                "before",
                "changes",
                "label",
                "milestone",
                "reason",
                "requested_reviewer",
                "requested_team",
            ],
        ),
        targets: &[
            PULL_REQUEST,
            user("requested_reviewer"),
            target("team", "requested_team", &["id"], &["slug"]),
            user("assignee"),
            target("commit", "pull_request.head", &["sha"], &["ref"]),
        ],
        times: &[
            ("opened", "pull_request.created_at"),
            ("closed", "pull_request.closed_at"),
            ("*", "pull_request.updated_at"),
        ],
        detail: Some("reason"),
        changed: Some("pull_request"),
        changes: &[
            change("commit", "before", "after"),
            change("merged_now", "", "pull_request.merged"),
        ],
        ..PLAIN
    },
    EventType {
        name: "pull_request_review",
        shape: shape(&["review", "pull_request", "repository"], &["changes"]),
        verb: VerbAt::Value(&[
            ("action", "dismissed", Verb::Update),
            ("action", "edited", Verb::Update),
            ("review.state", "approved", Verb::Approve),
            ("review.state", "changes_requested", Verb::Deny),
            ("action", "submitted", Verb::Create),
        ]),
        targets: &[
            PULL_REQUEST,
            target("review", "review", &["id"], &["state"]),
            target("commit", "review", &["commit_id"], &[]),
        ],
        times: &[("submitted", "review.submitted_at")],
        detail: Some("review.state"),
        changed: Some("review"),
        ..PLAIN
    },
    EventType {
        name: "pull_request_review_comment",
        shape: shape(&["comment", "pull_request", "repository"], &["changes"]),
        targets: &[PULL_REQUEST, target("comment", "comment", &["id"], &["path"])],
        times: COMMENT_TIMES,
        changed: Some("comment"),
        ..PLAIN
    },
    EventType {
        name: "pull_request_review_thread",
        shape: shape(&["thread", "pull_request", "repository"], &["updated_at"]),
        targets: &[PULL_REQUEST],
        times: &[("*", "updated_at")],
        ..PLAIN
    },
    EventType {
        name: "issues",
        shape: shape(
            &["issue", "repository"],
            &["assignee", "changes", "label", "milestone", "type"],
        ),
        targets: &[ISSUE, user("assignee")],
        times: &[
            ("opened", "issue.created_at"),
            ("closed", "issue.closed_at"),
            ("edited", "issue.updated_at"),
        ],
        changed: Some("issue"),
        ..PLAIN
    },
    EventType {
        name: "issue_comment",
        shape: shape(&["comment", "issue", "repository"], &["changes"]),
        targets: &[ISSUE, COMMENT],
        times: COMMENT_TIMES,
        changed: Some("comment"),
        ..PLAIN
    },
    EventType {
        name: "issue_dependencies",
        shape: shape(
            &["blocked_issue", "blocking_issue"],
            &[
                "blocked_issue_id",
                "blocked_issue_repo",
                "blocking_issue_id",
                "blocking_issue_repo",
            ],
        ),
        targets: &[
            target("issue", "blocked_issue", &["number"], &["title"]),
            target("issue", "blocking_issue", &["number"], &["title"]),
        ],
        ..PLAIN
    },
    EventType {
        name: "sub_issues",
        shape: shape(
            &["parent_issue", "sub_issue"],
            &["parent_issue_id", "parent_issue_repo", "sub_issue_id", "sub_issue_repo"],
        ),
        targets: &[
            target("issue", "parent_issue", &["number"], &["title"]),
            target("issue", "sub_issue", &["number"], &["title"]),
        ],
        ..PLAIN
    },
    EventType {
        name: "commit_comment",
        shape: shape(&["comment.commit_id", "repository"], &[]),
        targets: &[COMMENT, target("commit", "comment", &["commit_id"], &[])],
        times: COMMENT_TIMES,
        ..PLAIN
    },
    EventType {
        name: "discussion",
        shape: shape(
            &["discussion", "repository"],
            &["answer", "changes", "label", "old_answer"],
        ),
        targets: &[DISCUSSION],
        times: &[
            ("created", "discussion.created_at"),
            ("edited", "discussion.updated_at"),
        ],
        changed: Some("discussion"),
        ..PLAIN
    },
    EventType {
        name: "discussion_comment",
        shape: shape(&["comment", "discussion", "repository"], &["changes"]),
        targets: &[DISCUSSION, COMMENT],
        times: COMMENT_TIMES,
        changed: Some("comment"),
        ..PLAIN
    },
    EventType {
        name: "label",
        shape: shape(&["label", "repository"], &["changes"]),
        targets: &[target("label", "label", &["id"], &["name"])],
        changed: Some("label"),
        ..PLAIN
    },
    EventType {
        name: "milestone",
        shape: shape(&["milestone", "repository"], &["changes"]),
        targets: &[target("milestone", "milestone", &["number"], &["title"])],
        times: &[
            ("created", "milestone.created_at"),
            ("closed", "milestone.closed_at"),
            ("edited", "milestone.updated_at"),
        ],
        changed: Some("milestone"),
        ..PLAIN
    },
    EventType {
        name: "release",
        shape: shape(&["release", "repository"], &["changes"]),
        targets: &[target("release", "release", &["id"], &["tag_name"])],
        times: &[
            ("published", "release.published_at"),
            ("released", "release.published_at"),
        ],
        changed: Some("release"),
        ..PLAIN
    },
    EventType {
        name: "package",
        shape: shape(&["package"], &[]),
        targets: &[
            target("package", "package", &["id"], &["name"]),
            target("package_version", "package.package_version", &["id"], &["version"]),
        ],
        times: &[("published", "package.created_at"), ("updated", "package.updated_at")],
        ..PLAIN
    },
    EventType {
        name: "registry_package",
        shape: shape(&["registry_package"], &[]),
        targets: &[
            target("package", "registry_package", &["id"], &["name"]),
            target(
                "package_version",
                "registry_package.package_version",
                &["id"],
                &["version"],
            ),
        ],
        times: &[
            ("published", "registry_package.created_at"),
            ("updated", "registry_package.updated_at"),
        ],
        ..PLAIN
    },
    EventType {
        name: "fork",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["forkee", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Create),
        targets: &[target("fork", "forkee", &["id"], &["full_name"])],
        times: &[("*", "forkee.created_at")],
        ..PLAIN
    },
    EventType {
        name: "gollum",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["pages", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Update),
        targets: &[target("wiki_page", "pages[]", &["page_name"], &["title"])],
        ..PLAIN
    },
    EventType {
        name: "star",
        shape: shape(&["starred_at", "repository"], &[]),
        targets: &[],
        times: &[("created", "starred_at")],
        ..PLAIN
    },
    EventType {
        name: "watch",
        shape: Shape {
            lacks: &["installation.account"],
            actions: Actions::Only(&["started"]),
            ..shape(&["repository"], &[])
        },
        ..PLAIN
    },
    EventType {
        name: "project",
        shape: shape(&["project"], &["changes"]),
        targets: &[target("project", "project", &["id"], &["name"])],
        times: &[("created", "project.created_at")],
        changed: Some("project"),
        ..PLAIN
    },
    EventType {
        name: "project_card",
        shape: shape(&["project_card"], &["changes"]),
        targets: &[target("project_card", "project_card", &["id"], &[])],
        times: &[("created", "project_card.created_at")],
        changed: Some("project_card"),
        ..PLAIN
    },
    EventType {
        name: "project_column",
        shape: shape(&["project_column"], &["changes"]),
        targets: &[target("project_column", "project_column", &["id"], &["name"])],
        times: &[("created", "project_column.created_at")],
        changed: Some("project_column"),
        ..PLAIN
    },
    EventType {
        name: "projects_v2",
        shape: shape(&["projects_v2"], &["changes"]),
        targets: &[target("project", "projects_v2", &["id"], &["title"])],
        times: &[("created", "projects_v2.created_at"), ("*", "projects_v2.updated_at")],
        changed: Some("projects_v2"),
        ..PLAIN
    },
    EventType {
        name: "projects_v2_item",
        shape: shape(&["projects_v2_item"], &["changes"]),
        targets: &[target("project_item", "projects_v2_item", &["id"], &["content_type"])],
        times: &[
            ("created", "projects_v2_item.created_at"),
            ("archived", "projects_v2_item.archived_at"),
        ],
        changed: Some("projects_v2_item"),
        ..PLAIN
    },
    EventType {
        name: "projects_v2_status_update",
        shape: shape(&["projects_v2_status_update"], &["changes"]),
        targets: &[target(
            "project_status",
            "projects_v2_status_update",
            &["id"],
            &["status"],
        )],
        times: &[("created", "projects_v2_status_update.created_at")],
        changed: Some("projects_v2_status_update"),
        ..PLAIN
    },
    EventType {
        name: "content_reference",
        shape: shape(&["content_reference", "repository"], &[]),
        targets: &[target(
            "content_reference",
            "content_reference",
            &["id"],
            &["reference"],
        )],
        ..PLAIN
    },
    EventType {
        name: "sponsorship",
        shape: shape(&["sponsorship"], &["changes", "effective_date"]),
        targets: &[user("sponsorship.sponsorable"), user("sponsorship.sponsor")],
        times: &[("created", "sponsorship.created_at")],
        changed: Some("sponsorship"),
        ..PLAIN
    },
];
