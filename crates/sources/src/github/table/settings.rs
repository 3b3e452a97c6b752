//! What protects branches and repositories, and how they are set.

use indelible_event::member::{OutcomeResult, Verb};

use super::{Actions, EventType, OutcomeAt, PLAIN, Shape, TargetAt, VerbAt, change, shape, target};

const HOOK: TargetAt = target("hook", "hook", &["id"], &["type", "name"]);

pub(super) const EVENTS: &[EventType] = &[
    EventType {
        name: "branch_protection_rule",
        shape: shape(&["rule", "repository"], &["changes"]),
        targets: &[target("branch_protection_rule", "rule", &["id"], &["name"])],
        times: &[("created", "rule.created_at"), ("edited", "rule.updated_at")],
        changed: Some("rule"),
        ..PLAIN
    },
    EventType {
        name: "branch_protection_configuration",
        shape: Shape {
            lacks: &["installation.account"],
            actions: Actions::Only(&["disabled", "enabled"]),
            ..shape(&["repository"], &[])
        },
        ..PLAIN
    },
    EventType {
        name: "repository_ruleset",
        shape: shape(&["repository_ruleset"], &["changes"]),
        targets: &[target("ruleset", "repository_ruleset", &["id"], &["name"])],
        times: &[
            ("created", "repository_ruleset.created_at"),
            ("edited", "repository_ruleset.updated_at"),
        ],
        changed: Some("repository_ruleset"),
        changes: &[change("enforcement_now", "", "repository_ruleset.enforcement")],
        ..PLAIN
    },
    EventType {
        name: "repository",
        shape: Shape {
            lacks: &["installation.account"],
            actions: Actions::Only(&[
                "archived",
                "created",
                "deleted",
                "edited",
                "privatized",
                "publicized",
                "renamed",
                "transferred",
                "unarchived",
            ]),
            ..shape(&["repository"], &["changes"])
        },
        times: &[("created", "repository.created_at")],
        changed: Some("repository"),
        changes: &[change("visibility_now", "", "repository.visibility")],
        ..PLAIN
    },
    EventType {
        name: "public",
        shape: Shape {
            lacks: &["installation.account"],
            actions: Actions::None,
            ..shape(&["repository"], &[])
        },
        verb: VerbAt::Always(Verb::Update),
        changes: &[change("visibility_now", "", "repository.visibility")],
        ..PLAIN
    },
    EventType {
        name: "repository_import",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["status", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Create),
        outcome: OutcomeAt::State(&["status"]),
        ..PLAIN
    },
    EventType {
        name: "security_and_analysis",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["changes", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Update),
        changes: &[change(
            "security_and_analysis",
            "changes.from.security_and_analysis",
            "repository.security_and_analysis",
        )],
        ..PLAIN
    },
    EventType {
        name: "enterprise",
        shape: Shape {
            lacks: &["repository", "organization", "installation.account"],
            actions: Actions::Only(&["anonymous_access_disabled", "anonymous_access_enabled"]),
            ..shape(&["sender"], &[])
        },
        verb: VerbAt::Always(Verb::Update),
        ..PLAIN
    },
    EventType {
        name: "custom_property",
        shape: shape(&["definition"], &[]),
        targets: &[target(
            "custom_property",
            "definition",
            &["property_name"],
            &["property_name"],
        )],
        changes: &[change("definition", "", "definition")],
        ..PLAIN
    },
    EventType {
        name: "custom_property_values",
        shape: shape(&["new_property_values", "old_property_values", "repository"], &[]),
        targets: &[target(
            "custom_property",
            "new_property_values[]",
            &["property_name"],
            &["property_name"],
        )],
        changes: &[change("property_values", "old_property_values", "new_property_values")],
        ..PLAIN
    },
    EventType {
        name: "meta",
        shape: shape(&["hook", "hook_id"], &[]),
        targets: &[HOOK],
        ..PLAIN
    },
    EventType {
        name: "ping",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["zen", "hook_id"], &["hook"])
        },
        verb: VerbAt::Always(Verb::Other),
        targets: &[HOOK],
        changes: &[change("events", "", "hook.events"), change("active", "", "hook.active")],
        ..PLAIN
    },
    EventType {
        name: "marketplace_purchase",
        shape: shape(
            &["marketplace_purchase", "effective_date"],
            &["previous_marketplace_purchase"],
        ),
        targets: &[
            target("account", "marketplace_purchase.account", &["id"], &["login"]),
            target("plan", "marketplace_purchase.plan", &["id"], &["name"]),
        ],
        outcome: OutcomeAt::Action(&[
            ("pending_change", OutcomeResult::Attempt),
            ("purchased", OutcomeResult::Success),
            ("cancelled", OutcomeResult::Success),
            ("changed", OutcomeResult::Success),
            ("pending_change_cancelled", OutcomeResult::Success),
        ]),
        ..PLAIN
    },
];
