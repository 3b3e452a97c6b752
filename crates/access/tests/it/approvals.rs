//! Four eyes.

use indelible_access::{Act, ApprovalError, ApprovalId, Approved, Registry, Requested, Role, WhatFor};
use jiff::Timestamp;

use super::registry::{at, by, made};

fn erasure(plan: &str) -> WhatFor {
    WhatFor::Erasure { plan: plan.to_owned() }
}

fn requested(registry: &mut Registry, what: WhatFor, requester: &str, now: Timestamp) -> ApprovalId {
    let by = by(requester);
    let approval = ApprovalId::of(&what, &by, now);
    let expires = at(now.as_second() + 3600);
    registry.apply(Act::ApprovalRequested(Requested {
        approval,
        what,
        at: now,
        expires,
        by,
    }));
    approval
}

fn give(registry: &mut Registry, approval: ApprovalId, approver: &str) {
    registry.apply(Act::ApprovalGiven {
        approval,
        at: at(200),
        by: by(approver),
    });
}

#[test]
fn what_a_second_one_approved_may_be_done_once() {
    let mut registry = Registry::default();
    let id = requested(&mut registry, erasure("p"), "anna", at(100));
    let waiting = registry.approvals().approved(id, &erasure("p"), "anna", at(150));
    assert!(matches!(waiting, Err(ApprovalError::Waiting { .. })), "{waiting:?}");
    assert!(registry.approvals().may_give(id, "ben", &[], at(150)).is_ok());
    give(&mut registry, id, "ben");
    let approved = registry
        .approvals()
        .approved(id, &erasure("p"), "anna", at(250))
        .unwrap();
    assert_eq!(approved.id(), id);
    registry.apply(Act::ApprovalUsed {
        approval: id,
        at: at(300),
        by: by("anna"),
    });
    let again = registry.approvals().approved(id, &erasure("p"), "anna", at(301));
    assert_eq!(again, Err(ApprovalError::Unknown(id)));
}

#[test]
fn for_exactly_this_by_exactly_them_in_time() {
    let mut registry = Registry::default();
    let id = requested(&mut registry, erasure("p"), "anna", at(100));
    give(&mut registry, id, "ben");
    let other = |what: &WhatFor, who: &str, now| registry.approvals().approved(id, what, who, at(now));
    assert!(matches!(
        other(&erasure("q"), "anna", 200),
        Err(ApprovalError::Other { .. })
    ));
    assert!(matches!(
        other(&WhatFor::KeyRotation, "anna", 200),
        Err(ApprovalError::Other { .. })
    ));
    assert!(matches!(
        other(&erasure("p"), "ben", 200),
        Err(ApprovalError::Other { .. })
    ));
    assert!(other(&erasure("p"), "anna", 3699).is_ok());
    assert!(matches!(
        other(&erasure("p"), "anna", 3700),
        Err(ApprovalError::Expired { .. })
    ));
}

#[test]
fn nobody_approves_their_own_nor_those_they_created() {
    let mut registry = Registry::default();
    let (_, first) = made(1, Role::Admin, "anna");
    let first_subject = format!("token/t1/{}", first.hash.id());
    let (_, second) = made(2, Role::Admin, &first_subject);
    let second_subject = format!("token/t2/{}", second.hash.id());
    registry.apply(Act::TokenCreated(first));
    registry.apply(Act::TokenCreated(second));
    let id = requested(&mut registry, erasure("p"), "anna", at(100));
    let may = |who: &str| {
        let ancestors = registry.ancestors(who);
        registry.approvals().may_give(id, who, &ancestors, at(150)).map(|_| ())
    };
    assert!(matches!(may("anna"), Err(ApprovalError::Same { .. })));
    assert!(matches!(may(&first_subject), Err(ApprovalError::Created { .. })));
    assert!(matches!(may(&second_subject), Err(ApprovalError::Created { .. })));
    assert_eq!(may("ben"), Ok(()));
    give(&mut registry, id, "ben");
    let twice = registry.approvals().may_give(id, "carl", &[], at(150)).map(|_| ());
    assert!(matches!(twice, Err(ApprovalError::Given { .. })), "{twice:?}");
}

#[test]
fn expired_requests_make_room() {
    let mut registry = Registry::default();
    for n in 0..1_000 {
        requested(&mut registry, erasure(&n.to_string()), "anna", at(100));
    }
    assert_eq!(registry.approvals().check_room(at(200)), Err(ApprovalError::TooMany));
    assert_eq!(registry.approvals().check_room(at(4000)), Ok(()));
}

#[test]
fn an_act_that_is_read_twice_is_one_act() {
    let mut registry = Registry::default();
    let id = requested(&mut registry, erasure("p"), "anna", at(100));
    give(&mut registry, id, "ben");
    assert_eq!(requested(&mut registry, erasure("p"), "anna", at(100)), id);
    assert!(
        registry
            .approvals()
            .approved(id, &erasure("p"), "anna", at(250))
            .is_ok()
    );
}

#[test]
fn what_is_asked_for_again_is_approved_again() {
    let mut registry = Registry::default();
    let first = requested(&mut registry, erasure("p"), "anna", at(100));
    give(&mut registry, first, "ben");
    let second = requested(&mut registry, erasure("p"), "anna", at(110));
    let waiting = registry.approvals().approved(second, &erasure("p"), "anna", at(250));
    assert!(matches!(waiting, Err(ApprovalError::Waiting { .. })), "{waiting:?}");
}

#[test]
fn where_nobody_is_identified_an_approval_is_as_exact_and_lasts_as_long() {
    let mut registry = Registry::default();
    let approved = |registry: &Registry, now| {
        let found = registry
            .approvals()
            .approved_for_anybody(&WhatFor::KeyRotation, at(now));
        found.map(|approved| approved.map(Approved::id))
    };
    let other = requested(&mut registry, erasure("p"), "anna", at(100));
    give(&mut registry, other, "ben");
    assert_eq!(approved(&registry, 150), Ok(None));
    let id = requested(&mut registry, WhatFor::KeyRotation, "anna", at(100));
    assert!(matches!(approved(&registry, 150), Err(ApprovalError::Waiting { .. })));
    give(&mut registry, id, "ben");
    assert_eq!(approved(&registry, 3699), Ok(Some(id)));
    assert!(matches!(approved(&registry, 3700), Err(ApprovalError::Expired { .. })));
}
