//! GitHub's words in ours.

use indelible_event::member::{OutcomeResult, Verb};

/// What an action comes to. A word that is not known comes to nothing.
pub(in crate::github) fn verb_of_action(action: &str) -> Verb {
    let mut verbs = ACTIONS.iter().filter(|(_, words)| words.contains(&action));
    verbs.next().map_or(Verb::Other, |(verb, _)| *verb)
}

/// What a state or conclusion of a run, a check or a deployment comes to. A run that was skipped, is stale or was replaced did not
/// say what came of it; one that was cancelled did not do what it was there for.
pub(in crate::github) fn result_of_state(state: &str) -> OutcomeResult {
    let mut results = STATES.iter().filter(|(_, words)| words.contains(&state));
    results.next().map_or(OutcomeResult::Unknown, |(result, _)| *result)
}

pub(in crate::github) const ACTIONS: [(Verb, &[&str]); 6] = [
    (
        Verb::Create,
        &[
            "added",
            "added_to_repository",
            "appeared_in_branch",
            "blocked_by_added",
            "blocking_added",
            "create",
            "created",
            "member_added",
            "member_invited",
            "opened",
            "parent_issue_added",
            "prereleased",
            "published",
            "purchased",
            "released",
            "reported",
            "started",
            "sub_issue_added",
        ],
    ),
    (
        Verb::Update,
        &[
            "answered",
            "archived",
            "assigned",
            "auto_dismissed",
            "auto_merge_disabled",
            "auto_merge_enabled",
            "auto_reopened",
            "category_changed",
            "changed",
            "closed",
            "closed_by_user",
            "converted",
            "converted_to_draft",
            "demilestoned",
            "dequeued",
            "disabled",
            "dismiss",
            "dismissed",
            "edited",
            "enabled",
            "enqueued",
            "fixed",
            "labeled",
            "locked",
            "merged",
            "milestoned",
            "moved",
            "pending_cancellation",
            "pending_change",
            "pending_change_cancelled",
            "pending_tier_change",
            "pinned",
            "privatized",
            "promote_to_enterprise",
            "publicized",
            "publicly_leaked",
            "ready_for_review",
            "reintroduced",
            "renamed",
            "reopen",
            "reopened",
            "reopened_by_user",
            "reordered",
            "resolve",
            "resolved",
            "restored",
            "review_request_removed",
            "review_requested",
            "suspend",
            "synchronize",
            "tier_changed",
            "transferred",
            "typed",
            "unanswered",
            "unarchived",
            "unassigned",
            "unblocked",
            "unlabeled",
            "unlocked",
            "unpinned",
            "unresolved",
            "unsuspend",
            "untyped",
            "updated",
            "validated",
        ],
    ),
    (
        Verb::Delete,
        &[
            "blocked_by_removed",
            "blocking_removed",
            "cancelled",
            "deleted",
            "destroyed",
            "member_removed",
            "parent_issue_removed",
            "removed",
            "removed_from_repository",
            "revoked",
            "sub_issue_removed",
            "unpublished",
            "withdrawn",
        ],
    ),
    (
        Verb::Execute,
        &[
            "checks_requested",
            "completed",
            "in_progress",
            "queued",
            "requested",
            "requested_action",
            "rerequested",
            "waiting",
        ],
    ),
    (Verb::Approve, &["approved", "new_permissions_accepted"]),
    (Verb::Deny, &["blocked", "denied", "rejected"]),
];

pub(in crate::github) const STATES: [(OutcomeResult, &[&str]); 4] = [
    (OutcomeResult::Success, &["success", "neutral", "built"]),
    (
        OutcomeResult::Failure,
        &[
            "failure",
            "error",
            "errored",
            "cancelled",
            "timed_out",
            "startup_failure",
        ],
    ),
    (
        OutcomeResult::Attempt,
        &[
            "action_required",
            "building",
            "in_progress",
            "pending",
            "queued",
            "requested",
            "waiting",
        ],
    ),
    (OutcomeResult::Unknown, &["inactive", "skipped", "stale"]),
];
