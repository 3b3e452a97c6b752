//! Facts with which nothing is wrong, for the tests to spoil.

use super::super::check::{Check, Health};
use super::super::facts::{
    Certificate, Disk, Facts, Holder, JournalEnd, Key, KeyState, Limits, Memory, Service, Witness,
};
use crate::config::Config;

pub(super) const NOW: i64 = 1_800_000_000;

pub(super) const DAY: i64 = 86_400;

pub(super) fn sound() -> Facts {
    Facts {
        now: NOW,
        config: Ok(Config::default()),
        holder: Holder::Process(Some(7)),
        key: Key {
            path: "/data/log.key".into(),
            state: Ok(KeyState::InForce),
        },
        private_files: vec![("/data/dedupe.key".into(), 0o600)],
        directory_mode: Ok(0o700),
        journal: Ok(JournalEnd {
            size: 100,
            broken: None,
            written: NOW - 5,
            received: Some(NOW - 5),
        }),
        memory: Memory {
            path: "/data.checkpoint".into(),
            size: Ok(Some(100)),
            others: 1,
        },
        disk: Ok(Disk {
            kind: "ext4".to_owned(),
            options: vec!["rw".to_owned()],
            free: 500 << 30,
            total: 1_000 << 30,
            files_free: Some(1_000_000),
        }),
        followers: vec![("search", Ok(100))],
        witnesses: Some(Ok(vec![Witness {
            name: "w1".to_owned(),
            reached: Ok(()),
            cosigned: Some(NOW - 60),
        }])),
        certificate: Some(Ok(Certificate {
            terms: vec![(NOW - DAY, NOW + 60 * DAY), (NOW - 100 * DAY, NOW + 900 * DAY)],
            in_order: true,
            self_signed: false,
            names: 1,
            uncovered: vec![],
            key_mode: 0o600,
        })),
        sources: Ok(2),
        limits: Limits {
            of_service: true,
            files: Ok(Some(65_536)),
            memory: Ok(8 << 30),
        },
        service: Some(Service {
            url: "http://127.0.0.1:7425".to_owned(),
            health: Ok((200, "ok\n".to_owned())),
            clocks: Some((NOW, NOW)),
        }),
    }
}

/// With facts spoiled in this way, one check of that subject must be of this health, and say this.
#[track_caller]
pub(super) fn check(spoil: impl FnOnce(&mut Facts), subject: &str, health: Health, says: &str) {
    let mut facts = sound();
    spoil(&mut facts);
    let report = super::judge(&facts);
    let wrong: Vec<&Check> = report.0.iter().filter(|check| check.health != Health::Ok).collect();
    let found = wrong.iter().any(|check| {
        check.subject == subject
            && check.health == health
            && (check.found.contains(says) || check.todo.as_deref().is_some_and(|todo| todo.contains(says)))
    });
    assert!(found, "no {subject} that is {health:?} and says {says:?}: {report:#?}");
}

/// Facts that differ in this way are as good.
#[track_caller]
pub(super) fn passes(change: impl FnOnce(&mut Facts)) {
    let mut facts = sound();
    change(&mut facts);
    let report = super::judge(&facts);
    assert_eq!(report.health(), Health::Ok, "{report:#?}");
}

/// Facts that differ in this way may be worth a warning, and no more.
#[track_caller]
pub(super) fn is_not_bad(change: impl FnOnce(&mut Facts)) {
    let mut facts = sound();
    change(&mut facts);
    let report = super::judge(&facts);
    assert_eq!(report.health(), Health::Warn, "{report:#?}");
}

#[test]
fn nothing_is_wrong_with_what_is_sound() {
    let report = super::judge(&sound());
    assert_eq!(report.health(), Health::Ok, "{report:#?}");
    assert!(report.0.len() > 12, "{report:#?}");
    assert!(report.0.iter().all(|check| check.todo.is_none()));
}
