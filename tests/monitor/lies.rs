//! Logs that lie. Each lie ends in a finding of its kind, moves nothing that is trusted, is reported once, and is over when the log
//! is good again.

use indelible_note::{Finding, FindingKind, SigningKey, sign_checkpoint};

use crate::forge::{Forge, key};
use crate::support::{stderr, stdout};
use crate::watch::{Watch, finding};
use crate::web::{Answer, Request, Web};

/// A log that is honest up to 300 entries, then lies for two looks, then is honest again at 700.
#[track_caller]
fn catches(kind: FindingKind, options: &[&str], lie: impl FnMut(&Request) -> Answer + Send + 'static) -> Finding {
    let log = Forge::new("one", 0, 300);
    let web = Web::new(move |request| Answer::file(log.file(&request.path, 300)));
    let watch = Watch::of(&web.url, &key(), options);
    watch.expect(0);

    web.now(lie);
    let output = watch.once();
    let words = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    let found = watch.finding(kind);
    // Its path is what is printed.
    let paths = stdout(&output);
    assert_eq!(finding(paths.trim_end().as_ref()), found);
    assert!(words.contains(&format!("finding: {}: ", name(kind))), "{words}");
    assert!(
        words.contains("does not hold: forged.example/log is accused of: "),
        "{words}"
    );
    assert_eq!(watch.trusted(), 300);

    let again = watch.once();
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(stdout(&again), "");
    assert_eq!(watch.finding(kind), found);
    assert_eq!(watch.trusted(), 300);

    let log = Forge::new("one", 0, 700);
    web.now(move |request| Answer::file(log.file(&request.path, 700)));
    let words = watch.expect(0);
    assert!(
        words.contains(&format!("the log is good again: {}", name(kind))),
        "{words}"
    );
    assert_eq!(watch.trusted(), 700);
    watch.finding(kind);
    found
}

fn name(kind: FindingKind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn sizes(finding: &Finding) -> Vec<u64> {
    let size = |note: &String| note.lines().nth(1).unwrap().parse().unwrap();
    finding.heads.iter().map(size).collect()
}

#[test]
fn a_log_that_is_rolled_back() {
    let log = Forge::new("one", 0, 200);
    let found = catches(FindingKind::Rollback, &[], move |request| {
        Answer::file(log.file(&request.path, 200))
    });
    assert_eq!(sizes(&found), [300, 200]);
    let log = Forge::new("one", 0, 0);
    let found = catches(FindingKind::Rollback, &[], move |request| {
        Answer::file(log.file(&request.path, 0))
    });
    assert_eq!(sizes(&found), [300, 0]);
}

#[test]
fn a_log_that_signs_two_roots_for_one_size() {
    let log = Forge::new("other", 299, 300);
    let found = catches(FindingKind::Fork, &[], move |request| {
        Answer::file(log.file(&request.path, 300))
    });
    assert_eq!((sizes(&found), found.hashes.len()), (vec![300, 300], 0));
}

#[test]
fn a_larger_head_that_does_not_continue_the_older_one() {
    for (fork, size) in [(299, 301), (0, 70_000), (17, 512)] {
        let log = Forge::new("other", fork, size);
        let found = catches(FindingKind::Fork, &["--entries"], move |request| {
            Answer::file(log.file(&request.path, size))
        });
        assert_eq!(sizes(&found), [300, size]);
        assert!(!found.hashes.is_empty());
    }
}

/// The server still has the tiles of the larger tree, which convict it.
#[test]
fn a_smaller_head_of_another_history() {
    let (log, other) = (Forge::new("one", 0, 300), Forge::new("other", 100, 200));
    let found = catches(FindingKind::Fork, &[], move |request| match request.path.as_str() {
        "checkpoint" => Answer::file(other.file("checkpoint", 200)),
        path => Answer::file(log.file(path, 300)),
    });
    assert_eq!(sizes(&found), [300, 200]);
    assert!(!found.hashes.is_empty());
}

/// The head grows honestly, and one file is not what was signed.
fn with_file(
    size: u64,
    changed: &'static str,
    mut change: impl FnMut(Vec<u8>) -> Vec<u8> + Send + 'static,
) -> impl FnMut(&Request) -> Answer + Send + 'static {
    let log = Forge::new("one", 0, size);
    move |request| {
        let body = log.file(&request.path, size);
        match request.path == changed {
            true => Answer::ok(change(body.unwrap())),
            false => Answer::file(body),
        }
    }
}

