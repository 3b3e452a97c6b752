//! Runs, checks, deployments and what starts them.

use indelible_event::member::{OutcomeResult, Verb};

use super::{Actions, EventType, OutcomeAt, PLAIN, Shape, TargetAt, VerbAt, change, shape, target};

const RUN: TargetAt = target("workflow_run", "workflow_run", &["id"], &["name"]);
const DEPLOYMENT: TargetAt = target("deployment", "deployment", &["id"], &["task"]);
const DEPLOYMENT_ENVIRONMENT: TargetAt = target("environment", "deployment.environment", &[""], &[""]);
const ENVIRONMENT: TargetAt = target("environment", "environment", &[""], &[""]);
const COMMIT: &[&str] = &["head_sha"];

pub(super) const EVENTS: &[EventType] = &[
    EventType {
        name: "workflow_run",
        shape: shape(&["workflow_run", "workflow", "repository"], &[]),
        verb: VerbAt::Always(Verb::Execute),
        actor: &["workflow_run.triggering_actor"],
        actor_claims: &[
            ("run_actor", "workflow_run.actor.login"),
            ("run_event", "workflow_run.event"),
        ],
        targets: &[
            RUN,
            target("workflow", "workflow", &["id"], &["path"]),
            target("commit", "workflow_run", COMMIT, &["head_branch"]),
        ],
        times: &[
            ("completed", "workflow_run.updated_at"),
            ("in_progress", "workflow_run.run_started_at"),
            ("requested", "workflow_run.run_started_at"),
            ("*", "workflow_run.updated_at"),
        ],
        outcome: OutcomeAt::State(&["workflow_run.conclusion", "workflow_run.status"]),
        run: Some("workflow_run.id"),
        ..PLAIN
    },
    EventType {
        name: "workflow_job",
        shape: shape(&["workflow_job", "repository"], &["deployment"]),
        verb: VerbAt::Always(Verb::Execute),
        actor_claims: &[
            ("runner", "workflow_job.runner_name"),
            ("runner_group", "workflow_job.runner_group_name"),
        ],
        targets: &[
            target("workflow_job", "workflow_job", &["id"], &["name"]),
            DEPLOYMENT_ENVIRONMENT,
            target("commit", "workflow_job", COMMIT, &["head_branch"]),
        ],
        times: &[
            ("completed", "workflow_job.completed_at"),
            ("in_progress", "workflow_job.started_at"),
            ("queued", "workflow_job.created_at"),
        ],
        outcome: OutcomeAt::State(&["workflow_job.conclusion", "workflow_job.status"]),
        run: Some("workflow_job.run_id"),
        ..PLAIN
    },
    EventType {
        name: "workflow_dispatch",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["workflow", "inputs", "ref", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Execute),
        targets: &[
            target("workflow", "workflow", &[""], &[""]),
            target("ref", "ref", &[""], &[""]),
        ],
        outcome: OutcomeAt::Asked,
        ..PLAIN
    },
    EventType {
        name: "repository_dispatch",
        shape: shape(&["client_payload", "branch", "repository"], &[]),
        verb: VerbAt::Always(Verb::Execute),
        targets: &[target("ref", "branch", &[""], &[""])],
        outcome: OutcomeAt::Asked,
        ..PLAIN
    },
    EventType {
        name: "deployment",
        shape: Shape {
            actions: Actions::Maybe,
            ..shape(&["deployment", "repository"], &["workflow", "workflow_run"])
        },
        verb: VerbAt::Always(Verb::Execute),
        actor_claims: &[("app", "deployment.performed_via_github_app.slug")],
        targets: &[
            DEPLOYMENT,
            DEPLOYMENT_ENVIRONMENT,
            RUN,
            target("commit", "deployment", &["sha"], &["ref"]),
        ],
        times: &[("created", "deployment.created_at")],
        outcome: OutcomeAt::Asked,
        run: Some("workflow_run.id"),
        ..PLAIN
    },
    EventType {
        name: "deployment_status",
        shape: Shape {
            actions: Actions::Maybe,
            ..shape(
                &["deployment_status", "deployment", "repository"],
                &["check_run", "workflow", "workflow_run"],
            )
        },
        verb: VerbAt::Always(Verb::Execute),
        actor_claims: &[("app", "deployment_status.performed_via_github_app.slug")],
        targets: &[
            DEPLOYMENT,
            DEPLOYMENT_ENVIRONMENT,
            RUN,
            target("commit", "deployment", &["sha"], &["ref"]),
        ],
        times: &[("created", "deployment_status.created_at")],
        outcome: OutcomeAt::State(&["deployment_status.state"]),
        detail: Some("deployment_status.description"),
        run: Some("workflow_run.id"),
        ..PLAIN
    },
    EventType {
        name: "deployment_review",
        shape: shape(
            &["workflow_run", "since", "repository"],
            &[
                "approver",
                "comment",
                "environment",
                "requestor",
                "reviewers",
                "workflow_job_run",
                "workflow_job_runs",
            ],
        ),
        actor: &["approver", "requestor"],
        targets: &[
            ENVIRONMENT,
            target("environment", "workflow_job_runs[]", &["environment"], &["environment"]),
            target("environment", "workflow_job_run", &["environment"], &["environment"]),
            RUN,
            target("commit", "workflow_run", COMMIT, &["head_branch"]),
        ],
        times: &[("*", "since")],
        outcome: OutcomeAt::Action(&[
            ("requested", OutcomeResult::Attempt),
            ("approved", OutcomeResult::Success),
            ("rejected", OutcomeResult::Denied),
        ]),
        detail: Some("comment"),
        run: Some("workflow_run.id"),
        ..PLAIN
    },
    EventType {
        name: "deployment_protection_rule",
        shape: shape(
            &["deployment_callback_url", "environment"],
            &["deployment", "event", "pull_requests", "ref", "sha"],
        ),
        targets: &[ENVIRONMENT, DEPLOYMENT],
        times: &[("requested", "deployment.created_at")],
        outcome: OutcomeAt::Asked,
        ..PLAIN
    },
    EventType {
        name: "check_run",
        shape: shape(&["check_run", "repository"], &["requested_action"]),
        verb: VerbAt::Always(Verb::Execute),
        actor_claims: &[("app", "check_run.app.slug")],
        targets: &[
            target("check_run", "check_run", &["id"], &["name"]),
            target("commit", "check_run", COMMIT, &["check_suite.head_branch"]),
        ],
        times: &[
            ("completed", "check_run.completed_at"),
            ("created", "check_run.started_at"),
        ],
        outcome: OutcomeAt::State(&["check_run.conclusion", "check_run.status"]),
        ..PLAIN
    },
    EventType {
        name: "check_suite",
        shape: shape(&["check_suite", "repository"], &[]),
        verb: VerbAt::Always(Verb::Execute),
        actor_claims: &[("app", "check_suite.app.slug")],
        targets: &[
            target("check_suite", "check_suite", &["id"], &["app.name"]),
            target("commit", "check_suite", COMMIT, &["head_branch"]),
        ],
        times: &[("requested", "check_suite.created_at"), ("*", "check_suite.updated_at")],
        outcome: OutcomeAt::State(&["check_suite.conclusion", "check_suite.status"]),
        ..PLAIN
    },
    EventType {
        name: "status",
        shape: Shape {
            actions: Actions::None,
            ..shape(
                &["sha", "state", "context", "repository"],
                &[
                    "avatar_url",
                    "branches",
                    "commit",
                    "created_at",
                    "description",
                    "id",
                    "name",
                    "target_url",
                    "updated_at",
                ],
            )
        },
        verb: VerbAt::Always(Verb::Execute),
        targets: &[
            target("commit", "sha", &[""], &[]),
            target("status", "context", &[""], &[""]),
        ],
        times: &[("*", "updated_at"), ("*", "created_at")],
        outcome: OutcomeAt::State(&["state"]),
        detail: Some("description"),
        ..PLAIN
    },
    EventType {
        name: "push",
        shape: Shape {
            actions: Actions::None,
            ..shape(
                &["ref", "before", "after", "repository"],
                &[
                    "base_ref",
                    "commits",
                    "compare",
                    "created",
                    "deleted",
                    "forced",
                    "head_commit",
                    "pusher",
                ],
            )
        },
        verb: VerbAt::Value(&[
            ("created", "true", Verb::Create),
            ("deleted", "true", Verb::Delete),
            ("ref", "*", Verb::Update),
        ]),
        actor_claims: &[("pusher", "pusher.name"), ("forced", "forced")],
        targets: &[
            target("ref", "ref", &[""], &[""]),
            target("commit", "head_commit", &["id"], &[]),
        ],
        times: &[("*", "repository.pushed_at")],
        changes: &[change("commit", "before", "after")],
        ..PLAIN
    },
    EventType {
        name: "cache_sync",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["cache_location", "ref", "before", "after", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Update),
        targets: &[
            target("ref", "ref", &[""], &[""]),
            target("cache", "cache_location", &[""], &[""]),
        ],
        changes: &[change("commit", "before", "after")],
        ..PLAIN
    },
    EventType {
        name: "create",
        shape: Shape {
            actions: Actions::None,
            ..shape(
                &["ref", "ref_type", "master_branch", "repository"],
                &["description", "pusher_type"],
            )
        },
        verb: VerbAt::Always(Verb::Create),
        actor_claims: &[("pusher_type", "pusher_type")],
        targets: &[target("ref", "ref", &[""], &[""])],
        ..PLAIN
    },
    EventType {
        name: "delete",
        shape: Shape {
            actions: Actions::None,
            lacks: &["master_branch"],
            ..shape(&["ref", "ref_type", "pusher_type", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Delete),
        actor_claims: &[("pusher_type", "pusher_type")],
        targets: &[target("ref", "ref", &[""], &[""])],
        ..PLAIN
    },
    EventType {
        name: "merge_group",
        shape: shape(&["merge_group"], &["reason"]),
        verb: VerbAt::Always(Verb::Execute),
        targets: &[target("ref", "merge_group", &["head_ref"], &["head_ref"])],
        outcome: OutcomeAt::Action(&[
            ("checks_requested", OutcomeResult::Attempt),
            ("destroyed", OutcomeResult::Success),
        ]),
        detail: Some("reason"),
        ..PLAIN
    },
    EventType {
        name: "page_build",
        shape: Shape {
            actions: Actions::None,
            ..shape(&["build", "id", "repository"], &[])
        },
        verb: VerbAt::Always(Verb::Execute),
        targets: &[
            target("page_build", "id", &[""], &[]),
            target("commit", "build", &["commit"], &[]),
        ],
        times: &[("*", "build.updated_at")],
        outcome: OutcomeAt::State(&["build.status"]),
        detail: Some("build.error.message"),
        ..PLAIN
    },
];
