//! What scanners and advisories say.

use super::{Actions, EventType, PLAIN, Shape, TargetAt, change, shape, target};

const STATE: &[super::ChangeAt] = &[change("state_now", "", "alert.state")];

/// Alerts have a number that is theirs within the repository.
const fn alert(name: &'static [&'static str]) -> TargetAt {
    target("alert", "alert", &["number"], name)
}

pub(super) const EVENTS: &[EventType] = &[
    EventType {
        name: "secret_scanning_alert",
        shape: Shape {
            lacks: &["location"],
            ..shape(&["alert.secret_type", "repository"], &["assignee"])
        },
        targets: &[alert(&["secret_type"])],
        times: &[
            ("created", "alert.created_at"),
            ("resolved", "alert.resolved_at"),
            ("*", "alert.updated_at"),
        ],
        detail: Some("alert.resolution"),
        changes: STATE,
        ..PLAIN
    },
    EventType {
        name: "secret_scanning_alert_location",
        shape: shape(&["alert.secret_type", "location", "repository"], &[]),
        targets: &[
            alert(&["secret_type"]),
            target("location", "location.details", &["path", "html_url"], &["path"]),
        ],
        ..PLAIN
    },
    EventType {
        name: "secret_scanning_scan",
        shape: Shape {
            actions: Actions::Only(&["completed"]),
            ..shape(
                &["type", "source", "started_at", "completed_at"],
                &["custom_pattern_name", "custom_pattern_scope", "secret_types"],
            )
        },
        targets: &[target("scan", "type", &[""], &[""])],
        times: &[("completed", "completed_at")],
        ..PLAIN
    },
    EventType {
        name: "code_scanning_alert",
        shape: shape(&["alert.tool", "ref", "commit_oid", "repository"], &[]),
        actor_claims: &[("dismissed_by", "alert.dismissed_by.login")],
        targets: &[
            alert(&["rule.id", "rule.description"]),
            target("ref", "ref", &[""], &[""]),
        ],
        times: &[
            ("created", "alert.created_at"),
            ("closed_by_user", "alert.dismissed_at"),
            ("fixed", "alert.fixed_at"),
        ],
        detail: Some("alert.dismissed_reason"),
        changes: STATE,
        ..PLAIN
    },
    EventType {
        name: "dependabot_alert",
        shape: shape(&["alert.security_vulnerability", "repository"], &[]),
        actor_claims: &[("dismissed_by", "alert.dismissed_by.login")],
        targets: &[alert(&["security_advisory.ghsa_id"])],
        times: &[
            ("created", "alert.created_at"),
            ("dismissed", "alert.dismissed_at"),
            ("fixed", "alert.fixed_at"),
            ("*", "alert.updated_at"),
        ],
        detail: Some("alert.dismissed_reason"),
        changes: STATE,
        ..PLAIN
    },
    EventType {
        name: "repository_vulnerability_alert",
        shape: shape(&["alert.affected_range", "repository"], &[]),
        actor_claims: &[("dismissed_by", "alert.dismisser.login")],
        targets: &[target(
            "alert",
            "alert",
            &["number", "id"],
            &["ghsa_id", "external_identifier"],
        )],
        times: &[
            ("create", "alert.created_at"),
            ("dismiss", "alert.dismissed_at"),
            ("resolve", "alert.fixed_at"),
        ],
        detail: Some("alert.dismiss_reason"),
        changes: STATE,
        ..PLAIN
    },
    EventType {
        name: "repository_advisory",
        shape: shape(&["repository_advisory", "repository"], &[]),
        targets: &[target(
            "advisory",
            "repository_advisory",
            &["ghsa_id"],
            &["cve_id", "summary"],
        )],
        times: &[
            ("published", "repository_advisory.published_at"),
            ("reported", "repository_advisory.created_at"),
        ],
        ..PLAIN
    },
    EventType {
        name: "security_advisory",
        shape: shape(&["security_advisory"], &[]),
        targets: &[target(
            "advisory",
            "security_advisory",
            &["ghsa_id"],
            &["cve_id", "summary"],
        )],
        times: &[
            ("published", "security_advisory.published_at"),
            ("withdrawn", "security_advisory.withdrawn_at"),
            ("*", "security_advisory.updated_at"),
        ],
        ..PLAIN
    },
];