#[test]
fn an_entry_that_was_rewritten() {
    // Entry 512, in the middle of what is new; and the last entry of all.
    for changed in ["tile/entries/002", "tile/entries/002.p/88"] {
        let size = if changed.ends_with("88") { 600 } else { 1_000 };
        let found = catches(
            FindingKind::Rewritten,
            &["--entries"],
            with_file(size, changed, |mut bundle| {
                *bundle.last_mut().unwrap() ^= 1;
                bundle
            }),
        );
        assert_eq!(sizes(&found), [size]);
    }
}

#[test]
fn a_bundle_that_is_none() {
    for replaced in [b"".as_slice(), b"<html>an error page</html>", &[0; 99], &[0; 600]] {
        catches(
            FindingKind::Rewritten,
            &["--entries"],
            with_file(1_000, "tile/entries/002", |_| replaced.to_vec()),
        );
    }
}

/// At the right edge, above the old head, and among the new ones that only `--entries` reads.
#[test]
fn a_tile_that_was_rewritten() {
    let flip = |mut tile: Vec<u8>| {
        tile[31] ^= 0x80;
        tile
    };
    catches(FindingKind::Rewritten, &[], with_file(1_000, "tile/0/003.p/232", flip));
    catches(FindingKind::Rewritten, &[], with_file(1_000, "tile/0/001", flip));
    catches(
        FindingKind::Rewritten,
        &["--entries"],
        with_file(1_000, "tile/0/002", flip),
    );
    catches(
        FindingKind::Rewritten,
        &["--entries"],
        with_file(70_000, "tile/1/000", flip),
    );
}

#[test]
fn a_tile_that_is_none() {
    let page = b"<html>an error page</html>".as_slice();
    for replaced in [
        b"".to_vec(),
        page.to_vec(),
        vec![7; 7_424],
        vec![0; 10_000],
        vec![0; 20_000_000],
    ] {
        let lie = with_file(1_000, "tile/0/003.p/232", move |_| replaced.clone());
        catches(FindingKind::Rewritten, &[], lie);
    }
}

#[test]
fn a_head_that_the_key_did_not_sign() {
    let (log, stranger) = (
        Forge::new("one", 0, 400),
        SigningKey::from_seed(key().name().clone(), [8; 32]),
    );
    let note = sign_checkpoint(log.head(400), &stranger).note().to_string();
    let found = catches(FindingKind::Signature, &[], move |request| {
        match request.path.as_str() {
            "checkpoint" => Answer::ok(note.clone()),
            path => Answer::file(log.file(path, 400)),
        }
    });
    assert_eq!(sizes(&found), [400]);
    // The log's own line, under another text.
    let log = Forge::new("one", 0, 400);
    let note = log.checkpoint(400).note().to_string().replacen("\n400\n", "\n401\n", 1);
    catches(FindingKind::Signature, &[], move |request| {
        match request.path.as_str() {
            "checkpoint" => Answer::ok(note.clone()),
            path => Answer::file(log.file(path, 400)),
        }
    });
}

/// Whoever sees a log for the first time has no head to hold it against, but can tell that its tree is not there.
#[test]
fn a_first_head_without_its_tree() {
    let (log, other) = (Forge::new("one", 0, 300), Forge::new("other", 0, 300));
    let web = Web::new(move |request| match request.path.as_str() {
        "checkpoint" => Answer::file(log.file("checkpoint", 300)),
        path => Answer::file(other.file(path, 300)),
    });
    let watch = Watch::of(&web.url, &key(), &[]);
    watch.expect(1);
    watch.finding(FindingKind::Rewritten);
    let state = String::from_utf8(watch.state()).unwrap();
    assert!(state.contains("\"trusted\":null"), "{state}");
}

/// Following goes on after a finding, and one kind is reported beside another.
#[test]
fn several_lies_one_after_the_other_while_it_follows() {
    let honest = |size| {
        let log = Forge::new("one", 0, size);
        move |request: &Request| Answer::file(log.file(&request.path, size))
    };
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &["--interval", "1s"]);
    let mut following = watch.follow(&[]);
    following.hear("is followed from its head of 300 entries on");
    let other = Forge::new("other", 0, 400);
    web.now(move |request| Answer::file(other.file(&request.path, 400)));
    following.hear("finding: fork: ");
    web.now(honest(100));
    following.hear("finding: rollback: ");
    web.now(honest(500));
    following.hear("the log is good again: fork");
    following.hear("the log is good again: rollback");
    // Another fork is another finding.
    let other = Forge::new("a third", 0, 600);
    web.now(move |request| Answer::file(other.file(&request.path, 600)));
    following.hear("finding: fork: ");
    assert!(following.is_running());
    let (status, _) = following.stop();
    assert_eq!(status, Some(0));
    let kinds: Vec<FindingKind> = watch.findings().iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Fork, FindingKind::Rollback, FindingKind::Fork]);
    assert_eq!(watch.trusted(), 500);
}
